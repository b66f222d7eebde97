"""Promises of announcements over Redis: heard across broadcasts, RESYNC after each loss, one waiting message a channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage.polling import until
from stage.valkey import Valkey, open_valkey

from tocsin.live.broadcasts import make_broadcast
from tocsin.live.channels import Channels
from tocsin.live.redis_backend import RESYNC, RedisBackend, join


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[int | None] = []

    def __call__(self, version: int | None) -> None:
        self.heard.append(version)

    def has(self, version: int | None, times: int = 1) -> bool:
        return self.heard.count(version) >= times


@asynccontextmanager
async def open_two(url: str) -> AsyncIterator[tuple[RedisBackend, RedisBackend, Channels]]:
    """Two processes' backends, and what the second of them hears."""
    first, second = RedisBackend(url), RedisBackend(url)
    async with make_broadcast(first), make_broadcast(second) as broadcast:
        channels = Channels(broadcast)
        await until(lambda: both(first, second))
        yield first, second, channels


async def both(first: RedisBackend, second: RedisBackend) -> bool:
    return first.hearing and second.hearing


async def hear(channels: Channels, name: str, ear: Ear) -> None:
    """Begin to hear a channel, and return once Redis has confirmed it."""
    channels.hear(name, ear)
    await until(lambda: says(ear, None, 2))


async def says(ear: Ear, version: int | None, times: int = 1) -> bool:
    return ear.has(version, times)


async def test_an_announcement_is_heard_by_the_other_process() -> None:
    async with open_valkey() as valkey, open_two(valkey.url) as (first, _, channels):
        ear = Ear()
        await hear(channels, "communication:1", ear)
        await first.publish("communication:1", "7")
        await until(lambda: says(ear, 7))
        await channels.leave("communication:1", ear)


async def test_every_channel_is_told_to_look_after_redis_was_restarted_and_hears_again() -> None:
    async with open_valkey() as valkey, open_two(valkey.url) as (first, second, channels):
        ears = {f"communication:{number}": Ear() for number in range(5)}
        for name, ear in ears.items():
            await hear(channels, name, ear)
        await valkey.kill()
        await until(lambda: lost(second))
        looked = {name: ear.heard.count(None) for name, ear in ears.items()}
        await valkey.start()
        for name, ear in ears.items():
            await until(lambda ear=ear, name=name: says(ear, None, looked[name] + 1))  # type: ignore[misc]
        await until(lambda: both(first, second))
        await tell(first, ears)
        assert second.losses == 1
        for name, ear in ears.items():
            await channels.leave(name, ear)


async def lost(backend: RedisBackend) -> bool:
    return not backend.hearing


async def tell(backend: RedisBackend, ears: dict[str, Ear]) -> None:
    """Announce something on every channel until it is heard: a publisher waits a moment after it has failed."""
    for name, ear in ears.items():

        async def heard(name: str = name, ear: Ear = ear) -> bool:
            await backend.publish(name, "9")
            return ear.has(9)

        await until(heard)


async def test_a_channel_that_begins_while_redis_is_away_is_heard_once_it_is_back() -> None:
    async with open_valkey() as valkey, open_two(valkey.url) as (first, second, channels):
        await valkey.kill()
        await until(lambda: lost(second))
        ear = Ear()
        channels.hear("communication:1", ear)
        await until(lambda: says(ear, None))
        await valkey.start()
        await tell(first, {"communication:1": ear})
        await channels.leave("communication:1", ear)


async def test_while_redis_is_away_a_process_hears_itself() -> None:
    valkey = Valkey(9)
    backend = RedisBackend(valkey.url)
    async with make_broadcast(backend) as broadcast:
        channels, ear = Channels(broadcast), Ear()
        channels.hear("communication:1", ear)
        await until(lambda: says(ear, None))
        await backend.publish("communication:1", "3")
        await until(lambda: says(ear, 3))
        await channels.leave("communication:1", ear)


async def test_a_reader_who_is_behind_finds_one_message_a_channel() -> None:
    backend = RedisBackend("redis://127.0.0.1:9/0")
    await backend.subscribe("communication:1")
    for version in range(10_000):
        backend._offer("communication:1", str(version))
        backend._offer("communication:2", "1")
    event = await backend.next_published()
    assert (event.channel, event.message) == ("communication:1", "9999")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await backend.next_published()
    await backend.disconnect()


@given(st.lists(st.sampled_from(["0", "3", "12", RESYNC]), min_size=1))
def test_one_message_says_as_much_as_all_that_it_stands_for(messages: list[str]) -> None:
    waiting: str | None = None
    for message in messages:
        waiting = join(waiting, message)
    expected = RESYNC if RESYNC in messages else str(max(map(int, messages)))
    assert waiting == expected
