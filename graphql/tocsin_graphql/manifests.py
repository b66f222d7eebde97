"""The manifests that name trusted documents, read and checked against the schema. Imports documents and plans.

A manifest is a JSON object of ids and texts, as GraphQL Code Generator writes it beside what a client is built from.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate

from tocsin.errors import ConfigurationError
from tocsin_graphql.documents import Ambiguous, TrustedDocuments
from tocsin_graphql.plans import LENGTHY, MOST_CHARACTERS

SETTING = "GRAPHQL_TRUSTED_DOCUMENTS"


def read_manifests(files: Iterable[Path], schema: GraphQLSchema, *, most_tokens: int) -> TrustedDocuments:
    """Return the documents of all files; ConfigurationError names the file and what is wrong with it."""
    pairs = list(dict.fromkeys(pair for file in files for pair in read_manifest(file, schema, most_tokens=most_tokens)))
    try:
        return TrustedDocuments(pairs, most_tokens=most_tokens)
    except Ambiguous as error:
        raise ConfigurationError(f"{SETTING} has two different documents of the id {error}; rename one.") from None


def list_manifests(place: Path) -> list[Path]:
    """Return the manifests at a place: a file, or every `.json` of a folder by its name."""
    if place.is_dir():
        return sorted(place.glob("*.json"))
    if place.is_file():
        return [place]
    raise ConfigurationError(f"{SETTING} leads to {place}, where there is neither a file nor a folder; correct it.")


def read_manifest(file: Path, schema: GraphQLSchema, *, most_tokens: int) -> Iterator[tuple[str, str]]:
    """Give the ids and texts of one file."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{SETTING}: {file} cannot be read as JSON ({type(error).__name__}); correct or remove it."
        ) from None
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise ConfigurationError(f"{SETTING}: {file} has to be one JSON object of ids and texts; correct or remove it.")
    for name, text in content.items():
        fault = find_fault(text, schema, most_tokens=most_tokens)
        if fault is not None:
            raise ConfigurationError(f"{SETTING}: the document {name} of {file} cannot run: {fault}")
        yield name, text


def find_fault(text: str, schema: GraphQLSchema, *, most_tokens: int) -> str | None:
    """Return why a document could never run on this schema; nothing where it could."""
    if len(text) > MOST_CHARACTERS:
        return LENGTHY
    try:
        document = parse(text, max_tokens=most_tokens)
        faults = validate(schema, document)
    except GraphQLError as error:
        return error.message
    except RecursionError:
        return "It is nested too deeply."
    if not any(isinstance(node, OperationDefinitionNode) for node in document.definitions):
        return "It holds no operation."
    return faults[0].message if faults else None
