"""The fields of a form and of a query are split as the standard library splits them, only faster."""

from collections.abc import Callable
from urllib.parse import parse_qs, parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_providers.twilio_webhook import MOST_FIELDS, read_query, split_fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PIECES = st.sampled_from(["&", "=", "+", "%", "%2B", "%c3%a9", "%E9", "%2", "a", "é", " ", ";", "\N{PILE OF POO}"])
JUNK = st.lists(PIECES, max_size=20).map("".join)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=8), st.sampled_from([quote, quote_plus]))
def test_a_form_is_read_back(pairs: list[tuple[str, str]], encode: Callable[..., str]) -> None:
    assert split_fields(urlencode(pairs, quote_via=encode)) == pairs


@given(JUNK | TEXT)
def test_whatever_comes_is_split_as_the_standard_library_does_or_refused_with_it(text: str) -> None:
    try:
        expected = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(ValueError, match="codec"):
            split_fields(text)
    else:
        assert split_fields(text) == expected


def test_more_fields_than_any_carrier_sends_are_refused() -> None:
    assert len(split_fields("&".join(["a=b"] * MOST_FIELDS))) == MOST_FIELDS
    with pytest.raises(ValueError, match="fields"):
        split_fields("&".join(["a=b"] * (MOST_FIELDS + 1)))


@given(JUNK.filter(str.isascii).filter(lambda text: "%E9" not in text))
def test_a_query_tells_what_it_says_once(text: str) -> None:
    once = {name: values[0] for name, values in parse_qs(text).items() if len(values) == 1}
    assert read_query(text.encode("ascii")) == once
