"""Promises about lost answers where several citizens share a number: nobody's message is taken for another's."""

import pytest
from stage.cast import Town, draft, found_town, send_now, settle_citizens
from stage.office import (
    Office,
    accept_and_lose,
    do_due_work,
    lose,
    open_shop,
    pass_time,
)

from tocsin.database import get_database
from tocsin.events import Answer, Certainty, Finding, HandOver, Verdict
from tocsin.records.communications import Delivery
from tocsin.statuses import DeliveryStatus
from tocsin.words import Handling
from tocsin_jobs.asking import ask_about_lost
from tocsin_jobs.workshop import Workshop

S = DeliveryStatus

pytestmark = pytest.mark.usefixtures("database")


async def ask_after(shop: Workshop, seconds: float) -> None:
    await pass_time(seconds)
    await ask_about_lost(shop)


async def share_a_number(shop: Workshop, citizens: int) -> Town:
    """A household: everybody has the same number."""
    town = await found_town()
    await settle_citizens(town, citizens)
    await get_database().execute_query("UPDATE contact_point SET address = '+14185550142'")
    communication = await draft(town)
    await send_now(communication)
    for _ in range(3):
        await do_due_work(shop)
    return town


async def test_another_citizens_message_to_the_same_number_is_not_taken_for_the_lost_one() -> None:
    answers = [lose, None]

    def first_is_lost(office: Office, hand_over: HandOver) -> Answer:
        chosen = answers.pop(0)
        event = None if chosen else office.report(hand_over.delivery_id, office.take(hand_over), S.SMS_QUEUED)
        return chosen(office, hand_over) if chosen else Answer(Verdict.ANSWERED, event)

    office = Office(answer=first_is_lost)
    async with open_shop(office) as shop:
        await share_a_number(shop, 2)
        await ask_after(shop, 31)
        await ask_after(shop, 31)
    assert office.asked[0].bound == {"SM" + "0" * 32}
    assert sorted(each.handling for each in await Delivery.all()) == [Handling.PLANNED, Handling.TAKEN]


async def test_two_lost_ones_to_the_same_number_are_asked_about_one_after_the_other() -> None:
    """Only one of them arrived: both asked at once, both would be told that it is theirs."""
    answers = [accept_and_lose, lose]
    office = Office(answer=lambda office, hand_over: answers.pop(0)(office, hand_over))
    async with open_shop(office) as shop:
        await share_a_number(shop, 2)
        await ask_after(shop, 31)
        assert len(office.asked) == 1
        office.answer = None
        for _ in range(3):
            await ask_after(shop, 31)
        await do_due_work(shop)
    deliveries = await Delivery.all()
    assert [each.handling for each in deliveries] == [Handling.TAKEN] * 2
    assert len({each.carrier_id for each in deliveries}) == len(office.accepted["+14185550142"]) == 2


async def test_while_the_same_number_is_being_handed_to_nothing_found_there_is_believed() -> None:
    office = Office(answer=lose)
    async with open_shop(office) as shop:
        await share_a_number(shop, 2)
        first, second = await Delivery.all().order_by("id")
        await get_database().execute_query("UPDATE delivery SET lost_at = NULL WHERE id = $1", [second.id])
        office.accepted[second.address].append(("SM" + "7" * 32, second.id))
        await ask_after(shop, 31)
    assert (await Delivery.get(id=first.id)).handling is Handling.SENDING


async def test_what_is_found_again_and_again_without_effect_is_given_up() -> None:
    """The carrier's word about that message is in the ledger already, as another delivery's."""
    office = Office(answer=lose)
    async with open_shop(office) as shop:
        await share_a_number(shop, 2)
        first, second = await Delivery.all().order_by("id")
        await shop.writer.keep([office.report(second.id, "SM9", S.SMS_SENT)])
        await get_database().execute_query("UPDATE delivery SET carrier_id = NULL")
        office.know = lambda office, inquiry: Finding(Certainty.FOUND, office.report(first.id, "SM9", S.SMS_SENT))
        await ask_after(shop, 31)
        assert (await Delivery.get(id=first.id)).handling is Handling.SENDING
        await ask_after(shop, 601)
    assert (await Delivery.get(id=first.id)).handling is Handling.UNCERTAIN


async def test_what_is_found_late_is_taken_all_the_same() -> None:
    async with open_shop(Office(answer=accept_and_lose)) as shop:
        await share_a_number(shop, 1)
        await ask_after(shop, 7200)
    assert (await Delivery.get()).handling is Handling.TAKEN
