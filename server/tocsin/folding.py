"""Text as it is searched and sorted: without case, accents and doubled spaces. Imports nothing of ours."""

import unicodedata

KEY_LENGTH = 200


def fold(text: str) -> str:
    """Return the text in lower case, its accents gone, its white space single."""
    spread = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in spread if not unicodedata.combining(character))
    return " ".join(bare.casefold().split())


def fold_name(name: str) -> str:
    """Return the key by which a name is sorted, as long as its column."""
    return fold(name)[:KEY_LENGTH]
