"""Promises about what an operation may cost: the page's own are served, what asks too much is refused before it runs."""

import re
from pathlib import Path
from time import process_time

import pytest
from graphql import OperationDefinitionNode, parse, print_ast

from tocsin.errors import TooExpensive
from tocsin_graphql.costs import Limits, Price, Scale
from tocsin_graphql.plans import Plans, draw_plan
from tocsin_graphql.schema import build_schema

ROOT = Path(__file__).parents[1]
SCHEMA = build_schema()._schema
PAGES = "query ($first: Int = 10) { communications(first: $first) { edges { node { id } } } }"
NESTED = "communications(first: 200) { edges { node { id } } }"


def weigh(document: str, **variables: object) -> Price:
    return Scale(SCHEMA, Limits()).weigh(draw_plan(document, None), variables)


def read_console() -> dict[str, str]:
    """Each operation of the page, with all fragments: validity is not what is asked here."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "console" / "src").rglob("*.graphql")))
    nodes = parse(text).definitions
    fragments = "\n".join(print_ast(node) for node in nodes if not isinstance(node, OperationDefinitionNode))
    named = [node for node in nodes if isinstance(node, OperationDefinitionNode)]
    return {node.name.value: f"{print_ast(node)}\n{fragments}" for node in named if node.name}


@pytest.mark.parametrize("document", [pytest.param(text, id=name) for name, text in read_console().items()])
def test_every_operation_of_the_page_is_within_the_limits_with_the_longest_pages(document: str) -> None:
    Scale(SCHEMA, Limits()).check(draw_plan(document, None), {"first": 200})


def test_every_operation_of_the_readme_is_within_the_limits() -> None:
    documents = re.findall(r"```graphql\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert documents
    for document in documents:
        Scale(SCHEMA, Limits()).check(draw_plan(document, None), None)


@pytest.mark.parametrize(("given", "cost"), [({}, 31), ({"first": 1}, 4), ({"first": 0}, 1), ({"first": 200}, 601)])
def test_a_page_costs_what_its_rows_do(given: dict[str, int], cost: int) -> None:
    assert weigh(PAGES, **given) == Price(cost=cost, depth=4)


@pytest.mark.parametrize("wrong", [10**9, "x", None, [1], 10**5000], ids=lambda wrong: type(wrong).__name__)
def test_a_wrong_number_of_rows_costs_a_whole_page(wrong: object) -> None:
    assert weigh(PAGES, first=wrong).cost == 601


@pytest.mark.parametrize(("document", "rows"), [
    ("subscription { activeStatistics { version } }", 100),
    ('subscription { communicationChanges(communicationId: "a") { recipients { id } } }', 500),
    ("{ statuses { label } }", 25),
])  # fmt: skip
def test_a_long_list_without_pages_costs_as_many_rows_as_it_may_hold(document: str, rows: int) -> None:
    assert weigh(document).cost == rows + 1 + ("communicationChanges" in document)


def test_a_fragment_counts_at_each_place_and_under_its_page() -> None:
    spread = "fragment Row on Communication { id title } "
    once = weigh(spread + "{ communications(first: 10) { edges { node { ...Row } } } }")
    page = "communications { edges { node { ...Row } } }"
    twice = weigh(spread + f"{{ communications(first: 10) {{ edges {{ node {{ ...Row }} }} }} b: {page} }}")
    assert (once.cost, twice.cost, twice.aliases) == (41, 41 + 1 + 50 * 4, 1)


def test_fragments_that_double_at_each_step_are_priced_at_once() -> None:
    steps = "".join(f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
    began = process_time()
    price = weigh(steps + "fragment F60 on Viewer { name } { viewer { ...F0 } }")
    assert process_time() - began < 1
    assert price.cost == 1 + 2**60


def test_a_fragment_that_spreads_itself_is_left_to_validation() -> None:
    assert weigh("fragment F on Viewer { name ...F } { viewer { ...F } }").cost == 2


def test_the_root_of_a_subscription_is_found_at_once_too() -> None:
    steps = "".join(f"fragment F{n} on Subscription {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
    began = process_time()
    draw_plan(steps + "subscription { ...F0 }", None)
    assert process_time() - began < 1


@pytest.mark.parametrize("kind", ["query", "subscription"])
def test_fragments_in_a_chain_without_end_are_refused(kind: str) -> None:
    chain = "".join(f"fragment F{n} on {kind.title()} {{ ...F{n + 1} }} " for n in range(1_100))
    plans, scale = Plans(SCHEMA), Scale(SCHEMA, Limits())
    with pytest.raises(TooExpensive, match="nested too deeply"):
        scale.check(plans.find(chain + kind + " { ...F0 }", None), None)


@pytest.mark.parametrize(
    ("document", "measure"),
    [
        (f"{{ communications(first: 200) {{ edges {{ node {{ {NESTED} }} }} }} }}", "cost"),
        ("{" + "a {" * 20 + "a" + "}" * 21, "depth"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(51)) + "}", "aliases"),
        ("{ __typename " + "@include(if: true) " * 51 + "}", "directives"),
    ],
)
def test_what_asks_too_much_is_refused_by_the_measure_that_it_exceeds(document: str, measure: str) -> None:
    with pytest.raises(TooExpensive, match=f"^The {measure} of this operation"):
        Scale(SCHEMA, Limits()).check(draw_plan(document, None), None)


@pytest.mark.parametrize(("filling", "length"), [("#", 65_537), (" ", 65_537), ('"', 10**6)])
def test_a_document_that_is_long_without_tokens_is_neither_read_nor_remembered(filling: str, length: int) -> None:
    plans = Plans(SCHEMA)
    with pytest.raises(TooExpensive, match="65536 characters"):
        plans.find("{ viewer { name } }".ljust(length, filling), None)
    assert plans.find("{ viewer { name } }".ljust(65_536), None)
    assert len(plans._known) == 1
