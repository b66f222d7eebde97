"""E-mail is set up as a whole or not at all, and nothing but this machine may stand in for Amazon."""

from pathlib import Path

import pytest
from test_command_line import SOUND, run

from tocsin.arns import read_topic
from tocsin.errors import ConfigurationError
from tocsin.settings import EMAIL_REQUIRED, check_service, is_email_set_up, read_settings

TOPIC = "arn:aws:sns:ca-central-1:123456789012:ses-events"
WHOLE: dict[str, object] = {
    "ses_region": "ca-central-1",
    "ses_from": "alertes@ville.test",
    "ses_configuration_set": "alertes",
    "sns_topic_arns": TOPIC,
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "a secret key",
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*WHOLE, "ses_endpoint_url", "sns_endpoint_url", "sns_cert_origins", "aws_session_token"):
        monkeypatch.delenv(name.upper(), raising=False)


def check(**given: object) -> None:
    check_service(read_settings(**{**{name.lower(): value for name, value in SOUND.items()}, **given}))


def refuse(name: str, **given: object) -> str:
    with pytest.raises(ConfigurationError) as refused:
        check(**given)
    sentence = refused.value.message
    assert name in sentence
    assert "\n" not in sentence
    return sentence


def test_all_of_it_is_well_and_so_is_none() -> None:
    check()
    check(**WHOLE)
    assert set(WHOLE) == set(EMAIL_REQUIRED)
    assert is_email_set_up(read_settings(**WHOLE))
    assert not is_email_set_up(read_settings())


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_missing_is_named(name: str) -> None:
    given = {key: value for key, value in WHOLE.items() if key != name}
    assert refuse(name.upper(), **given) == (
        f"E-mail is set up in part; set {name.upper()} too, or none of SES_* and SNS_*."
    )
    assert not is_email_set_up(read_settings(**given))


def test_all_that_is_missing_is_named_at_once() -> None:
    sentence = refuse("SES_FROM", ses_region="ca-central-1")
    assert all(name.upper() in sentence for name in WHOLE if name != "ses_region")


@pytest.mark.parametrize("name", ["ses_endpoint_url", "sns_endpoint_url", "sns_cert_origins"])
def test_a_simulators_address_alone_is_e_mail_in_part(name: str) -> None:
    refuse("SES_REGION", **{name: "http://127.0.0.1:9000"})


def test_amazons_keys_alone_may_be_there_for_something_else() -> None:
    check(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="a secret key", aws_session_token="a token")


ELSEWHERE = [
    "https://evil.test", "http://10.0.0.1:9000", "http://127.0.0.1.evil.test", "http://localhost.evil.test", "http://0.0.0.0:9000",
    "http://[::]:9000", "http://169.254.169.254", "http://2130706433:9000", "http://user@127.0.0.1:9000", "http://127.0.0.1:9000?x=1",
    "http://127.0.0.1:9000#x", "ftp://127.0.0.1", "127.0.0.1:9000", "http://", "http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:x",
    "http://127.0.0.1\t.evil.test", "http://127.0.0.1\\@evil.test", "https://sns.ca-central-1.amazonaws.com",
]  # fmt: skip


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("name", ["sns_cert_origins", "sns_endpoint_url"])
def test_another_machine_cannot_stand_in_for_amazon(name: str, url: str) -> None:
    refuse(name.upper(), **WHOLE, **{name: url})


@pytest.mark.parametrize("url", ["https://evil.test", "http://10.0.0.1:9000"])
def test_an_origin_elsewhere_is_refused_even_without_e_mail(url: str) -> None:
    refuse("SNS_CERT_ORIGINS", sns_cert_origins=url)
    refuse("SNS_CERT_ORIGINS", **WHOLE, sns_cert_origins=f"http://127.0.0.1:9000,{url}")


def test_an_origin_has_no_path() -> None:
    refuse("SNS_CERT_ORIGINS", **WHOLE, sns_cert_origins="http://127.0.0.1:9000/certificates")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000", "http://127.8.9.1", "http://[::1]:9000", "https://localhost:9000/"]
)
def test_this_machine_can(url: str) -> None:
    check(**WHOLE, sns_cert_origins=url, sns_endpoint_url=url, ses_endpoint_url=url)


@pytest.mark.parametrize("url", [url for url in ELSEWHERE if not url.startswith("https")])
def test_e_mails_leave_this_machine_by_tls_alone(url: str) -> None:
    refuse("SES_ENDPOINT_URL", **WHOLE, ses_endpoint_url=url)


def test_another_endpoint_by_tls_is_well() -> None:
    check(**WHOLE, ses_endpoint_url="https://vpce-1.email.ca-central-1.vpce.amazonaws.com")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ses_region", "Montréal"), ("ses_region", "ca-central-1.evil.test"), ("ses_region", "ca-central-1/"), ("ses_region", "ca"),
        ("ses_from", "nobody"), ("ses_from", "a@b.test, c@d.test"), ("ses_from", "Ville <a@ville.test>"), ("ses_from", "é@ville.test"),
        ("ses_from", "a@ville.test\nBcc: x@y.test"), ("sns_topic_arns", "ses-events"), ("sns_topic_arns", f"{TOPIC},{TOPIC}:sub"),
        ("sns_topic_arns", TOPIC.replace("ca-central-1", "ca central")), ("sns_topic_arns", TOPIC.replace("123456789012", "1234")),
        ("sns_topic_arns", TOPIC.replace("aws", "aws-moon")), ("sns_topic_arns", TOPIC.replace("ca-central-1", "x.evil.test/a-1")),
        ("sns_topic_arns", f"{TOPIC},{TOPIC.replace('123456789012', '210987654321')}"),
    ],
)  # fmt: skip
def test_what_amazon_would_not_recognise_is_refused(name: str, value: str) -> None:
    refuse(name.upper(), **{**WHOLE, name: value})


def test_several_topics_of_one_account_are_well() -> None:
    other = TOPIC.replace("ca-central-1", "us-east-1")
    check(**{**WHOLE, "sns_topic_arns": f"{TOPIC}, {other},"})


def test_a_topic_names_its_account_its_region_and_its_host() -> None:
    topic = read_topic(TOPIC)
    assert topic is not None
    assert (topic.account, topic.region) == ("123456789012", "ca-central-1")
    assert topic.origin == "https://sns.ca-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"SES_REGION": "ca-central-1"}, "SES_FROM"), ({"SNS_CERT_ORIGINS": "https://evil.test"}, "SNS_CERT_ORIGINS")],
)
def test_the_server_says_so_in_one_sentence_and_ends_with_2(
    tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    ended = run("serve", "--port", "0", directory=tmp_path, **SOUND, **settings)
    assert (ended.returncode, named in ended.stderr) == (2, True)
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists()
