"""Promises about changing a citizen's profile: what is kept, what is refused and where, and what follows for what was sent."""

from typing import Any

import pytest
from schema.council import SECRET, Council, create, gather, read_key, report, send, settle
from stage.asking import PROFILE, UPDATE

from tocsin.consents import list_senders
from tocsin.identifiers import expose, make_id
from tocsin.profile_changes import PointChange, ProfileChanges
from tocsin.profile_editing import update_citizen
from tocsin.records.communications import Delivery, Recipient, Tally
from tocsin.records.people import AuditEntry, Citizen, ContactPoint, Suppression
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import Channel

PHONE, MAIL = "+14185550142", "river@exemple.test"
SEARCH = "query ($search: String) { citizens(search: $search) { edges { node { id } } } }"


async def settle_aline(council: Council) -> str:
    return expose("citizen", (await settle(council, "Aline", "Tremblay", phone=PHONE, email=MAIL)).id)


async def update(council: Council, citizen: str, **changes: Any) -> dict[str, Any]:
    changed: dict[str, Any] = (await council.get(UPDATE, {"input": {"citizenId": citizen, **changes}}))["updateCitizen"]
    return changed


async def read_points(council: Council, citizen: str) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = (await council.get(PROFILE, {"id": citizen}))["citizen"]["contactPoints"]
    return points


def keep(point: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**{name: point[name] for name in ("id", "address", "channels")}, **changes}


async def test_names_and_language_change_and_the_rest_stays(sainte_rive: Council) -> None:
    aline = await settle_aline(sainte_rive)
    before = await read_points(sainte_rive, aline)
    changed = await update(sainte_rive, aline, firstName=" Éléonore ", locale="EN")
    assert (changed["firstName"], changed["lastName"], changed["locale"]) == ("Éléonore", "Tremblay", "EN")
    assert changed["contactPoints"] == before
    found = await sainte_rive.get(SEARCH, {"search": "eleo"})
    assert [edge["node"]["id"] for edge in found["citizens"]["edges"]] == [aline]
    assert (await sainte_rive.get(SEARCH, {"search": "aline t"}))["citizens"]["edges"] == []
    [entry] = await AuditEntry.all()
    assert (entry.action, entry.by, entry.subject_id) == ("updateCitizen", "Olivier Fortin", aline)


async def test_an_address_that_changes_is_kept_in_one_form_and_is_unverified(sainte_rive: Council) -> None:
    aline = await settle_aline(sainte_rive)
    await ContactPoint.all().update(verified_at=tell_time(), dead_channels=[Channel.CALL])
    phone, mail = await read_points(sainte_rive, aline)
    points = [keep(phone, address="418 555-0199"), keep(mail)]
    changed = (await update(sainte_rive, aline, contactPoints=points))["contactPoints"]
    assert [(point["id"], point["address"]) for point in changed] == [
        (phone["id"], "+14185550199"),
        (mail["id"], MAIL),
    ]
    assert (changed[0]["verifiedAt"], changed[1]["verifiedAt"] is None) == (None, False)
    assert (await ContactPoint.get(id=read_key(phone["id"]))).dead_channels == []


async def test_points_are_added_removed_and_exchange_their_addresses(sainte_rive: Council) -> None:
    aline = await settle_aline(sainte_rive)
    phone, mail = await read_points(sainte_rive, aline)
    new = {"address": "+14185550177", "channels": ["SMS"]}
    added = (await update(sainte_rive, aline, contactPoints=[keep(phone), new]))["contactPoints"]
    assert [point["address"] for point in added] == [PHONE, "+14185550177"]
    assert mail["id"] not in {point["id"] for point in added}
    one, other = added
    swapped = [keep(one, address=other["address"]), keep(other, address=one["address"])]
    changed = (await update(sainte_rive, aline, contactPoints=swapped))["contactPoints"]
    assert [(point["id"], point["address"]) for point in changed] == [
        (one["id"], other["address"]),
        (other["id"], one["address"]),
    ]
    await ContactPoint.all().update(verified_at=tell_time())
    same = [{"address": point["address"], "channels": ["CALL"]} for point in changed]
    again = (await update(sainte_rive, aline, contactPoints=same))["contactPoints"]
    assert [(point["id"], point["channels"]) for point in again] == [(one["id"], ["CALL"]), (other["id"], ["CALL"])]
    assert None not in [point["verifiedAt"] for point in again]


async def test_what_an_address_has_refused_stays_refused(sainte_rive: Council) -> None:
    aline = await settle_aline(sainte_rive)
    sender = "+14185550100"
    settings = read_settings(tocsin_secret=SECRET, twilio_from=sender)
    await Suppression.create(channel=Channel.SMS, sender=sender, address="+14185550199", since=tell_time())
    phone, _ = await read_points(sainte_rive, aline)
    changes = ProfileChanges(points=[PointChange(read_key(phone["id"]), "+14185550199", [Channel.SMS])])
    moved = await update_citizen(
        sainte_rive.operator, read_key(aline), changes, senders=list_senders(settings), now=tell_time()
    )
    assert moved.citizens == [read_key(aline)]
    assert [point["suppressed"] for point in await read_points(sainte_rive, aline)] == [True]
    assert (await update(sainte_rive, aline, contactPoints=[keep(phone)]))["contactPoints"][0]["suppressed"] is False


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"firstName": " "}, "firstName"),
        ({"lastName": "a" * 501}, "lastName"),
        ({"lastName": "a\nb"}, "lastName"),
        ({"contactPoints": [{"address": "12345", "channels": ["CALL"]}]}, "contactPoints.0.address"),
        ({"contactPoints": [{"address": "+1 418 555 0142 ext. 3", "channels": ["CALL"]}]}, "contactPoints.0.address"),
        ({"contactPoints": [{"address": "a@", "channels": ["EMAIL"]}]}, "contactPoints.0.address"),
        ({"contactPoints": [{"address": PHONE, "channels": []}]}, "contactPoints.0.channels"),
        ({"contactPoints": [{"address": PHONE, "channels": ["EMAIL"]}]}, "contactPoints.0.channels"),
        ({"contactPoints": [{"address": MAIL, "channels": ["EMAIL", "SMS"]}]}, "contactPoints.0.channels"),
        (
            {"contactPoints": [{"address": a, "channels": ["SMS"]} for a in (PHONE, "418 555-0142")]},
            "contactPoints.1.address",
        ),
        ({"contactPoints": [{"address": f"+1418555{n:04}", "channels": ["SMS"]} for n in range(21)]}, "contactPoints"),
    ],
)
async def test_what_is_wrong_is_named_by_its_field(sainte_rive: Council, changes: dict[str, Any], field: str) -> None:
    aline = await settle_aline(sainte_rive)
    before = (await sainte_rive.get(PROFILE, {"id": aline}))["citizen"]
    given = {"input": {"citizenId": aline, "locale": "EN", **changes}}
    assert await sainte_rive.refuse(UPDATE, given) == ("BAD_INPUT", f"input.{field}")
    assert (await sainte_rive.get(PROFILE, {"id": aline}))["citizen"] == before


async def test_a_point_of_somebody_else_is_not_found_and_one_named_twice_is_refused(sainte_rive: Council) -> None:
    aline = await settle_aline(sainte_rive)
    bruno = expose("citizen", (await settle(sainte_rive, "Bruno", "Roy", phone="+14185550111")).id)
    [foreign] = await read_points(sainte_rive, bruno)
    phone, _ = await read_points(sainte_rive, aline)
    twice = [keep(phone), keep(phone, address="+14185550188")]
    where = "input.contactPoints.{}.id"
    for points, expected in (
        ([keep(phone), keep(foreign)], ("NOT_FOUND", where.format(1))),
        ([{"id": "nothing", "address": PHONE, "channels": ["SMS"]}], ("NOT_FOUND", where.format(0))),
        (twice, ("BAD_INPUT", where.format(1))),
    ):
        assert await sainte_rive.refuse(UPDATE, {"input": {"citizenId": aline, "contactPoints": points}}) == expected


async def test_only_operators_of_the_municipality_change_its_citizens(
    sainte_rive: Council, port_alder: Council
) -> None:
    aline = await settle_aline(sainte_rive)
    given = {"input": {"citizenId": aline, "firstName": "X"}}
    assert await sainte_rive.refuse(UPDATE, given, by=sainte_rive.viewer) == ("FORBIDDEN", None)
    foreign = await port_alder.ask(UPDATE, given)
    made_up = await port_alder.ask(UPDATE, {"input": {**given["input"], "citizenId": expose("citizen", make_id())}})
    assert [error.formatted for error in foreign.errors or []] == [error.formatted for error in made_up.errors or []]
    assert (await Citizen.get(id=read_key(aline))).first_name == "Aline"


async def test_an_edit_makes_who_was_missed_eligible_again_and_leaves_what_was_sent(sainte_rive: Council) -> None:
    bruno = await settle(sainte_rive, "Bruno", "Roy", phone="+14185550111")
    citizen = expose("citizen", bruno.id)
    communication = await create(
        sainte_rive, channels=["SMS"], groupIds=[await gather(sainte_rive, "River", bruno)],
        contents=[{"locale": "FR", "smsText": "Évacuez."}],
    )  # fmt: skip
    await send(sainte_rive, communication)
    key = read_key(communication)
    delivery = await Delivery.get(communication_id=key)
    await report(expose("delivery", delivery.id), DeliveryStatus.SMS_FAILED)
    before = await Tally.get(communication_id=key)
    assert before.eligible == 1
    await update(sainte_rive, citizen, firstName="Benoît", contactPoints=[])
    gone = await Tally.get(communication_id=key)
    assert (gone.eligible, gone.version) == (0, before.version + 1)
    await update(sainte_rive, citizen, contactPoints=[{"address": "+14185550112", "channels": ["SMS"]}])
    back = await Tally.get(communication_id=key)
    assert (back.eligible, back.version) == (1, before.version + 2)
    recipient = await Recipient.get(communication_id=key)
    assert (recipient.first_name, (await Delivery.get(id=delivery.id)).address) == ("Bruno", "+14185550111")
