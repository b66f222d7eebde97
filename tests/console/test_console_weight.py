"""Promises about how much has to arrive before the first screen, measured from the build's manifest."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tocsin_server.console import STATIC

MOST = 300_000
FONT = "latin-wght-normal"
ENTRY = "index.html"
SCREENS = {
    "list": ["src/communications/list-screen.tsx"],
    "statistics": ["src/communications/communication-screen.tsx", "src/statistics/statistics-screen.tsx"],
    "view": ["src/communications/communication-screen.tsx", "src/communications/preview-screen.tsx"],
    "editor": ["src/editor/editor-screen.tsx"],
    "campaign": ["src/communications/communication-screen.tsx", "src/communications/campaign-screen.tsx"],
    "wall": ["src/wall/wall-screen.tsx"],
    "log": ["src/log/log-screen.tsx"],
    "citizens": ["src/citizens/citizens-screen.tsx"],
    "citizen": ["src/citizens/citizen-screen.tsx"],
    "audit": ["src/audit/audit-screen.tsx"],
}
CHARTS = "src/statistics/charts.ts"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    file = STATIC / ".vite" / "manifest.json"
    assert file.exists(), "the console has not been built; run make install"
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def list_files(manifest: dict[str, Any], entries: Iterable[str]) -> set[str]:
    """Return every file that has to arrive before the entries can run."""
    files: set[str] = set()
    waiting, seen = list(entries), set[str]()
    while waiting:
        chunk = manifest[name := waiting.pop()]
        files |= {chunk["file"], *chunk.get("css", [])}
        seen.add(name)
        waiting += [each for each in chunk.get("imports", []) if each not in seen]
    return files


def weigh(files: Iterable[str]) -> int:
    """Return the bytes that travel: scripts and styles compressed, fonts as they are."""
    return sum(weigh_file(STATIC / name) for name in files)


def weigh_file(file: Path) -> int:
    body = file.read_bytes()
    return len(body) if file.suffix == ".woff2" else len(gzip.compress(body, 9))


def find_font() -> str:
    (found,) = (STATIC / "assets").glob(f"*{FONT}*.woff2")
    return f"assets/{found.name}"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("screen", sorted(SCREENS))
def test_less_than_300_kb_arrive_before_the_first_screen(manifest: dict[str, Any], screen: str, language: str) -> None:
    files = list_files(manifest, [ENTRY, f"src/locales/{language}/index.ts", *SCREENS[screen]])
    weight = weigh({*files, find_font(), "index.html"})
    print(f"{screen} in {language}: {weight / 1000:.0f} kB, its font among them")
    assert 100_000 < weight < MOST


def test_the_charts_are_not_waited_for(manifest: dict[str, Any]) -> None:
    first = list_files(manifest, [ENTRY, *SCREENS["statistics"]])
    charts = list_files(manifest, [CHARTS]) - first
    assert charts, "the figures stand there as text before the charts have arrived"
    print(f"charts: {weigh(charts) / 1000:.0f} kB, after the figures")
    assert weigh(charts) < 180_000


def test_what_signs_in_elsewhere_is_not_waited_for(manifest: dict[str, Any]) -> None:
    away = list_files(manifest, ["src/session/issuer.ts"]) - list_files(manifest, [ENTRY])
    assert away, "most readers never come by an identity provider"
    print(f"signing in at an identity provider: {weigh(away) / 1000:.0f} kB")
