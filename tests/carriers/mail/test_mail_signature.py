"""Signature Version 4 as the simulator checks it: Amazon's signer is believed, and no change to what it signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from carriers.mail.amazon_words import KEY_ID, REGION, SECRET, sign_with_botocore
from hypothesis import given
from hypothesis import strategies as st

from tocsin_carriers.amazon_errors import AmazonError
from tocsin_carriers.amazon_signature import Keys, Scope, SignedRequest, check_signature

KEYS, SCOPE = Keys(KEY_ID, SECRET), Scope(REGION, "ses")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


def sign(url: str, body: bytes = b"{}", *, method: str = "POST", token: str | None = None) -> SignedRequest:
    headers = {"content-type": "application/json", "x-amz-meta": "  a   b "}
    signed = sign_with_botocore(method, url, headers, body, service="ses", token=token)
    parts = urlsplit(url)
    lower = {name.lower(): value for name, value in signed.items()}
    return SignedRequest(
        method=method,
        path=parts.path or "/",
        query=parts.query,
        headers={"host": parts.netloc, **lower},
        body=body,
    )


def refusal(request: SignedRequest, keys: Keys = KEYS, scope: Scope = SCOPE, *, late: timedelta = timedelta(0)) -> str:
    """The error's name, or nothing."""
    try:
        check_signature(request, keys, scope, now=datetime.now(UTC) + late)
    except AmazonError as error:
        return error.name
    return ""


@given(st.lists(texts, max_size=3), st.lists(st.tuples(texts, texts), max_size=4), st.binary(max_size=50))
def test_whatever_amazons_signer_signs_is_believed(
    segments: list[str], pairs: list[tuple[str, str]], body: bytes
) -> None:
    path = "/" + "/".join(quote(segment, safe="") for segment in segments if segment not in {"", ".", ".."})
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    assert refusal(sign(f"http://127.0.0.1:8000{path}" + (f"?{query}" if query else ""), body)) == ""


def test_a_temporary_key_signs_its_token_too() -> None:
    request = sign("http://127.0.0.1/v2/email/outbound-emails", token="a token")
    assert refusal(request) == ""
    headers = dict(request.headers) | {"x-amz-security-token": "another"}
    assert refusal(replace(request, headers=headers)) == "InvalidSignatureException"
    assert refusal(with_headers(x_amz_security_token="a token that nobody signed")) == "InvalidSignatureException"


def sign_letter() -> SignedRequest:
    return sign("http://127.0.0.1:8000/v2/email/outbound-emails?a=1", b'{"a":1}')


def with_headers(**changes: str) -> SignedRequest:
    request = sign_letter()
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    return replace(request, headers=dict(request.headers) | names)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"path": "/v2/email/outbound-email"},
        {"query": "a=2"},
        {"query": ""},
        {"body": b'{"a":2}'},
    ],
    ids=str,
)
def test_no_change_to_what_was_signed_goes_unseen(changes: dict[str, object]) -> None:
    assert refusal(replace(sign_letter(), **changes)) == "InvalidSignatureException"  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"host": "127.0.0.1:8001"}, {"content_type": "text/plain"}, {"x_amz_meta": "ab"}])
def test_no_change_to_a_signed_header_goes_unseen(changes: dict[str, str]) -> None:
    assert refusal(with_headers(**changes)) == "InvalidSignatureException"


def test_spaces_around_and_between_the_words_of_a_header_do_not_count() -> None:
    assert refusal(with_headers(x_amz_meta=" a  b")) == ""


def with_header(old: str, new: str) -> SignedRequest:
    authorization = sign_letter().headers["authorization"]
    assert old in authorization
    return with_headers(authorization=authorization.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("AWS4-HMAC-SHA256", "Basic", "IncompleteSignatureException"),
        ("aws4_request", "aws5_request", "IncompleteSignatureException"),
        ("Credential=", "Cred=", "IncompleteSignatureException"),
        ("Signature=", "Sign=", "IncompleteSignatureException"),
        ("/ses/", "/sns/", "InvalidSignatureException"),
        (REGION, "us-east-1", "InvalidSignatureException"),
        ("host;", "", "InvalidSignatureException"),
        (";x-amz-date", "", "InvalidSignatureException"),
        ("content-type;", "content-type;cookie;", "InvalidSignatureException"),
        (KEY_ID, "AKIDOTHER", "UnrecognizedClientException"),
    ],
)
@pytest.mark.parametrize("keys", [KEYS, Keys(KEY_ID)])
def test_a_header_that_is_not_well_formed_or_for_another_service_is_refused(
    keys: Keys, old: str, new: str, name: str
) -> None:
    assert refusal(with_header(old, new), keys) == name


def test_without_a_header_the_token_is_missing() -> None:
    assert refusal(with_headers(authorization="")) == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("date", ["yesterday", "20261301T000000Z", "2026-11-23T00:00:00Z", "20200101T000000Z"])
def test_a_date_that_is_none_or_of_another_day_is_refused(date: str) -> None:
    assert refusal(with_headers(x_amz_date=date)) == "IncompleteSignatureException"


@pytest.mark.parametrize("minutes", [6, -6])
def test_an_old_or_early_signature_is_refused(minutes: int) -> None:
    request = sign("http://127.0.0.1/")
    assert refusal(request, late=timedelta(minutes=minutes)) == "InvalidSignatureException"
    assert refusal(request, late=timedelta(minutes=minutes / 1.5)) == ""


def test_without_known_keys_the_form_is_all_that_is_checked() -> None:
    assert refusal(with_header(KEY_ID, "AKIDOTHER"), Keys()) == ""
    assert refusal(replace(sign_letter(), body=b"{}"), Keys(KEY_ID)) == ""
