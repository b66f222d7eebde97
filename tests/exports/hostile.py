"""Names that a spreadsheet could take for something else, by the thousand, the same in every run."""

import random
import re
from collections.abc import Sequence

STORABLE = re.compile("[\x00]")
STRIPPED = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
"""Written for these tests: what no cell keeps."""

KNOWN = (
    '=HYPERLINK("http://exemple.test","Click")', "=1+1", "=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1:A9)", "=", "==", "'=1",
    "'quoted'", "#N/A", "#REF!", "#DIV/0!", "#NAME?", "TRUE", "FALSE", "1E5", "00123", "1/2", "2026-01-01", "12:30", "$5", "50%",
    "+14185550142", " =1", "\xa0=1", "\t=1+1", "a\x01b\x1fc", "a\x7fb\x9fc", "line\nbreak", "carriage\rreturn", "\ufffea\uffff",
    "_x0041_", "__x0041_x0042_", "_x005F_x0041_", "_X0041_", "مرحبا بالعالم", "שלום", "\u202eevil\u202c", "\u200fmark", "😀",
    "👩‍👩‍👧‍👦 family", "e\u0301", "ﷺ", "𝕏", "a\u2028b", "soft\xadhyphen", "<b>&amp;</b>", "]]>", "<!--", "{=A1}", "  pad  ", '""', "NULL",
    "=" + "x" * 499, "é" * 500, "😀" * 500, "‏" * 500,
)  # fmt: skip
LETTERS = "=+-@'\"#_x0041 \t\n\x07\x85\xa0\u202e\u200dאبé😀<&]1,;|!$%"


def list_names(count: int) -> list[str]:
    """Return so many names: those known to be trouble, then random ones of the same stuff, none of them empty."""
    chance = random.Random(5)
    names = list(KNOWN[:count])
    while len(names) < count:
        made = "".join(chance.choices(LETTERS, k=chance.choice((1, 2, 5, 12, 60, 500))))
        names.append(made)
    return names


def expect(name: str) -> str:
    """Return what has to stand in the cell."""
    return STRIPPED.sub("", name)


def pair(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return first and last names in which every name comes once as each."""
    return list(zip(names, reversed(names), strict=True))
