"""The simulator's signature, held against Twilio's own validator."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import assume, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin_carriers.twilio_signature import sign, signed_url

TOKEN = "12345"
letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
forms = st.dictionaries(letters.filter(bool), letters, max_size=12)
urls = st.builds(
    "http://{}:{}/{}?{}".format,
    st.sampled_from(["127.0.0.1", "localhost"]),
    st.integers(1, 65_535),
    st.sampled_from(["", "status", "a/b%20c", "é"]),
    st.dictionaries(letters, letters, max_size=3).map(urlencode),
)


def test_the_published_example_is_signed_as_twilio_publishes_it() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign(TOKEN, url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@given(urls, forms)
def test_twilios_own_validator_computes_the_same_signature(url: str, form: dict[str, str]) -> None:
    assert sign(TOKEN, url, form) == RequestValidator(TOKEN).compute_signature(url, form)


@given(urls, forms)
def test_twilios_own_validator_accepts_what_was_parsed_from_the_wire(url: str, form: dict[str, str]) -> None:
    assume(not url.endswith("?"))  # the validator rebuilds the URL, and loses an empty query's mark
    parsed = dict(parse_qsl(urlencode(form), keep_blank_values=True))
    assert RequestValidator(TOKEN).validate(url, parsed, sign(TOKEN, url, form))


def test_the_fragment_and_the_credentials_of_the_url_are_not_signed() -> None:
    assert signed_url("http://user:p@ss@127.0.0.1:80/a?b=@#rc=5") == "http://127.0.0.1:80/a?b=@"


@given(urls, forms)
def test_another_token_makes_another_signature(url: str, form: dict[str, str]) -> None:
    assert sign(TOKEN, url, form) != sign(TOKEN + "0", url, form)
