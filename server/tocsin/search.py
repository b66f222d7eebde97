"""Search by the beginnings of words: what a word is, how it is kept, how it is asked for. Imports folding and texts.

Words are kept as a `tsvector`, each behind a mark of the list that it belongs to, so that a search of one communication
or municipality never walks the words of another. The mark narrows and proves nothing: rows are of their list anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tocsin.folding import fold
from tocsin.texts import check_text

SEARCH_LENGTH = 200
LONGEST_WORD = 320
"""Characters of the longest word that is kept: an address without separators."""

SEPARATORS = "-'’.,;:@_+()/"
TO_SPACES = str.maketrans(dict.fromkeys(SEPARATORS, " "))
IN_SQL = "'" + SEPARATORS.replace("'", "''") + f"', repeat(' ', {len(SEPARATORS)})"
MARK_LENGTH = 8


@dataclass(frozen=True, slots=True)
class WordIndex:
    """A table of words: `key` is its column that says whose they are."""

    table: str
    key: str

    def select(self, query: str) -> str:
        """Return the SQL of the keys whose words pass; `query` is the parameter of a query, of which the index is asked for a part."""
        return f"""SELECT s.{self.key} FROM {self.table} s
          WHERE s.words @@ ({query}::tsquery[])[2] AND ts_match_vq(s.words, ({query}::tsquery[])[1])"""

    def judge(self, row: str, query: str) -> str:
        """Return the SQL of whether the words of one row pass; a row of its own, so that no plan reads the whole table."""
        return f"(SELECT s.words FROM {self.table} s WHERE s.{self.key} = {row}) @@ ({query}::tsquery[])[1]"


@dataclass(frozen=True, slots=True)
class Query:
    """A search as a parameter takes it: in `texts` the whole of it, then the part that an index is asked for.

    `broad`: most rows of the list may pass, and the index would read them all to say so.
    """

    texts: list[str]
    broad: bool


def split_search(search: str | None, *, field: str) -> list[str]:
    """Return the words of a search, none for none; BAD_INPUT where it is too long or holds what can't be kept."""
    return split_words(check_text(search, field=field, most=SEARCH_LENGTH, least=0)) if search is not None else []


def split_words(text: str) -> list[str]:
    """Return the folded words of a text; the digits of a number that is written with spaces are one word."""
    spread = fold(text).translate(TO_SPACES).split()
    joined = "".join(spread)
    return [joined] if joined.isascii() and joined.isdigit() else spread


def spell_query(owner: UUID, words: Sequence[str]) -> str:
    """Return the `tsquery` of rows of this owner in which every one of the words begins some word."""
    ordered = sorted(set(words))
    # What begins another word of the search asks for nothing more than that word does.
    needed = [word for word, follower in zip(ordered, [*ordered[1:], ""], strict=True) if not follower.startswith(word)]
    return " & ".join(f"'{quote(owner.hex[-MARK_LENGTH:] + word[: LONGEST_WORD + 1])}':*" for word in needed)


def is_broad(word: str) -> bool:
    """Whether a word may begin nearly every number, as an area code does, with or without country code.

    The index has as many words that it begins, and would read them all.
    """
    return word.isdigit() and (len(word) < 4 or (len(word) == 4 and word.startswith("1")))


def make_query(owner: UUID, words: Sequence[str]) -> Query:
    """Return what asks for rows of this owner in which every one of the words begins some word."""
    narrow = [word for word in words if not is_broad(word)]
    return Query([spell_query(owner, words), spell_query(owner, narrow or words)], broad=not narrow)


def quote(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "''")


def keep_words(owner: str, *texts: str) -> str:
    """Return the SQL of the words of folded texts; `owner` is the SQL of the key whose list they belong to."""
    spread = f"string_to_array(translate(concat_ws(' ', {', '.join(texts)}), {IN_SQL}), ' ')"
    mark = f"right(translate(({owner})::text, '-', ''), {MARK_LENGTH})"
    return f"array_to_tsvector(ARRAY(SELECT {mark} || word FROM unnest({spread}) word WHERE word <> ''))"


def fold_address(column: str) -> str:
    """Return the SQL of how an address is found.

    A number: by its beginning with or without country code, by what follows the area code, and by its last four digits.
    """
    parts = ", ".join(f"substr({column}, {position})" for position in (3, 6, 9))
    return f"concat_ws(' ', lower({column}), CASE WHEN {column} LIKE '+1%' THEN concat_ws(' ', {parts}) END)"
