"""Promises of the console's build: what it needs, what it says where that is missing, and that it does nothing twice."""

import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from peers import load_build

ROOT = Path(__file__).parent.parent
EXACT = re.compile(r"\d+\.\d+\.\d+")


@pytest.fixture
def build() -> ModuleType:
    return load_build()


@pytest.mark.parametrize("folder", ["console", "bench/peers", "tests/audits"])
def test_a_lock_names_no_registry_and_its_package_exact_versions_only(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)
    package = json.loads((ROOT / folder / "package.json").read_text())
    versions = {**package["dependencies"], **package.get("devDependencies", {})}
    assert [name for name, version in versions.items() if not EXACT.fullmatch(version)] == []


@pytest.mark.parametrize(
    ("version", "suitable"),
    [
        ("v20.19.0", True),
        ("v20.18.3", False),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("v18.20.0", False),
        ("nothing", False),
    ],
)
def test_node_is_taken_where_it_is_new_enough(build: ModuleType, tmp_path: Path, version: str, suitable: bool) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    assert build.is_suitable(str(node)) is suitable


def test_without_node_one_sentence_says_what_is_missing(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TOCSIN_SKIP_CONSOLE", raising=False)
    monkeypatch.setattr(build, "STATIC", tmp_path / "static")
    monkeypatch.setattr(build, "find_packaged_node", lambda: None)
    assert build.main([]) == 1
    assert build.main(["--has-node"]) == 1
    said = capsys.readouterr().err
    assert "node 20.19" in said
    assert "TOCSIN_SKIP_CONSOLE=1" in said


def test_whoever_wants_no_page_needs_nothing(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TOCSIN_SKIP_CONSOLE", "1")
    monkeypatch.setattr(build, "STATIC", tmp_path / "static")
    assert build.main([]) == 0
    assert not (tmp_path / "static").exists()


def test_what_is_built_already_needs_no_node(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = build.digest([*build.list_sources(), ROOT / "schema.graphql"])
    (tmp_path / ".digest").write_text(sources)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build, "STATIC", tmp_path)
    build.build()


def test_a_change_of_any_source_is_noticed(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    one, other = tmp_path / "one.ts", tmp_path / "other.ts"
    one.write_text("1")
    before = build.digest([one])
    one.write_text("2")
    assert build.digest([one]) != before
    one.write_text("1")
    assert build.digest([one]) == before
    one.rename(other)
    assert build.digest([other]) != before


def test_what_is_built_is_not_among_what_is_built_from(build: ModuleType) -> None:
    names = {path.relative_to(ROOT).as_posix() for path in build.list_sources()}
    assert "console/src/main.tsx" in names
    assert not [name for name in names if "node_modules" in name or "/generated/" in name]
