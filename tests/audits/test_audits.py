"""The promise to speak GraphQL over HTTP as its specification says: all audits of the package graphql-http, over real HTTP."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from exports.clerk import authorise
from peers import load_build
from stage.cast import found_town
from stage.house import open_house

from tocsin.settings import Settings

FOLDER = Path(__file__).parent
AUDITS = 61
ASKING = {"28B9", "2EA1", "6A70", "BF61", "D6D5"}
"""The audits that send `__type`, to have a field with an argument on any server."""
PATIENCE = 60


@pytest.fixture(scope="session")
def node() -> str:
    """Node's program, with the audits beside it."""
    build = load_build()
    try:
        found, _ = build.install(FOLDER)
    except build.Unbuildable as error:
        pytest.skip(f"The audits of graphql-http are not here and cannot be installed: {error}")
    return str(found)


async def audit(node: str, settings: Settings) -> list[dict[str, Any]]:
    """Return what became of each audit."""
    authorization = authorise(settings, await found_town())
    url = f"http://127.0.0.1:{settings.port}/graphql"
    process = await asyncio.create_subprocess_exec(
        node, FOLDER / "audits.mjs", url, authorization, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        told, _ = await process.communicate()
    results: list[dict[str, Any]] = json.loads(told)
    return results


async def test_every_audit_of_the_specification_is_passed(node: str, database_url: str) -> None:
    async with open_house(database_url) as settings:
        results = await audit(node, settings)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS


async def test_in_production_those_audits_alone_fail_that_ask_for_the_schema(node: str, database_url: str) -> None:
    async with open_house(database_url, tocsin_production=True) as settings:
        results = await audit(node, settings)
    assert {result["id"] for result in results if result["status"] != "ok"} == ASKING
    assert len(results) == AUDITS
