"""Promises of a lane whose carrier says no: it rests, it pauses loudly once, it tries again, and it forgets nobody."""

import pytest
from stage.cast import Alert, Town, found_town, settle_citizens
from stage.lane import age, choose_settings, count_handlings, find_due, open_carrier, open_shop, plan, work
from structlog.testing import capture_logs

from tocsin.database import get_database
from tocsin.events import Verdict
from tocsin.lanes import read_lane
from tocsin.operations import list_lanes
from tocsin.records.work import Due, Lane
from tocsin.words import Channel, Handling
from tocsin_jobs.answers import WRITERS
from tocsin_jobs.lanes import CONCLUSIONS, NO_CARRIER, SHORT_WAIT
from tocsin_jobs.performance import perform
from tocsin_jobs.shift import Ending, Trouble

pytestmark = pytest.mark.usefixtures("database")


async def stage(citizens: int) -> tuple[Town, Alert]:
    town = await found_town()
    return town, await plan(town, await settle_citizens(town, citizens))


async def find_lane() -> Lane:
    return await Lane.get(channel=Channel.SMS)


async def measure_wait() -> float:
    """Seconds until the lane's due row is due."""
    rows = await get_database().execute_query_dict("SELECT extract(epoch FROM due_at - now())::float8 AS s FROM due")
    return float(rows[0]["s"])


def test_every_verdict_is_written_and_every_ending_concluded() -> None:
    assert set(WRITERS) == set(Verdict)
    assert set(CONCLUSIONS) == set(Ending)


async def test_a_carrier_asking_for_time_is_left_alone_for_as_long_as_it_asks() -> None:
    await stage(5)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=1) as shop:
        carrier.answers, carrier.retry_after = [200, 429], 45.0
        await work(shop)
        assert len(carrier.taken) == 2
        assert 43 < await measure_wait() <= 45
        assert await count_handlings() == {Handling.PLANNED: 4, Handling.TAKEN: 1}
        lane = await find_lane()
        assert (lane.refusals, lane.paused_at) == (1, None)
        await work(shop)
        assert await count_handlings() == {Handling.TAKEN: 5}
        assert (await find_lane()).refusals == 0
        assert len(set(carrier.taken)) == 5


async def test_even_new_work_does_not_cut_a_rest_short() -> None:
    town, _ = await stage(2)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        carrier.always, carrier.retry_after = 429, 40.0
        await work(shop)
        asked = len(carrier.taken)
        await plan(town, await settle_citizens(town, 1))
        assert await measure_wait() <= 0
        await perform(shop, (await find_due()).id)
        assert len(carrier.taken) == asked
        assert SHORT_WAIT < await measure_wait() <= 40


async def test_without_a_word_the_rests_grow_and_the_rate_is_halved_each_time() -> None:
    await stage(3)
    waits, rates = [], []
    async with (
        open_carrier() as carrier,
        open_shop(carrier, Channel.SMS, lane_concurrency=1, twilio_messages_per_second=1_000.0) as shop,
    ):
        carrier.always = 429
        for _ in range(4):
            await work(shop)
            waits.append(round(await measure_wait()))
            rates.append((await find_lane()).slowed_to)
    assert waits == [2, 4, 8, 16]
    assert [rate == pytest.approx(1_000 / 2**turn, rel=0.1) for turn, rate in enumerate(rates, 1)] == [True] * 4
    assert len(carrier.taken) == 4, "one request a turn, and no turn before its time"
    [row] = await list_lanes(shop.settings)
    assert row.per_second < 150
    await age(slowed_at=61)
    [row] = await list_lanes(shop.settings)
    assert row.per_second == 1_000


async def test_a_single_lost_answer_stops_nobody_but_a_row_of_them_lets_the_lane_rest() -> None:
    await stage(12)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=1) as shop:
        carrier.answers = [500, 500, 500, 500, 200, *[500] * 7]
        await work(shop)
        assert len(carrier.taken) == 10
        assert await count_handlings() == {Handling.SENDING: 9, Handling.TAKEN: 1, Handling.PLANNED: 2}
        assert await measure_wait() > 1


async def test_a_refused_account_pauses_the_lane_with_one_alarm_and_blames_nobody() -> None:
    await stage(40)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_pause_seconds=50.0) as shop:
        carrier.always = 401
        with capture_logs() as said:
            await work(shop)
            first = (await find_lane()).paused_at
            asked = len(carrier.taken)
            await work(shop)
            await work(shop)
        assert asked <= shop.settings.lane_concurrency
        assert len(carrier.taken) == asked + 2, "one delivery each time tries whether it works again"
        assert [line["reason"] for line in said if line["event"] == "lane paused"] == ["Answered HTTP 401."]
        assert [line["log_level"] for line in said if line["event"] == "lane paused"] == ["error"]
        lane = await find_lane()
        assert (lane.paused_at, lane.reason) == (first, "Answered HTTP 401.")
        assert 48 < await measure_wait() <= 50
        assert await count_handlings() == {Handling.PLANNED: 40}
        assert not any("1418555" in str(line) for line in said)


async def test_a_pause_ends_by_itself_when_the_account_works_again() -> None:
    await stage(6)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        carrier.answers = [401] * 6
        await work(shop)
        assert (await find_lane()).paused_at is not None
        carrier.answers = []
        with capture_logs() as said:
            await work(shop)
        lane = await find_lane()
        assert (lane.paused_at, lane.reason, lane.refusals) == (None, None, 0)
        assert [line["event"] for line in said].count("lane works again") == 1
        assert await count_handlings() == {Handling.TAKEN: 6}
        carrier.always = 401
        with capture_logs() as said:
            town = await found_town("port-alder")
            await plan(town, await settle_citizens(town, 1))
            await work(shop)
        assert [line["event"] for line in said].count("lane paused") == 1, "a new pause is a new alarm"


@pytest.mark.parametrize("answer", [429, 500])
async def test_what_says_nothing_of_the_account_leaves_the_pause_as_it_is(answer: int) -> None:
    await stage(3)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS, lane_concurrency=1) as shop:
        carrier.answers = [401, answer]
        await work(shop)
        await work(shop)
        assert len(carrier.taken) == 2
        assert (await find_lane()).reason == "Answered HTTP 401."
        assert await measure_wait() > 50


async def test_a_lane_without_a_carrier_is_paused_and_never_dies() -> None:
    await stage(1)
    async with open_carrier() as carrier, open_shop(carrier, Channel.CALL) as shop:
        with capture_logs() as said:
            for _ in range(15):
                await work(shop)
    due = await find_due()
    assert (due.dead_at, due.error, (await find_lane()).reason) == (None, None, NO_CARRIER)
    assert [line["event"] for line in said].count("lane paused") == 1


def test_of_two_troubles_the_graver_one_holds_with_the_longer_rest() -> None:
    busy, refused = Trouble(retry_after=30.0, reason="busy"), Trouble(refused=True, reason="refused")
    assert busy.join(refused) == refused.join(busy) == Trouble(refused=True, retry_after=30.0, reason="refused")
    assert busy.join(None) == busy


async def test_a_paused_lane_keeps_its_pace_state_for_the_next_worker() -> None:
    await stage(2)
    async with open_carrier() as carrier, open_shop(carrier, Channel.SMS) as shop:
        carrier.always = 401
        await work(shop)
    state = await read_lane((await find_lane()).id)
    assert (state.paused, 50 < state.wait <= choose_settings().lane_pause_seconds) == (True, True)
    assert await Due.filter(dead_at__isnull=False).count() == 0
