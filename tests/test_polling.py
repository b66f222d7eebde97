"""Promises about the tests themselves: none waits for ever, and one that waits too long says where."""

import asyncio

import pytest
from stage.polling import bound, until


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


async def spin() -> None:
    while True:  # noqa: ASYNC110 - that is what is ended
        await asyncio.sleep(0)


async def give_up_early() -> None:
    async def never() -> bool:
        return False

    await until(never, seconds=0.01)


@pytest.mark.parametrize("test", [wait_for_ever, spin])
async def test_a_test_that_never_ends_is_ended(test: object) -> None:
    with pytest.raises(AssertionError, match="not over after 0 seconds"):
        await bound(test, 0.05)()  # type: ignore[arg-type]


async def test_a_test_that_loses_patience_itself_says_so() -> None:
    with pytest.raises(TimeoutError):
        await bound(give_up_early, 30)()
