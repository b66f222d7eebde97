"""The signature check agrees with Twilio's own library and refuses whatever was altered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tocsin_providers.twilio_signature import is_signed

TOKEN = "12345678901234567890123456789012"
URLS = (
    "https://alerts.exemple.test/webhooks/twilio/messaging?delivery=delivery-0123456789abcdef0123456789abcdef",
    "https://alerts.exemple.test:8443/webhooks/twilio/messaging?delivery=a+b%20c&empty=",
    "http://127.0.0.1:8000/webhooks/twilio/messaging",
    "https://exemple.test/tocsin/webhooks/twilio/messaging?a=%C3%A9&a=2",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FORMS = st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=3), max_size=6)


class Form(dict[str, list[str]]):
    """What the oracle calls a dictionary of several values."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def flatten(form: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in form.items() for value in values]


def sign(url: str, form: dict[str, list[str]], token: str = TOKEN) -> bytes:
    return str(RequestValidator(token).compute_signature(url, Form(form))).encode()


def test_the_published_example_of_twilio_is_signed() -> None:
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert is_signed(url, form, b"RSOYDt4T1cUTdK1PDd93/VVr8B8=", ["12345"])
    assert not is_signed(url, form, b"RSOYDt4T1cUTdK1PDd93/VVr8B8=", ["12346"])


@given(url=st.sampled_from(URLS), form=FORMS, shuffle=st.randoms())
def test_what_twilios_library_signs_is_signed_in_whatever_order_it_comes(url: str, form: Form, shuffle: object) -> None:
    pairs = flatten(form)
    shuffle.shuffle(pairs)  # type: ignore[attr-defined]  # a Random of hypothesis
    assert is_signed(url, pairs, sign(url, form), [TOKEN])


@given(url=st.sampled_from(URLS), form=FORMS, header=st.text(st.characters(codec="ascii"), max_size=40))
def test_what_twilios_library_refuses_is_refused(url: str, form: Form, header: str) -> None:
    assert not RequestValidator(TOKEN).validate(url, Form(form), header)
    assert not is_signed(url, flatten(form), header.encode(), [TOKEN])


@given(form=FORMS.filter(bool), position=st.integers(0, 10_000), part=st.sampled_from(["name", "value", "url"]))
def test_one_changed_character_is_refused(form: Form, position: int, part: str) -> None:
    pairs, url = flatten(form), URLS[0]
    header = sign(url, form)
    index = position % len(pairs)
    name, value = pairs[index]
    if part == "url":
        url = change(url, position)
    elif part == "name":
        pairs[index] = (change(name, position), value)
    else:
        pairs[index] = (name, change(value, position))
    oracle: dict[str, list[str]] = {}
    for key, content in pairs:
        oracle.setdefault(key, []).append(content)
    # Names and values are signed end to end, so a change can say the same as before: the oracle is the judge.
    expected = sign(url, oracle) == header
    assert is_signed(url, pairs, header, [TOKEN]) is expected
    if part == "url":
        assert not expected


def change(text: str, position: int) -> str:
    if not text:
        return "x"
    index = position % len(text)
    return text[:index] + chr((ord(text[index]) ^ 1) or 2) + text[index + 1 :]


def test_every_flipped_bit_of_a_real_form_is_refused() -> None:
    form = {"AccountSid": ["AC" + "1" * 32], "MessageStatus": ["delivered"], "To": ["+14185550142"]}
    url, header = URLS[0], sign(URLS[0], form)
    for index, (name, value) in enumerate(pairs := flatten(form)):
        for altered in [(flip(name, bit), value) for bit in range(len(name) * 7)] + [
            (name, flip(value, bit)) for bit in range(len(value) * 7)
        ]:
            assert not is_signed(url, [*pairs[:index], altered, *pairs[index + 1 :]], header, [TOKEN])
    for bit in range(len(url) * 7):
        assert not is_signed(flip(url, bit), pairs, header, [TOKEN])
    for bit in range(len(header) * 7):
        assert not is_signed(url, pairs, flip(header.decode(), bit).encode(), [TOKEN])


def flip(text: str, bit: int) -> str:
    index = bit // 7
    return text[:index] + chr(ord(text[index]) ^ (1 << bit % 7)) + text[index + 1 :]


def test_the_previous_token_holds_during_a_rotation_and_no_other_does() -> None:
    url, form = URLS[0], {"a": ["1"]}
    header = sign(url, form, "previous")
    assert is_signed(url, [("a", "1")], header, ["current", "previous"])
    assert not is_signed(url, [("a", "1")], header, ["current", "older"])


def test_an_empty_token_signs_nothing() -> None:
    assert not is_signed(URLS[0], [], sign(URLS[0], {}, ""), ["", TOKEN])
    assert not is_signed(URLS[0], [], sign(URLS[0], {}, ""), [])


@pytest.mark.parametrize("header", [None, b"", b"\xff\xfe", "é".encode(), b"=" * 5000, b"null", b"\x00"])
def test_a_missing_or_junk_header_is_refused_without_a_word(header: bytes | None) -> None:
    assert is_signed(URLS[0], [("a", "1")], header, [TOKEN]) is False


@given(url=st.text(), form=st.lists(st.tuples(st.text(), st.text())), header=st.none() | st.binary())
def test_no_junk_makes_it_fail(url: str, form: list[tuple[str, str]], header: bytes | None) -> None:
    assert is_signed(url + "\ud800", [*form, ("\udfff", "\x00")], header, [TOKEN]) is False
