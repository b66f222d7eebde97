"""Text from outside: what may be kept as it is, and one clear error for what may not. Imports errors."""

import unicodedata

from tocsin.errors import BadInput


def check_text(value: str, *, field: str, most: int, least: int = 1) -> str:
    """Return the text without white space around it; BAD_INPUT where its length is wrong or it can't be stored."""
    text = value.strip()
    if "\0" in text or any(unicodedata.category(character) == "Cs" for character in text):
        raise BadInput("The text holds characters that can't be kept; remove them.", field=field)
    if len(text) < least:
        raise BadInput("The text is missing; write something.", field=field)
    if len(text) > most:
        raise BadInput(f"The text has {len(text)} characters; write at most {most}.", field=field)
    return text


def check_line(value: str, *, field: str, most: int, least: int = 1) -> str:
    """As check_text, for what is one line: a title, a name, a subject, a key."""
    text = check_text(value, field=field, most=most, least=least)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise BadInput("Line breaks and control characters are not allowed here; remove them.", field=field)
    return text
