"""Promises about the exported schema: it is the code's, and everything in it is explained."""

import subprocess
import sys
from pathlib import Path

from graphql import GraphQLEnumType
from schema.council import get_schema

EXPORTED = Path(__file__).parents[2] / "schema.graphql"
SELF_EVIDENT = {"id", "cursor", "node", "edges", "pageInfo"}


def test_the_exported_schema_is_the_codes() -> None:
    assert EXPORTED.read_text() == get_schema().as_str() + "\n", "run `tocsin schema > schema.graphql`"


def test_every_type_field_and_argument_is_described() -> None:
    silent = []
    for name, kind in get_schema()._schema.type_map.items():
        if name.startswith("__"):
            continue
        silent += [name] if not kind.description else []
        for field, definition in getattr(kind, "fields", {}).items():
            silent += [f"{name}.{field}"] if not definition.description and field not in SELF_EVIDENT else []
            arguments = getattr(definition, "args", {})
            silent += [f"{name}.{field}({arg})" for arg, given in arguments.items() if not given.description]
    assert silent == []


def test_the_server_explains_its_enumerations_too() -> None:
    """A type that is imported before the enumerations are described would take them as they are."""
    look = "import tocsin_server.application as a; print(a.build_schema().as_str())"
    served = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout
    assert served == EXPORTED.read_text()


def test_every_value_of_an_enumeration_is_described() -> None:
    kinds = [kind for name, kind in get_schema()._schema.type_map.items() if not name.startswith("__")]
    values = [
        (kind.name, name, value)
        for kind in kinds
        if isinstance(kind, GraphQLEnumType)
        for name, value in kind.values.items()
    ]
    assert len(values) > 60
    assert [f"{kind}.{name}" for kind, name, value in values if not value.description] == []
