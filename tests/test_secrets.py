"""Every purpose has a key of its own."""

from itertools import combinations

from tocsin.secrets import Purpose, derive_key

SECRET = "0123456789abcdef0123456789abcdef"


def test_a_key_has_32_bytes_and_is_the_same_in_every_process() -> None:
    assert (
        derive_key(SECRET, Purpose.TOKENS).hex() == "913b7fc68182122018ef0ea93b642c442d6b32c003673b8a57a439d597cba715"
    )


def test_no_two_purposes_share_a_key() -> None:
    for one, other in combinations(Purpose, 2):
        assert derive_key(SECRET, one) != derive_key(SECRET, other)


def test_another_secret_gives_another_key() -> None:
    for purpose in Purpose:
        assert derive_key(SECRET, purpose) != derive_key(SECRET + "0", purpose)
