"""Promises of the domain about communications: lists learn of changes, states of campaigns, counts, recontact's facts."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage.cast import Alert, Town, assess_all, draft, found_town, send_by_hand, settle_citizens

from tocsin.database import get_database
from tocsin.idempotency import digest_arguments
from tocsin.listing import touch_listing
from tocsin.overview import PROGRESS, ListFilter, find_communications, list_communications
from tocsin.pages import PageRequest
from tocsin.pictures import READ_ONE, TallyPicture, read_tally
from tocsin.records.communications import Communication, Delivery, Tally, Wave
from tocsin.records.people import Municipality
from tocsin.transactions import in_transaction
from tocsin.waves import settle_waves
from tocsin.words import CommunicationKind, CommunicationState, Handling, WaveKind

S = CommunicationState
KEY = b"k" * 32


async def touch(*communications: Communication) -> None:
    async with in_transaction() as connection:
        await touch_listing(connection, [communication.id for communication in communications])


async def make_campaign(town: Town, *states: CommunicationState) -> Communication:
    """A campaign that holds a communication of each state."""
    campaign = await draft(town)
    await Communication.filter(id=campaign.id).update(kind=CommunicationKind.CAMPAIGN)
    for state in states:
        await Communication.filter(id=(await draft(town)).id).update(state=state, campaign_id=campaign.id)
    return campaign


async def test_a_touched_communication_carries_the_municipalitys_new_version(database: str) -> None:
    town = await found_town()
    first, second = await draft(town), await draft(town)
    await touch(first)
    await touch(second)
    versions = (
        await Communication.filter(id__in=[first.id, second.id])
        .order_by("list_version")
        .values_list("id", "list_version")
    )
    assert [tuple(pair) for pair in versions] == [(first.id, 1), (second.id, 2)]
    assert (await Municipality.get(id=town.municipality.id)).version == 2


async def test_a_campaign_is_touched_and_modified_with_what_it_holds(database: str) -> None:
    town = await found_town()
    campaign = await make_campaign(town, S.DRAFT)
    held = await Communication.get(campaign_id=campaign.id)
    held.modified_at += timedelta(minutes=5)
    await held.save()
    await touch(held)
    again = await Communication.get(id=campaign.id)
    assert (again.list_version, again.modified_at) == (1, held.modified_at)


async def test_touching_in_any_order_at_once_never_locks_for_good(database: str) -> None:
    towns = [await found_town(f"town-{index}") for index in range(3)]
    drafts = [await draft(town) for town in towns]
    await asyncio.gather(*(touch(*(drafts if index % 2 else drafts[::-1])) for index in range(8)))
    assert [(await Municipality.get(id=town.municipality.id)).version for town in towns] == [8, 8, 8]


@pytest.mark.parametrize(
    ("held", "state"),
    [
        ((), S.DRAFT),
        ((S.DRAFT, S.SCHEDULED), S.SCHEDULED),
        ((S.COMPLETED, S.DRAFT), S.COMPLETED),
        ((S.CANCELLED, S.FAILED), S.FAILED),
        (PROGRESS, S.IN_PROGRESS),
    ],
)
async def test_a_campaigns_state_is_the_furthest_of_what_it_holds(
    database: str, held: tuple[CommunicationState, ...], state: CommunicationState
) -> None:
    town = await found_town()
    campaign = await make_campaign(town, *held)
    found = await find_communications(get_database(), town.municipality.id, [campaign.id])
    assert found[campaign.id].state is state


@pytest.mark.parametrize(("more", "total"), [(9_999, 10_000), (10_000, None)])
async def test_rows_are_counted_up_to_ten_thousand(database: str, more: int, total: int | None) -> None:
    town = await found_town()
    first = await draft(town)
    await get_database().execute_query_dict(
        "INSERT INTO communication (id, municipality_id, category_id, kind, state, title, channels, confirmation_required,"
        " voicemail_counts, created_at, modified_at, list_version) SELECT gen_random_uuid(), municipality_id, category_id,"
        " kind, state, title, channels, false, true, created_at, modified_at, 0 FROM communication, generate_series(1, $2)"
        " WHERE id = $1 RETURNING id",
        [first.id, more],
    )
    request = PageRequest(1, counted=True)
    page = await list_communications(get_database(), town.municipality.id, ListFilter(), request=request, key=KEY)
    assert page.total == total


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=4))
def test_the_order_of_arguments_does_not_change_their_digest(arguments: dict[str, int | str]) -> None:
    turned = dict(reversed(arguments.items()))
    assert digest_arguments(arguments) == digest_arguments(turned)
    assert digest_arguments(arguments) != digest_arguments({**arguments, "one more": 1})


async def stage(*, waves: int = 1, handling: Handling = Handling.TAKEN) -> Alert:
    town = await found_town()
    await settle_citizens(town, 2)
    alert = await send_by_hand(town, waves=waves, handling=handling)
    await recount(alert)
    return alert


async def recount(alert: Alert) -> None:
    await assess_all(alert)


async def picture(alert: Alert) -> TallyPicture:
    seen = await read_tally(get_database(), alert.id)
    assert seen is not None
    return seen


async def expire(*deliveries: Delivery) -> None:
    await Delivery.filter(id__in=[delivery.id for delivery in deliveries]).update(expired=True)


async def test_what_has_not_been_sent_has_no_picture(database: str) -> None:
    communication = await draft(await found_town())
    await Tally.create(communication_id=communication.id, changed_at=communication.created_at)
    assert await read_tally(get_database(), communication.id) is None


async def test_a_picture_that_is_read_again_and_again_is_not_planned_each_time(database: str) -> None:
    alert = await stage()
    async with in_transaction() as connection:
        for _ in range(8):
            await read_tally(connection, alert.id)
        plans = "SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1"
        (counted,) = await connection.execute_query_dict(plans, [READ_ONE])
    assert counted["generic_plans"] > 0


async def test_the_first_attempts_are_over_once_all_of_them_are_settled(database: str) -> None:
    alert = await stage()
    assert not (await picture(alert)).first_attempts_over
    await expire(alert.deliveries[0])
    await recount(alert)
    assert not (await picture(alert)).first_attempts_over
    await expire(*alert.deliveries)
    await recount(alert)
    seen = await picture(alert)
    assert seen.first_attempts_over
    assert (seen.total, seen.not_contacted, seen.eligible) == (2, 2, 2)


async def test_the_first_attempts_are_not_over_while_they_are_planned(database: str) -> None:
    alert = await stage()
    await expire(*alert.deliveries)
    await recount(alert)
    await Wave.filter(id=alert.waves[0].id).update(planned_at=None)
    assert not (await picture(alert)).first_attempts_over


async def test_with_reminders_it_is_their_dispatch_that_ends_the_first_attempts(database: str) -> None:
    alert = await stage(waves=2, handling=Handling.PLANNED)
    await Wave.filter(id=alert.waves[1].id).update(kind=WaveKind.AUTO_REMINDER)
    assert not (await picture(alert)).first_attempts_over
    await Delivery.filter(wave_id=alert.waves[1].id).update(handling=Handling.TAKEN)
    await recount(alert)
    assert (await picture(alert)).first_attempts_over


async def test_a_recontact_runs_until_its_own_deliveries_are_settled(database: str) -> None:
    alert = await stage(waves=2)
    seen = await picture(alert)
    assert (seen.recontact_running, seen.last_recontact_at) == (True, alert.waves[1].started_at)
    await expire(*[each for each in alert.deliveries if each.wave_id == alert.waves[1].id])  # type: ignore[attr-defined]
    await recount(alert)
    assert list((await settle_waves()).versions) == [alert.id]
    seen = await picture(alert)
    assert (seen.recontact_running, seen.first_attempts_over) == (False, False)
