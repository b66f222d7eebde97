"""What a search has to find, in plain Python that shares nothing with the server's, and names and addresses that try it."""

import re
import unicodedata
from collections.abc import Iterable

MANY = ["", "E", "É", "e", "Ève", "Eve", "Œil", "ß", "SS", "李", "O'Neil", "oneil", "de la Cruz", "Côté", "COTE", "Tremblay-Dubé",
        "Tremblay Dube", "Zoé", "zoe\u0301", "محمد", "a\\b", "x'y", "%", "& | !", "4185550101"]  # fmt: skip
ADDRESSES = ["eve@exemple.test", "Eve.Cote@Exemple.test", "o'neil_z+flood@exemple.test", "0101@x.test", "+14185550101",
             "+14185550102", "+15145550101", "+33612345678"]  # fmt: skip
SEARCHED = ["", "e", "EV", "ève", "o'n", "cote tremb", "tremblay-dubé", "dube tremblay", "4", "418", "1418", "+1 418 555",
            "(514) 555-0101", "5550101", "0101", "01", "33612", "exemple.test", "eve cote", "ss", "ß", "œ", "李", "محم", "a\\",
            "x' y", "--", "&", "%", "612345678", "e 418"]  # fmt: skip


def bare(text: str) -> str:
    """The text without case and accents."""
    spread = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(letter for letter in spread if unicodedata.category(letter) != "Mn").split())


def split(text: str) -> list[str]:
    return [word for word in re.split(r"[-'’.,;:@_+()/\s]+", text) if word]


def list_number(number: str) -> list[str]:
    """How a number can begin when somebody types it."""
    digits = number.removeprefix("+")
    return [digits, digits[1:], digits[4:], digits[7:]] if digits.startswith("1") else [digits]


def finds(search: str | None, names: Iterable[str], addresses: Iterable[str | None]) -> bool:
    """Whether every word of a search begins a word of the names and addresses."""
    wanted = split(bare(search or ""))
    if re.fullmatch("[0-9]+", "".join(wanted)):
        wanted = ["".join(wanted)]
    words = [word for name in names for word in split(bare(name))]
    for address in filter(None, addresses):
        words += split(address.lower()) if "@" in address else list_number(address)
    return all(any(word.startswith(beginning) for word in words) for beginning in wanted)
