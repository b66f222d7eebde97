"""What the tests of carriers may ask for."""

from collections.abc import AsyncIterator

import pytest
from providers.amazon_stand_in import Stage, open_stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """An adapter of Amazon's whose Amazon is the stand-in."""
    async with open_stage() as opened:
        yield opened
