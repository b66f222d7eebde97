"""Promises about lost answers: asked about and never blindly repeated, UNCERTAIN in the end, and a report wins at any time."""

from collections.abc import Callable

import pytest
from stage.cast import Alert, assess, draft, found_town, send_by_hand, send_now, settle_citizens
from stage.office import (
    Office,
    accept_and_lose,
    deny,
    do_due_work,
    lose,
    mumble,
    open_shop,
    pass_time,
    refuse,
)

from tocsin.database import get_database
from tocsin.events import Certainty, Finding, Inquiry
from tocsin.expiry import expire_deliveries
from tocsin.handover import give_back
from tocsin.lost import claim_lost, note_lost, note_orphans, plan_lost
from tocsin.records.communications import Communication, Delivery, Recipient, Tally
from tocsin.records.work import Due, Lane
from tocsin.settings import read_settings
from tocsin.settlement import measure_terms
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel, CommunicationState, Handling, Outcome, OutcomeReason, SkipReason
from tocsin_jobs.asking import ask_about_lost
from tocsin_jobs.workshop import Workshop

S = DeliveryStatus
TERMS = measure_terms(read_settings())

pytestmark = pytest.mark.usefixtures("database")


async def hand_out(shop: Workshop, citizens: int = 1) -> Communication:
    """Send a text to a new town of so many, until the carrier has been asked to take each."""
    town = await found_town(f"town-{await Communication.all().count()}")
    await settle_citizens(town, citizens)
    communication = await draft(town)
    await send_now(communication)
    await do_due_work(shop)
    await do_due_work(shop)
    return communication


async def ask_after(shop: Workshop, seconds: float) -> None:
    await pass_time(seconds)
    await ask_about_lost(shop)


async def read_delivery() -> Delivery:
    return await Delivery.get()


async def test_a_lost_answer_leaves_the_delivery_in_progress_and_unsettled() -> None:
    async with open_shop(Office(answer=accept_and_lose)) as shop:
        communication = await hand_out(shop)
    delivery, tally = await read_delivery(), await Tally.get(communication_id=communication.id)
    assert (delivery.handling, delivery.lost_at is not None) == (Handling.SENDING, True)
    assert (tally.in_progress, tally.uncertain) == (1, 0)


async def test_what_the_carrier_has_is_taken_under_its_id_and_not_sent_again() -> None:
    office = Office(answer=accept_and_lose)
    async with open_shop(office) as shop:
        await hand_out(shop)
        await ask_after(shop, 31)
        await do_due_work(shop)
    delivery = await read_delivery()
    assert (delivery.handling, delivery.status) == (Handling.TAKEN, S.SMS_SENT)
    assert (delivery.carrier_id, office.count(delivery.id)) == ("SM" + "0" * 32, 1)


async def test_nobody_is_asked_before_half_a_minute() -> None:
    office = Office(answer=accept_and_lose)
    async with open_shop(office) as shop:
        await hand_out(shop)
        await ask_after(shop, 28)
    assert office.asked == []


async def test_what_is_missing_once_is_not_believed_to_be_missing() -> None:
    async with open_shop(Office(answer=lose)) as shop:
        await hand_out(shop)
        await ask_after(shop, 90)
    assert (await read_delivery()).handling is Handling.SENDING


async def test_what_is_missing_twice_within_a_minute_is_not_believed_to_be_missing() -> None:
    async with open_shop(Office(answer=lose), tocsin_speed=2) as shop:
        await hand_out(shop)
        await ask_after(shop, 15.1)
        await get_database().execute_query("UPDATE delivery SET asked_at = asked_at - interval '16 seconds'")
        await ask_about_lost(shop)
        delivery = await read_delivery()
        assert (delivery.handling, delivery.asks) == (Handling.SENDING, 2)
        await ask_after(shop, 15.1)
    assert (await read_delivery()).handling is Handling.PLANNED


async def test_what_is_missing_twice_is_handed_over_again_and_once() -> None:
    office = Office(answer=lose)
    async with open_shop(office) as shop:
        await hand_out(shop)
        await ask_after(shop, 31)
        await ask_after(shop, 31)
        delivery = await read_delivery()
        assert (delivery.handling, delivery.lost_at, delivery.asked_at, delivery.asks) == (
            Handling.PLANNED,
            None,
            None,
            0,
        )
        office.answer = None
        await do_due_work(shop)
    delivery = await read_delivery()
    assert (delivery.handling, office.count(delivery.id)) == (Handling.TAKEN, 1)


async def test_an_answer_in_between_that_says_nothing_begins_the_count_anew() -> None:
    office = Office(answer=lose)
    async with open_shop(office) as shop:
        await hand_out(shop)
        for know in (None, mumble, None):
            office.know = know
            await ask_after(shop, 31)
        assert (await read_delivery()).handling is Handling.SENDING
        await ask_after(shop, 31)
    assert (await read_delivery()).handling is Handling.PLANNED


async def test_what_stays_unclear_for_ten_minutes_is_uncertain_and_not_handed_over_again() -> None:
    office = Office(answer=accept_and_lose, know=mumble)
    async with open_shop(office) as shop:
        communication = await hand_out(shop)
        await ask_after(shop, 590)
        assert (await read_delivery()).handling is Handling.SENDING
        await ask_after(shop, 40)
        await do_due_work(shop)
        assert (await read_delivery()).handling is Handling.UNCERTAIN
        tally = await Tally.get(communication_id=communication.id)
        assert (tally.uncertain, tally.in_progress, office.count((await read_delivery()).id)) == (1, 1, 1)
        await pass_time(1801)
        shop.announce(await expire_deliveries())
    recipient = await Recipient.get()
    assert (recipient.outcome, recipient.reason) == (Outcome.NOT_CONTACTED, OutcomeReason.UNCERTAIN)
    assert (await Communication.get(id=communication.id)).state is CommunicationState.COMPLETED


async def test_an_email_waits_five_minutes_for_its_events_and_is_never_handed_over_again() -> None:
    def shrug(office: Office, inquiry: Inquiry) -> Finding:
        return Finding(Certainty.UNKNOWABLE)

    async with open_shop(Office(answer=accept_and_lose, know=shrug)) as shop:
        await hand_out(shop)
        await ask_after(shop, 290)
        assert (await read_delivery()).handling is Handling.SENDING
        await ask_after(shop, 31)
    assert (await read_delivery()).handling is Handling.UNCERTAIN


@pytest.mark.parametrize(("know", "seconds"), [(mumble, 31), (deny, 31), (mumble, 700)])
async def test_a_report_wins_at_any_time(know: Callable[[Office, Inquiry], Finding], seconds: float) -> None:
    office = Office(answer=accept_and_lose, know=know)
    async with open_shop(office) as shop:
        await hand_out(shop)
        await ask_after(shop, seconds)
        delivery = await read_delivery()
        sid = office.accepted[delivery.address][0][0]
        await shop.writer.keep([office.report(delivery.id, sid, S.SMS_RECEIVED)])
        await ask_after(shop, 2000)
        await expire_deliveries()
    delivery, tally = await read_delivery(), await Tally.get()
    assert (delivery.handling, delivery.status) == (Handling.TAKEN, S.SMS_RECEIVED)
    assert (tally.uncertain, tally.contacted) == (0, 1)


async def test_what_has_been_handed_over_again_since_is_not_planned_by_whoever_asked_before() -> None:
    """Two processes ask about one delivery; the slower one's answer is about a hand-over that is over."""
    async with open_shop(Office(answer=lose)) as shop:
        await hand_out(shop)
        await pass_time(100)
        [slow] = await claim_lost(Channel.SMS, TERMS, limit=5)
        await plan_lost(slow)
        await do_due_work(shop)
        assert (await read_delivery()).lost_at is not None, "handed over and lost once more"
        await plan_lost(slow)
    assert (await read_delivery()).handling is Handling.SENDING


async def test_two_processes_do_not_ask_about_the_same_delivery() -> None:
    async with open_shop(Office(answer=lose)) as shop:
        await hand_out(shop, citizens=3)
        await pass_time(100)
    assert [len(await claim_lost(Channel.SMS, TERMS, limit=2)) for _ in range(3)] == [2, 1, 0]


async def test_whoever_lost_the_lane_cannot_call_lost_what_another_has_taken_since() -> None:
    alert = await stage_sending()
    await Delivery.all().update(fence=7)
    await note_lost(alert.deliveries[0].id, 6)
    assert (await read_delivery()).lost_at is None
    await note_lost(alert.deliveries[0].id, 7)
    assert (await read_delivery()).lost_at is not None


async def stage_sending(citizens: int = 1) -> Alert:
    town = await found_town()
    await settle_citizens(town, citizens)
    alert = await send_by_hand(town)
    await assess(alert.id)
    return alert


async def test_what_was_not_processed_is_planned_again_unless_a_report_says_otherwise() -> None:
    alert = await stage_sending(2)
    office = Office()
    async with open_shop(office) as shop:
        await shop.writer.keep([office.report(alert.deliveries[0].id, "SM1", S.SMS_QUEUED)])
    await give_back([each.id for each in alert.deliveries])
    handlings = [(await Delivery.get(id=each.id)).handling for each in alert.deliveries]
    assert handlings == [Handling.TAKEN, Handling.PLANNED]


async def test_what_was_cancelled_meanwhile_is_not_handed_over_again() -> None:
    async with open_shop(Office(answer=lose)) as shop:
        await hand_out(shop)
        await Communication.all().update(state=CommunicationState.CANCELLED)
        for _ in range(2):
            await ask_after(shop, 31)
    delivery = await read_delivery()
    assert (delivery.handling, delivery.skip_reason) == (Handling.SKIPPED, SkipReason.CANCELLED)


async def test_what_a_dead_process_left_behind_is_asked_about() -> None:
    alert = await stage_sending()
    await Delivery.all().update(handed_at=alert.communication.created_at)
    assert await note_orphans() == 0
    await pass_time(121)
    assert (await note_orphans(), await note_orphans()) == (1, 0)
    async with open_shop(Office()) as shop:
        await ask_after(shop, 31)
        await ask_after(shop, 31)
    assert (await read_delivery()).handling is Handling.PLANNED
    lane = await Lane.get()
    assert await Due.filter(kind="LANE", subject_id=lane.id).count() == 1


async def test_an_account_that_is_set_up_no_more_ends_in_uncertain() -> None:
    async with open_shop(Office(answer=lose)) as shop:
        await hand_out(shop)
    async with open_shop(Office(account="AC" + "9" * 32)) as shop:
        await ask_after(shop, 601)
    assert (await read_delivery()).handling is Handling.UNCERTAIN


async def test_a_refusal_is_an_answer() -> None:
    async with open_shop(Office(answer=refuse)) as shop:
        await hand_out(shop)
    assert (await read_delivery()).status is S.SMS_FAILED
