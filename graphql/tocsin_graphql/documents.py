"""Which texts may run: any, or those alone that the operators trust. Imports the domain's errors.

A trusted document is named by its id in a manifest or by its SHA-256, or sent as it is, however it is laid out.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from graphql import GraphQLError, parse, print_ast

from tocsin.errors import BadInput, Forbidden

REMEMBERED = 1_024
PREFIX = "sha256:"
"""What the specification's draft sets before an id that is the SHA-256 of its document."""
UNNAMED = "This server knows no documents by their ids; send the whole text as `query`."
UNTRUSTED = "This server runs trusted documents only and this is none of them; ask its operators to add it."


class Ambiguous(Exception):
    """Two documents have one name."""


class Documents(Protocol):
    """Tells what a request asks to run."""

    def find(self, request: Mapping[str, Any]) -> str:
        """Return the text of a request that has the shape of one; the domain's errors say why not."""


class AnyDocument:
    """Whatever is sent may run."""

    def find(self, request: Mapping[str, Any]) -> str:
        text = request.get("query")
        if not isinstance(text, str):
            raise BadInput(UNNAMED)
        return text


class TrustedDocuments:
    """Nothing else may run than what is given, as pairs of id and text; each text has to be one that parses."""

    def __init__(self, documents: Iterable[tuple[str, str]], *, most_tokens: int) -> None:
        self._most_tokens = most_tokens
        self._named: dict[str, str] = {}
        self._printed: dict[str, str] = {}
        self._met: OrderedDict[str, str] = OrderedDict()
        for name, text in documents:
            self._add(name.removeprefix(PREFIX), text)

    def __len__(self) -> int:
        return len(self._printed)

    def find(self, request: Mapping[str, Any]) -> str:
        """Return the trusted text that is named or sent; where both are, they have to be the same."""
        name, text = find_name(request), request.get("query")
        found = self._named.get(name.removeprefix(PREFIX)) if name is not None else None
        recognised = self._recognise(text) if isinstance(text, str) else found
        if recognised is None or (name is not None and recognised != found):
            raise Forbidden(UNTRUSTED)
        return recognised

    def _add(self, name: str, text: str) -> None:
        known = self._printed.setdefault(self._print(text), text)
        for each in (name, digest(text)):
            if self._named.setdefault(each, known) != known:
                raise Ambiguous(each)

    def _recognise(self, text: str) -> str | None:
        """Return the trusted document that a text is, spaces, commas and comments left aside."""
        key = digest(text)
        found = self._named.get(key) or self._met.get(key)
        if found is None:
            try:
                found = self._printed.get(self._print(text))
            except (GraphQLError, RecursionError):
                return None
            if found is not None:
                self._remember(key, found)
        return found

    def _remember(self, key: str, found: str) -> None:
        self._met[key] = found
        if len(self._met) > REMEMBERED:
            self._met.popitem(last=False)

    def _print(self, text: str) -> str:
        return print_ast(parse(text, no_location=True, max_tokens=self._most_tokens))


def digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as hexadecimal digits."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def find_name(request: Mapping[str, Any]) -> str | None:
    """Return the id or digest by which a request names its document, as the specification's draft or Apollo has it."""
    name = request.get("documentId")
    if name is None:
        persisted = (request.get("extensions") or {}).get("persistedQuery")
        name = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return name if isinstance(name, str) else None
