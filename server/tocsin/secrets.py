"""The keys made of the one secret, so that what signs a link cannot sign a token. Imports nothing of ours."""

from enum import StrEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_LENGTH = 32


class Purpose(StrEnum):
    """What a key may be used for."""

    TOKENS = "tokens"
    CURSORS = "cursors"
    LINKS = "links"
    CODES = "codes"


def derive_key(secret: str, purpose: Purpose) -> bytes:
    """Return the 32 bytes that this secret gives to this purpose: the same in every process."""
    return HKDF(SHA256(), KEY_LENGTH, salt=None, info=f"tocsin/{purpose}".encode()).derive(secret.encode())
