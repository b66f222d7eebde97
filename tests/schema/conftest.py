"""The two councils of these tests."""

import pytest
from schema.council import Council, seat_port_alder, seat_sainte_rive


@pytest.fixture
async def sainte_rive(database: str) -> Council:
    """French-speaking Sainte-Rive."""
    return await seat_sainte_rive()


@pytest.fixture
async def port_alder(database: str) -> Council:
    """Port-Alder, whose people must see nothing of Sainte-Rive."""
    return await seat_port_alder()
