"""Promises about exports from the click to the file: every row of the screen, in either language, cell by cell."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from exports.clerk import LOG, STATISTICS, Clerk, id_of, name_citizens, open_hall, send_to_all
from exports.hostile import expect, list_names, pair
from exports.readers import OFFICE, read_cells, read_with_office
from stage.cast import Alert, Town, assess_all, draft, settle_citizens

from tocsin.identifiers import make_id
from tocsin.records.communications import Communication, CommunicationGroup, Delivery
from tocsin.records.people import Group
from tocsin.statuses import DeliveryStatus
from tocsin.times import tell_time
from tocsin.words import CommunicationKind, CommunicationState, Handling, SkipReason

TORONTO = ZoneInfo("America/Toronto")
AT = datetime(2026, 11, 1, 5, 30, 7, 400_000, tzinfo=UTC)
"""01:30:07 in Toronto, for the first of two times that night."""

PEOPLE = {
    "EN": ["First name", "Last name", "E-mail address", "Telephone number", "Communication status"],
    "FR": ["Prénom", "Nom", "Adresse courriel", "Numéro de téléphone", "Statut de la communication"],
}
DELIVERIES = {
    "EN": ["First name", "Last name", "Wave", "Channel", "Address", "Status", "Handed over", "Status since", "Reason", "Error code"],
    "FR": ["Prénom", "Nom", "Vague", "Canal", "Adresse", "Statut", "Remis le", "Statut depuis", "Raison", "Code d'erreur"],
}  # fmt: skip


async def stage_alert(town: Town) -> Alert:
    """Five citizens: one reached, one whose number fails, one silent, one skipped, one still waiting."""
    await settle_citizens(town, 5)
    alert = await send_to_all(town)
    facts: list[dict[str, Any]] = [
        {"status": DeliveryStatus.SMS_RECEIVED, "status_at": AT, "handed_at": AT - timedelta(minutes=1)},
        {"status": DeliveryStatus.SMS_FAILED, "status_at": AT, "error_code": "30003"},
        {"expired": True},
        {"handling": Handling.SKIPPED, "skip_reason": SkipReason.SUPPRESSED},
        {"handling": Handling.PLANNED},
    ]
    for delivery, changes in zip(alert.deliveries, facts, strict=True):
        await Delivery.filter(id=delivery.id).update(**changes)
    await assess_all(alert)
    return alert


LOCAL = datetime(2026, 11, 1, 1, 30, 7)  # noqa: DTZ001 - a cell has no zone
EXPECTED: dict[str, dict[str, list[Any]]] = {
    "EN": {
            "Aline": ["First sending", "Text message", "+14185550142", "Received", LOCAL - timedelta(minutes=1), LOCAL, None, None],
            "Bruno": ["First sending", "Text message", "+14185550142", "Failed", None, LOCAL,
                      "The attempt failed; the number may be wrong", "30003"],
            "Chantal": ["First sending", "Text message", "+14185550142", "With the carrier", None, None,
                        "No receipt came back in time", None],
            "Denis": ["First sending", "Text message", "+14185550142", "Not attempted", None, None,
                      "The citizen asked for no more messages here", None],
            "Édith": ["First sending", "Text message", "+14185550142", "Waiting to be sent", None, None, None, None],
    },
    "FR": {
            "Aline": ["Premier envoi", "Message texte", "+14185550142", "Reçu", LOCAL - timedelta(minutes=1), LOCAL, None, None],
            "Bruno": ["Premier envoi", "Message texte", "+14185550142", "Échec", None, LOCAL,
                      "La tentative a échoué; le numéro est peut-être erroné", "30003"],
            "Chantal": ["Premier envoi", "Message texte", "+14185550142", "Chez le télécommunicateur", None, None,
                        "Aucun accusé de réception dans le délai", None],
            "Denis": ["Premier envoi", "Message texte", "+14185550142", "Non tenté", None, None,
                      "Le citoyen ne veut plus de messages ici", None],
            "Édith": ["Premier envoi", "Message texte", "+14185550142", "En attente d'envoi", None, None, None, None],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "names", "joined"),
    [("EN", ["Statistics", "Deliveries"], ("Joined", "Not joined")), ("FR", ["Statistiques", "Tentatives"], ("Joint", "Non joint"))],
)  # fmt: skip
async def test_the_statistics_are_the_grid_and_every_delivery(
    database_url: str, locale: str, names: list[str], joined: tuple[str, str]
) -> None:
    async with open_hall(database_url) as (clerk, town):
        alert = await stage_alert(town)
        cells = read_cells(await clerk.fetch(STATISTICS, id=id_of(alert), locale=locale))
        assert list(cells) == names
        people, attempts = cells.values()
        assert people[0] == PEOPLE[locale]
        order = sorted(alert.recipients, key=lambda row: (row.last_name_key, row.first_name_key, row.id))
        assert people[1:] == [
            [row.first_name, row.last_name, None, "+14185550142", joined[row.first_name != "Aline"]] for row in order
        ]
        assert attempts[0] == DELIVERIES[locale]
        expected = EXPECTED[locale]
        assert attempts[1:] == [[row.first_name, row.last_name, *expected[row.first_name]] for row in order]


async def test_two_thousand_hostile_names_come_through_from_the_database_to_the_cells(
    database_url: str, tmp_path: Path
) -> None:
    names = pair([name for name in list_names(2_100) if "\0" not in name][:2_000])
    async with open_hall(database_url) as (clerk, town):
        await name_citizens(town, names)
        alert = await send_to_all(town)
        content = await clerk.fetch(STATISTICS, id=id_of(alert), locale="EN")
    people, attempts = read_cells(content).values()
    ordered = sorted(
        alert.recipients, key=lambda row: (row.last_name_key.encode(), row.first_name_key.encode(), row.id)
    )
    wanted = [[expect(row.first_name), expect(row.last_name)] for row in ordered]
    assert len(wanted) == 2_000
    for rows in (people, attempts):
        assert [[value or "" for value in row[:2]] for row in rows[1:]] == wanted
    if OFFICE is not None:
        assert [row[:2] for row in read_with_office(content, tmp_path)["Statistics"][1:]] == wanted


LOG_PAGE = """query ($filter: LogFilter!, $after: String) { communicationsLog(filter: $filter, first: 3, after: $after) {
  communications { pageInfo { hasNextPage endCursor } edges { node {
    title kind state sentAt completedAt recipientLabel } } } } }"""
WORDS = {
    "EN": {"REGULAR": "Regular", "COMPLETED": "Completed", "CANCELLED": "Cancelled", "IN_PROGRESS": "In progress", "FAILED": "Failed"},
    "FR": {"REGULAR": "Régulière", "COMPLETED": "Terminée", "CANCELLED": "Annulée", "IN_PROGRESS": "En cours", "FAILED": "Échouée"},
}  # fmt: skip
SENT = {
    "EN": ["Communication", "Type", "Status", "Date sent", "Date completed", "Recipient"],
    "FR": ["Communication", "Type", "Statut", "Date d'envoi", "Date de fin", "Destinataire"],
}


async def stage_log(town: Town) -> None:
    """Eleven sendings of the last days: some held by a campaign, some to groups, some at the same instant."""
    campaign = await draft(town)
    await Communication.filter(id=campaign.id).update(kind=CommunicationKind.CAMPAIGN)
    groups = [await Group.create(municipality=town.municipality, name=name) for name in ("=Rue du Quai", "Centre")]
    states = [CommunicationState(name) for name in WORDS["EN"] if name != "REGULAR"]
    for number in range(11):
        made = await draft(town)
        sent = tell_time() - timedelta(hours=number // 2)
        state = states[number % 4]
        done = sent + timedelta(minutes=9) if state is CommunicationState.COMPLETED else None
        await Communication.filter(id=made.id).update(
            title=f"=Alert {number}",
            state=state,
            sent_at=sent,
            completed_at=done,
            campaign_id=campaign.id if number % 3 else None,
        )
        for group in groups[: number % 3]:
            await CommunicationGroup.create(id=make_id(), communication=made, group=group)


async def read_screen(clerk: Clerk, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """Page the log as a screen does."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await clerk.ask(LOG_PAGE, filter=chosen, after=after))["data"]["communicationsLog"]["communications"]
        rows += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


def as_cell(text: str | None) -> datetime | None:
    """An instant of the API as a clock in Toronto shows it, to the second."""
    return datetime.fromisoformat(text).astimezone(TORONTO).replace(tzinfo=None, microsecond=0) if text else None


NARROWED: tuple[dict[str, Any], ...] = (
    {},
    {"state": ["COMPLETED", "FAILED"]},
    {"search": "ALERT 1"},
    {"search": "nothing"},
)


@pytest.mark.parametrize(("locale", "everybody"), [("EN", "All citizens"), ("FR", "Tous les citoyens")])
async def test_the_log_is_the_rows_on_screen(database_url: str, locale: str, everybody: str) -> None:
    today = tell_time().astimezone(TORONTO).date()
    async with open_hall(database_url) as (clerk, town):
        await stage_log(town)
        for narrowed in NARROWED:
            chosen = {"period": "CUSTOM", "from": str(today - timedelta(days=3)), "to": str(today), **narrowed}
            screen = await read_screen(clerk, chosen)
            assert bool(screen) == (narrowed != {"search": "nothing"})
            [rows] = read_cells(await clerk.fetch(LOG, filter=chosen, locale=locale)).values()
            assert rows[0] == SENT[locale]
            assert rows[1:] == [describe(row, locale, everybody) for row in screen]


def describe(row: dict[str, Any], locale: str, everybody: str) -> list[Any]:
    """A row of the screen as cells; who everybody is, the caller's language said and the workbook's may say otherwise."""
    label = everybody if row["recipientLabel"] == "Tous les citoyens" else row["recipientLabel"]
    kind, state = WORDS[locale][row["kind"]], WORDS[locale][row["state"]]
    return [row["title"], kind, state, as_cell(row["sentAt"]), as_cell(row["completedAt"]), label]
