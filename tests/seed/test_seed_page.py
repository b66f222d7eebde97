"""Promises about the page of features: it names all that the schema offers, and nothing that is not there."""

import re
from pathlib import Path

from graphql import build_schema

from tocsin.statuses import DeliveryStatus

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/seed.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("| ").split("|")] for line in PAGE.splitlines() if line.startswith("| ")][
    1:
]


def test_each_root_of_the_schema_is_in_a_row_and_no_other() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    offered = {name for root in roots if root for name in root.fields}
    assert {name for row in ROWS for name in re.findall(r"`(\w+)`", row[1])} == offered


def test_each_status_is_in_a_row() -> None:
    assert all(status.name in PAGE for status in DeliveryStatus)


def test_each_test_is_there() -> None:
    for row in ROWS:
        [named] = re.findall(r"`(tests/[^`]+)`", row[2])
        path, name = named.split("::")
        assert f"def {name}(" in (ROOT / path).read_text(), named
