"""Promises about the house itself: small files, names that say something, and pages that tell the truth about commands."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import graphql
import pytest
import typer

from tocsin.settings import Settings
from tocsin_server.cli import app

ROOT = Path(__file__).parent.parent
LONGEST_FILE, LONGEST_FUNCTION = 300, 45
VAGUE = {"util", "utils", "helper", "helpers", "common", "base", "core", "misc", "manager", "managers", "stuff"}
GENERATED = {f"server/tocsin/records/migrations/{name}.py" for name in ("0001_initial", "0003_channels")}


def list_sources(*folders: str) -> list[str]:
    """Return every module of ours by its path from the root, generated ones left out."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)
    return sorted({str(path.relative_to(ROOT)) for path in found} - GENERATED)


CODE = list_sources("server", "graphql", "jobs")
EVERYTHING = [*CODE, *list_sources("tests", "bench")]


def list_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def find_long_functions(text: str) -> list[str]:
    """Return the functions that are longer than one look takes in."""
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in list_functions(ast.parse(text))}
    return [f"{name} ({length} lines)" for name, length in lengths.items() if length > LONGEST_FUNCTION]


def test_a_file_is_read_in_one_sitting() -> None:
    long = [path for path in EVERYTHING if (ROOT / path).read_text().count("\n") > LONGEST_FILE]
    assert not long, "Divide these by what their parts are about."
    longer = {path: found for path in EVERYTHING if (found := find_long_functions((ROOT / path).read_text()))}
    assert not longer, "Divide these functions by what their parts do."


def test_a_long_function_would_be_found() -> None:
    assert find_long_functions("def long():\n" + "    pass\n" * LONGEST_FUNCTION) == ["long (46 lines)"]


def test_a_module_says_what_it_is_for() -> None:
    silent = [
        path for path in EVERYTHING if (text := (ROOT / path).read_text()) and not ast.get_docstring(ast.parse(text))
    ]
    assert not silent, "Say in the first lines of these what they are for."


def test_a_module_is_named_after_what_it_holds() -> None:
    vague = [
        path for path in CODE if VAGUE & {word for part in Path(path).with_suffix("").parts for word in part.split("_")}
    ]
    assert not vague, "Such a name says nothing; what has no name has no place yet."


def read_page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def list_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", read_page("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", ".ci/run", "docs/environment.md", "docs/protocol.md"])
def test_every_make_target_that_a_page_names_is_there(page: str) -> None:
    used = set(re.findall(r"^(?:\s*|.*`)make ([a-z]+)\b", read_page(page), re.MULTILINE))
    assert used <= list_targets()


def test_every_target_explains_itself_and_sets_up_what_it_needs() -> None:
    rules = dict(re.findall(r"^([a-z]+):(.*)$", read_page("Makefile"), re.MULTILINE))
    assert all("## " in rest for rest in rules.values())
    assert {name for name, rest in rules.items() if not rest.lstrip().startswith(("install", ".venv/"))} == {"list"}


def test_the_checks_and_the_tests_run_before_anything_lands() -> None:
    assert re.findall(r"^make (\w+)$", read_page(".ci/run"), re.MULTILINE) == ["check", "test"]


def list_commands() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # an app of commands is a group


def test_every_process_of_the_procfile_is_a_command() -> None:
    processes = dict(line.split(": ", 1) for line in read_page("Procfile").splitlines())
    assert set(processes) == {"web", "worker"}
    for process in processes.values():
        program, command, *_ = shlex.split(process)
        assert program == "tocsin"
        assert command in list_commands()


def test_every_command_that_a_page_shows_is_there_and_every_command_is_shown() -> None:
    shown = set(re.findall(r"\btocsin ([a-z][a-z-]+)", "\n".join(list_code(read_page("README.md")))))
    assert shown == list_commands()


def test_every_operation_to_paste_fits_the_schema() -> None:
    schema = graphql.build_schema(read_page("schema.graphql"))
    operations = re.findall(r"```graphql\n(.*?)```", read_page("README.md"), re.DOTALL)
    assert operations
    for operation in operations:
        assert graphql.validate(schema, graphql.parse(operation)) == []


def list_code(page: str) -> list[str]:
    """Return what a page sets as code: blocks and single words."""
    return re.findall(r"```\w*\n(.*?)```", page, re.DOTALL) + re.findall(r"`([^`\n]+)`", page)


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", read_page("docs/environment.md"), re.MULTILINE)
    assert sorted(documented) == sorted(name.upper() for name in Settings.model_fields)


def test_every_default_in_the_table_is_the_real_one() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]*)` \|", read_page("docs/environment.md"), re.MULTILINE))
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    written = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in defaults.items()
        if value not in (None, "", ())
    }
    assert rows == written


@pytest.mark.parametrize(
    "page", ["README.md", "CHANGELOG.md", *(f"docs/{name}" for name in ("environment.md", "protocol.md"))]
)
def test_every_link_to_a_page_of_ours_leads_somewhere(page: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", read_page(page))
    missing = [target for target in targets if not ((ROOT / page).parent / target).exists()]
    assert not missing
