"""The promise that no two calls to one number are ever open, under every interleaving of takes, reports and expiries."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.cast import Alert, found_town, lose_answer, settle_citizens
from stage.lane import find_due, hold_lane, open_carrier, open_shop, plan, report, work

from tocsin.database import connect_alone, get_database
from tocsin.due import Lease
from tocsin.expiry import expire_deliveries, measure_expiries
from tocsin.handover import Taken, give_back, take_deliveries
from tocsin.lanes import LaneState
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery
from tocsin.records.people import ContactPoint
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.turns import Candidate, Turns
from tocsin.waiting import SAID_BEFORE_THE_END, UNDER_WAY, Waiting, has_open_call, list_heads
from tocsin.words import Channel, Handling

S = DeliveryStatus
LASTS = measure_expiries(read_settings())
ENDED_BY_THEMSELVES = (S.CALL_NO_ANSWER, S.CALL_BUSY, S.CALL_FAILED, S.CALL_COMPLETED)

pytestmark = pytest.mark.usefixtures("database")


def number(index: int) -> str:
    return f"+1418555{index:04}"


async def stage(numbers: Sequence[int]) -> Alert:
    """Put a call to each of these numbers on stage, several citizens sharing one."""
    town = await found_town(f"town-{uuid4().hex[:10]}")
    citizens = await settle_citizens(town, len(numbers), (Channel.CALL,))
    for citizen, index in zip(citizens, numbers, strict=True):
        await ContactPoint.filter(citizen_id=citizen.id).update(address=number(index))
    return await plan(town, citizens, channel=Channel.CALL)


@dataclass
class Exchange:
    """What a telephone exchange would see, kept by the test's own rules, without a look into the database."""

    lane: LaneState
    lease: Lease
    numbers: dict[UUID, str]
    turns: Turns = field(default_factory=Turns)
    open: dict[str, UUID] = field(default_factory=dict)
    begun: list[UUID] = field(default_factory=list)

    async def take(self, limit: int) -> Taken:
        taken = await take_deliveries(self.lane, self.lease, limit, turns=self.turns)
        for each in taken.hand_overs:
            called = self.numbers[each.delivery_id]
            assert called == each.address
            assert called not in self.open, "a second call to a number that has one open"
            self.open[called] = each.delivery_id
            self.begun.append(each.delivery_id)
        return taken

    def pick(self, place: int) -> UUID | None:
        """One of the open calls."""
        calls = sorted(self.open.values())
        return calls[place % len(calls)] if calls else None

    def close(self, delivery_id: UUID) -> None:
        del self.open[self.numbers[delivery_id]]


async def say(exchange: Exchange, key: UUID, status: DeliveryStatus, *, ended: bool) -> None:
    await apply_events([report(key, status, ended=ended)], LASTS)
    if ended:
        exchange.close(key)


async def expire(exchange: Exchange, key: UUID) -> None:
    """Let the carrier be silent about a call for too long; SENDING never expires."""
    rows = await get_database().execute_query_dict(
        "UPDATE delivery SET expires_at = now() - interval '1 second' WHERE id = $1 AND expires_at IS NOT NULL RETURNING id",
        [key],
    )
    await expire_deliveries()
    if rows:
        exchange.close(key)


async def lose(exchange: Exchange, key: UUID) -> None:
    """Lose the answer: the call may ring all the same, so it stays open."""
    await lose_answer(key)


async def withdraw(exchange: Exchange, key: UUID) -> None:
    """Hear that the carrier did not process the request."""
    row = await Delivery.get(id=key)
    if row.handling is Handling.SENDING and row.status is None:
        await give_back([key])
        exchange.close(key)
        exchange.begun.remove(key)


STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(1, 4)),
    st.tuples(st.just("say"), st.integers(0, 5), st.sampled_from([*UNDER_WAY, *SAID_BEFORE_THE_END]), st.booleans()),
    st.tuples(st.just("say"), st.integers(0, 5), st.sampled_from(ENDED_BY_THEMSELVES), st.just(True)),
    st.tuples(st.sampled_from(["expire", "lose", "withdraw"]), st.integers(0, 5)),
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(numbers=st.lists(st.integers(1, 4), min_size=1, max_size=9), steps=st.lists(STEPS, max_size=25))
async def test_no_interleaving_opens_a_second_call_to_a_number(
    numbers: list[int], steps: list[tuple[object, ...]]
) -> None:
    await check(numbers, steps)


@pytest.mark.proof
@pytest.mark.timeout(1_800)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(numbers=st.lists(st.integers(1, 5), min_size=1, max_size=16), steps=st.lists(STEPS, max_size=60))
async def test_no_long_interleaving_opens_a_second_call_to_a_number(
    numbers: list[int], steps: list[tuple[object, ...]]
) -> None:
    await check(numbers, steps)


async def check(numbers: Sequence[int], steps: Sequence[tuple[object, ...]]) -> None:
    await get_database().execute_query("TRUNCATE delivery, due, lane, wave, communication, tally CASCADE")
    alert = await stage(numbers)
    exchange = Exchange(*await hold_lane(), {each.id: each.address for each in alert.deliveries})
    # A machine that stands still for a minute must not lose the lane: leases have their own tests.
    await get_database().execute_query("UPDATE due SET leased_until = now() + interval '1 day'")
    for step, *rest in steps:
        await make_step(exchange, str(step), rest)
    await play_to_the_end(exchange)
    assert Counter(exchange.begun) == Counter(each.id for each in alert.deliveries), "each was called once in the end"


async def make_step(exchange: Exchange, step: str, rest: Sequence[object]) -> None:
    if step == "take":
        await exchange.take(int(str(rest[0])))
        return
    key = exchange.pick(int(str(rest[0])))
    if key is None:
        return
    if step == "say":
        status, ended = rest[1:]
        assert isinstance(status, DeliveryStatus)
        await say(exchange, key, status, ended=bool(ended))
    else:
        await {"expire": expire, "lose": lose, "withdraw": withdraw}[step](exchange, key)


async def play_to_the_end(exchange: Exchange) -> None:
    """Let every call end, and whatever waited for that be called."""
    for _ in range(4 * len(exchange.numbers) + 4):
        taken = await exchange.take(3)
        if taken.waiting is Waiting.NOTHING and not exchange.open:
            return
        for key in list(exchange.open.values()):
            await say(exchange, key, S.CALL_COMPLETED, ended=True)
    raise AssertionError(f"the lane still has something to do, {taken.waiting}, and hands out nothing")


async def test_a_call_that_waits_for_another_is_made_when_that_one_has_ended() -> None:
    alert = await stage([7, 7])
    first, second = alert.deliveries
    async with open_carrier() as carrier, open_shop(carrier, Channel.CALL) as shop:
        await work(shop)
        assert carrier.taken == [str(first.id)]
        await work(shop)
        assert carrier.taken == [str(first.id)]
        due = await find_due()
        rows = await get_database().execute_query_dict(
            "SELECT extract(epoch FROM due_at - now())::float8 AS s FROM due"
        )
        assert (due.error, due.leased_until, 0 < rows[0]["s"] <= 2) == (None, None, True)
        await apply_events([report(first.id, S.CALL_COMPLETED, ended=True)], LASTS)
        await work(shop)
    assert carrier.taken == [str(first.id), str(second.id)]


@pytest.mark.parametrize("status", SAID_BEFORE_THE_END)
async def test_a_mailbox_or_a_pressed_key_is_not_the_end_but_silence_after_it_is(status: DeliveryStatus) -> None:
    await stage([7, 7])
    lane, lease = await hold_lane()
    [hand_over] = (await take_deliveries(lane, lease, 2, turns=Turns())).hand_overs
    await apply_events([report(hand_over.delivery_id, status)], LASTS)
    assert (await take_deliveries(lane, lease, 2, turns=Turns())).waiting is Waiting.BLOCKED
    await get_database().execute_query(
        "UPDATE delivery SET status_at = now() - interval '301 seconds' WHERE handling = 3"
    )
    assert len((await take_deliveries(lane, lease, 2, turns=Turns())).hand_overs) == 1


async def test_texts_to_one_number_wait_for_nobody() -> None:
    town = await found_town()
    citizens = await settle_citizens(town, 3)
    await ContactPoint.all().update(address=number(7))
    await plan(town, citizens)
    lane, lease = await hold_lane()
    assert len((await take_deliveries(lane, lease, 3, turns=Turns())).hand_overs) == 3


async def test_workers_who_take_at_the_same_moment_open_one_call_to_a_number() -> None:
    alerts = [await stage([7]) for _ in range(4)]
    lane, lease = await hold_lane()
    heads = await list_heads(lane, 1)
    for _ in range(5):
        await Delivery.all().update(handling=Handling.PLANNED)
        # As if each believed to hold the lane, and each with another alert in mind: what one commits the next has to see.
        takes = [take_deliveries(lane, lease, 1, turns=prefer(alert, heads)) for alert in alerts]
        called = [each.address for taken in await asyncio.gather(*takes) for each in taken.hand_overs]
        assert called == [number(7)]


def prefer(alert: Alert, heads: Sequence[Candidate]) -> Turns:
    """Whose turn it is when everybody else has just been served."""
    turns = Turns()
    turns.deal([head for head in heads if head.communication_id != alert.id], len(heads))
    return turns


async def test_an_open_call_is_found_by_its_number_alone(database: str) -> None:
    """Without its index every take would read every call ever made: the index has to say what the statement says."""
    connection = await connect_alone(database)
    await connection.execute("SET enable_seqscan = off")
    lines = await connection.fetch(f"EXPLAIN SELECT {has_open_call('$1::text')}", number(1))
    await connection.close()
    assert any("delivery_open_call" in line[0] for line in lines)
