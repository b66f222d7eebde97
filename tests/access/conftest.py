"""Two towns on one server, and what of the schema has been visited, told at the end of the run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from access.towns import Belongings, furnish
from graphql import GraphQLSchema, build_schema
from schema.council import get_schema, seat_port_alder, seat_sainte_rive
from stage.house import open_house

PATIENCE = 30
ANY_COST = 1_000_000
"""These documents ask for everything at once, which no client may; what they cost is for other tests to say."""


@pytest.fixture(scope="session")
def printed() -> GraphQLSchema:
    """The schema as clients know it."""
    return build_schema(get_schema().as_str())


@pytest.fixture
async def towns(database_url: str) -> AsyncIterator[tuple[Belongings, Belongings]]:
    """Sainte-Rive, who asks, and Port-Alder, of whom nothing may be told."""
    async with open_towns(database_url) as found:
        yield found


@asynccontextmanager
async def open_towns(database_url: str) -> AsyncIterator[tuple[Belongings, Belongings]]:
    async with (
        open_house(database_url, tocsin_reminder_minutes="", graphql_cost_limit=str(ANY_COST)) as settings,
        httpx2.AsyncClient(base_url=settings.public_url, timeout=PATIENCE) as client,
    ):
        sainte_rive = await furnish(await seat_sainte_rive(), settings, client)
        yield sainte_rive, await furnish(await seat_port_alder(), settings, client)
