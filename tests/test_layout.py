"""Promises about the folders at the root: they hold packages and are none, so that graphql-core stays importable."""

import importlib.metadata
import tomllib
from pathlib import Path

import graphql
import pytest

ROOT = Path(__file__).parent.parent
SOURCE_ROOTS = ("server", "graphql", "jobs")
WHY = (
    "The folders server/, graphql/ and jobs/ are source roots: what lies in them is importable, they are not. "
    "As a package, graphql/ would hide graphql-core from every program that is started at the root."
)


def find_strays(root: Path) -> list[str]:
    """Return the modules that lie directly in a source root, `__init__.py` among them."""
    return [str(path.relative_to(root)) for name in SOURCE_ROOTS for path in sorted((root / name).glob("*.py*"))]


def test_no_module_lies_directly_in_a_source_root() -> None:
    strays = find_strays(ROOT)
    assert not strays, f"Move {', '.join(strays)} into a package. {WHY}"


@pytest.mark.parametrize("stray", ["graphql/__init__.py", "server/types.py", "jobs/words.pyi"])
def test_a_stray_module_would_be_found(tmp_path: Path, stray: str) -> None:
    (tmp_path / stray).parent.mkdir()
    (tmp_path / stray).touch()
    assert find_strays(tmp_path) == [stray]


def test_no_folder_of_tests_takes_the_name_of_graphql_core() -> None:
    found = (path.relative_to(ROOT) for path in (ROOT / "tests").rglob("graphql*") if path.stem == "graphql")
    taken = [str(path) for path in found if "node_modules" not in path.parts]
    assert not taken, f"Rename {', '.join(taken)}: pytest would import it in place of graphql-core."


def test_the_package_named_graphql_is_graphql_core() -> None:
    assert graphql.__file__, "graphql-core is not installed: the folder graphql/ was found instead. Run make install."
    assert ROOT / "graphql" not in Path(graphql.__file__).parents, WHY
    assert graphql.__version__ == importlib.metadata.version("graphql-core")


def test_the_wheel_holds_every_package_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build = project["tool"]["hatch"]["build"]
    there = {
        str(path.parent.relative_to(ROOT)) for name in SOURCE_ROOTS for path in (ROOT / name).glob("*/__init__.py")
    }
    assert set(build["targets"]["wheel"]["packages"]) == there
    assert set(build["dev-mode-dirs"]) == set(SOURCE_ROOTS)


def test_no_benchmark_takes_the_name_of_a_folder_of_tests() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    taken = sorted(path.name for path in (ROOT / "bench").glob("*.py") if path.stem in folders)
    assert not taken, f"Rename {', '.join(taken)}: pytest would import it in place of the tests."
