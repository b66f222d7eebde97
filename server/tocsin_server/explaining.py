"""What every command shares: a wrong set-up is one sentence and code 2, wrong input is one and code 1. Imports services and reaching."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from tocsin.errors import ConfigurationError, TocsinError
from tocsin.settings import Settings
from tocsin_server.reaching import reaching
from tocsin_server.services import locate_database


@contextmanager
def explaining() -> Iterator[None]:
    """End with 2 and one sentence where the set-up is wrong, with 1 where the input is."""
    try:
        yield
    except ConfigurationError as error:
        print(f"tocsin: {error.message}", file=sys.stderr)
        raise typer.Exit(2) from None
    except TocsinError as error:
        print(f"tocsin: {error.message}", file=sys.stderr)
        raise typer.Exit(1) from None


def with_database(settings: Settings, use: Callable[[str], None]) -> None:
    """Call something with the database's URL; an embedded PostgreSQL runs meanwhile."""
    url, postgres = locate_database(settings)
    try:
        with reaching():
            use(url)
    finally:
        if postgres is not None:
            postgres.stop()
