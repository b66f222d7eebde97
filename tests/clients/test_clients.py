"""Promises of docs/clients.md: its examples run as they stand there, and come back after a break with what they missed."""

import asyncio
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from clients.examples import Example, read_examples
from graphql import build_schema, parse, validate
from live.control_room import move
from stage.cast import Alert, found_town, send_and_assess, settle_citizens
from stage.proxy import Proxy, open_relay

from tocsin.identifiers import expose
from tocsin.settings import Settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server.authentication import issue_token

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


PATIENCE = 40
EXAMPLES = read_examples()
# By language: how the file is called, and what drives it.
RUNNERS = {"js": ("example.mjs", "drive.mjs"), "python": ("example.py", "drive.py")}
ABSENT = {
    "kotlin": "no Kotlin compiler with Apollo's generator",
    "swift": "no Swift compiler with Apollo's generator",
    "js": "no node with the console's packages",
}


@cache
def find_program(language: str) -> str | None:
    """Return what runs a language here; nothing where its toolchain is missing."""
    if language == "python":
        return sys.executable
    packages = ROOT / "console" / "node_modules" / "ws"
    return find_node() if language == "js" and packages.exists() else None


def find_node() -> str | None:
    """Return the node that builds the page: the machine's, else the one that a package brought."""
    spec = importlib.util.spec_from_file_location("console_build", ROOT / "console" / "build.py")
    assert spec is not None, "the file is there"
    assert spec.loader is not None, "it is Python"
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    found = build.find_own_node() or build.find_packaged_node()
    return found[0] if found else None


@dataclass
class Client:
    """An example that runs, and what it has said."""

    process: asyncio.subprocess.Process

    async def next(self) -> dict[str, Any]:
        """Return the next message that it shows."""
        assert self.process.stdout is not None, "it was asked for"
        async with asyncio.timeout(PATIENCE):
            while line := await self.process.stdout.readline():
                if line.startswith(b"{"):
                    said: dict[str, Any] = json.loads(line)
                    return said
        raise AssertionError("the example has ended")


@asynccontextmanager
async def run(example: Example, directory: Path, environment: dict[str, str]) -> AsyncIterator[Client]:
    name, driver = RUNNERS[example.language]
    program = find_program(example.language)
    assert program is not None, "it was looked for before"
    (directory / name).write_text(example.code, encoding="utf-8")
    shutil.copy(HERE / driver, directory / driver)
    (directory / "node_modules").symlink_to(ROOT / "console" / "node_modules")
    process = await asyncio.create_subprocess_exec(
        program, driver, str(directory / name),
        cwd=directory, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Client(process)
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
async def alert(database: str) -> Alert:
    town = await found_town()
    await settle_citizens(town, 12)
    return await send_and_assess(town)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.language != "graphql"], ids=lambda each: each.heading
)
async def test_an_example_follows_and_comes_back_with_what_it_missed(
    example: Example, house: Settings, alert: Alert, tmp_path: Path
) -> None:
    if find_program(example.language) is None:
        pytest.skip(f"{example.heading} is not run: there is {ABSENT[example.language]} here")
    async with (
        open_relay(house.port) as relay,
        run(example, tmp_path, describe(house, relay, alert)) as client,
    ):
        first = await client.next()
        assert (first["statistics"]["inProgress"], first["recipients"]) == (12, [])
        await move(alert, [0, 1])
        assert {each["id"] for each in (await client.next())["recipients"]} == name(alert, [0, 1])
        relay.break_down()
        await move(alert, [2, 3, 4])
        version = await move(alert, [5])
        relay.mend()
        back = await client.next()
        assert (back["version"], back["resync"], back["statistics"]["contacted"]) == (version, False, 6)
        assert {each["id"] for each in back["recipients"]} == name(alert, [2, 3, 4, 5]), "what it missed, and no more"
        await move(alert, [6])
        assert {each["id"] for each in (await client.next())["recipients"]} == name(alert, [6])
        assert relay.seen == 2


def describe(house: Settings, relay: Proxy, alert: Alert) -> dict[str, str]:
    token = issue_token(
        house, municipality="sainte-rive", subject="script", name="Odile", role=Role.VIEWER, now=tell_time(),
        lifetime=timedelta(hours=1),
    )  # fmt: skip
    return {"URL_OF_SERVER": relay.url, "TOKEN": token, "COMMUNICATION": expose("communication", alert.id)}


def name(alert: Alert, places: list[int]) -> set[str]:
    return {expose("recipient", alert.recipients[place].id) for place in places}


def test_every_document_of_the_page_fits_the_schema() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    documents = [(each.heading, text) for each in EXAMPLES for text in each.documents]
    assert len(documents) == 6
    for heading, text in documents:
        assert validate(schema, parse(text)) == [], heading


def test_the_page_has_an_example_for_each_kind_of_client() -> None:
    told = {(each.heading, each.language) for each in EXAMPLES if each.language != "graphql"}
    assert told == {
        ("graphql-ws alone", "js"),
        ("urql", "js"),
        ("Apollo Client", "js"),
        ("A script", "python"),
        ("Kotlin", "kotlin"),
        ("Swift", "swift"),
    }
