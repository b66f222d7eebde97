"""What every test may ask for: a real PostgreSQL with a migrated database of its own, cloned from a template."""

import asyncio
import inspect
import re
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from stage.cluster import clear_room, copy_database, drop_database, find_room, make_room, start_cluster
from stage.house import open_house
from stage.polling import bound

from tocsin.database import open_database
from tocsin.embedded import EmbeddedPostgres
from tocsin.settings import Settings

# Who lives in the towns of these tests, and their numbers and addresses.
PERSONS = re.compile(r"Tremblay|Bouchard|\+1418555\d{4}|@exemple\.test")
SENDER = re.compile(r"alert\w*@|\+14185550100")
"""What we send from is no citizen's."""


def pytest_configure(config: pytest.Config) -> None:
    """Give the whole run, workers included, one room in which clusters are prepared."""
    if (room := make_room()) is not None:
        config.add_cleanup(lambda: clear_room(room))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster of this worker alone, gone with the session."""
    with tempfile.TemporaryDirectory(dir=find_room(), ignore_cleanup_errors=True) as directory:
        cluster = start_cluster(Path(directory))
        yield cluster
        cluster.stop()


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"t{uuid4().hex}"
    asyncio.run(copy_database(postgres, name))
    yield postgres.url(name)
    asyncio.run(drop_database(postgres, name))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """A fresh database with this process's pool open on it."""
    async with open_database(database_url):
        yield database_url


@pytest.fixture
async def house(database: str) -> AsyncIterator[Settings]:
    """A server that does no jobs, beside the pool through which tests make things happen."""
    async with open_house(database) as settings:
        yield settings


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Let no test wait for ever, nor an example of one."""
    if not isinstance(item, pytest.Function):
        return
    marker = item.get_closest_marker("timeout")
    seconds = 0.9 * float(marker.args[0] if marker else item.config.getini("timeout"))
    if inspect.iscoroutinefunction(item.obj):
        item.obj = bound(item.obj, seconds)
    elif (given := getattr(item.obj, "hypothesis", None)) and inspect.iscoroutinefunction(given.inner_test):
        given.inner_test = bound(given.inner_test, seconds)


def find_persons(text: str) -> list[str]:
    """Return every line that shows a citizen of the cast."""
    return [line for line in text.splitlines() if PERSONS.search(SENDER.sub("", line))]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail whatever test has passed and left a person of the cast in what was logged meanwhile."""
    report = yield
    if report.passed and call.when == "call":
        shown = [line for name, text in report.sections if "Captured" in name for line in find_persons(text)]
        if shown:
            report.outcome = "failed"
            report.longrepr = f"A person is in the log: {shown[0]}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have found worth telling, from whichever worker."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.write_line(str(value))
