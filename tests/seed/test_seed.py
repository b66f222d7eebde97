"""What a municipality's operator does in a day, feature by feature, through GraphQL against server, jobs and simulated carriers."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exports.readers import read_cells
from seed.day import PIE, SEND, Day, open_day

from tocsin.times import tell_time

LIST = "{ communications { edges { node { id title kind state modifiedAt } } } }"
ONE = f"query ($id: ID!) {{ communication(id: $id) {{ state statistics {{ {PIE} }} }} }}"
INSIDE = """query ($id: ID!) { communication(id: $id) { statistics { total }
  communications { edges { node { id statistics { total } } } } } }"""
GRID = """query ($id: ID!, $filter: RecipientFilter) { communication(id: $id) { recipients(filter: $filter) { totalCount edges { node {
  id firstName lastName email phone outcome reasonCode citizen { id }
  deliveries { channel address status label wave { kind number } history { providerWord status } } } } } } }"""
LOG = """query ($filter: LogFilter!) { communicationsLog(filter: $filter) { from to timeZone communications { edges { node {
  id title kind state sentAt completedAt recipientLabel statistics { total } content(locale: FR) { smsText } } } } } }"""
RECONTACT = 'mutation ($id: ID!) { recontactUncontacted(communicationId: $id, idempotencyKey: "again") { kind number targets } }'
EXPORT_FIELDS = "{ id state fileName rowsWritten rowsTotal url error }"
TORONTO = ZoneInfo("America/Toronto")


async def read_grid(day: Day, communication: str, **chosen: Any) -> dict[str, Any]:
    """Return the rows of the grid by first name."""
    answer = await day.ask(GRID, id=communication, filter=chosen or None)
    rows = [edge["node"] for edge in answer["communication"]["recipients"]["edges"]]
    return {row["firstName"]: row for row in rows}


async def test_the_communication_list_shows_everything_newest_modification_first(database_url: str) -> None:
    async with open_day(database_url) as day:
        first, second = await day.draft("First"), await day.draft("Second")
        rename = "mutation ($input: UpdateCommunicationInput!) { updateCommunication(input: $input) { id } }"
        await day.ask(rename, input={"id": first, "title": "First, corrected"})
        listed = [edge["node"] for edge in (await day.ask(LIST))["communications"]["edges"]]
        assert [(row["id"], row["title"]) for row in listed] == [(first, "First, corrected"), (second, "Second")]
        assert [row["state"] for row in listed] == ["DRAFT", "DRAFT"]


async def test_statistics_are_there_only_once_it_has_been_sent(database_url: str) -> None:
    async with open_day(database_url) as day:
        communication = await day.draft()
        assert (await day.ask(ONE, id=communication))["communication"]["statistics"] is None
        await day.ask(SEND, id=communication)
        await day.follow(communication, total=3)
        assert (await day.ask(ONE, id=communication))["communication"]["statistics"]["total"] == 3


async def test_a_campaign_leads_to_the_statistics_of_each_communication_in_it(database_url: str) -> None:
    async with open_day(database_url) as day:
        campaign = await day.draft(kind="CAMPAIGN", groupIds=[], channels=[], contents=[])
        part = await day.send(campaignId=campaign)
        await day.follow(part, total=3)
        shown = (await day.ask(INSIDE, id=campaign))["communication"]
        assert shown["statistics"] is None
        assert [edge["node"] for edge in shown["communications"]["edges"]] == [{"id": part, "statistics": {"total": 3}}]
        assert [edge["node"]["id"] for edge in (await day.ask(LIST))["communications"]["edges"]] == [campaign]


async def test_the_pie_moves_live_and_always_sums_up(database_url: str) -> None:
    async with open_day(database_url) as day:
        communication = await day.send()
        told = await day.follow(communication, contacted=2, notContacted=1, state="COMPLETED")
        assert all(pie["contacted"] + pie["inProgress"] + pie["notContacted"] == pie["total"] for pie in told)
        versions = [pie["version"] for pie in told]
        assert versions == sorted(set(versions))
        assert (told[-1]["total"], told[-1]["inProgress"]) == (3, 0)


async def test_the_grid_shows_every_citizen_of_the_group_that_was_contacted(database_url: str) -> None:
    async with open_day(database_url) as day:
        communication = await day.send()
        await day.follow(communication, contacted=2, notContacted=1)
        rows = await read_grid(day, communication)
        assert {name: row["outcome"] for name, row in rows.items()} == {
            "Aline": "CONTACTED", "Bruno": "NOT_CONTACTED", "Chantal": "CONTACTED",
        }  # fmt: skip
        assert set(await read_grid(day, communication, outcome=["NOT_CONTACTED"])) == {"Bruno"}
        assert set(await read_grid(day, communication, search="trem")) == {"Aline"}


async def test_recontact_appears_by_itself_after_the_automatic_reminders_and_tries_only_the_unreached(
    database_url: str,
) -> None:
    async with open_day(database_url, tocsin_reminder_minutes="30,60", tocsin_speed=900.0) as day:
        communication = await day.send()
        told = await day.follow(communication, contacted=2, recontact={"available": True, "eligible": 1})
        assert not told[0]["recontact"]["available"]
        bruno = (await read_grid(day, communication))["Bruno"]
        waves = {(each["wave"]["kind"], each["wave"]["number"]) for each in bruno["deliveries"]}
        assert waves == {("INITIAL", 1), ("AUTO_REMINDER", 1), ("AUTO_REMINDER", 2)}
        wave = (await day.ask(RECONTACT, id=communication))["recontactUncontacted"]
        assert wave == {"kind": "RECONTACT", "number": 1, "targets": 1}
        assert (await day.ask(RECONTACT, id=communication))["recontactUncontacted"] == wave  # a double click
        await day.follow(communication, state="COMPLETED", recontact={"available": True, "eligible": 1})
        rows = await read_grid(day, communication)
        tried = {
            name for name, row in rows.items() for each in row["deliveries"] if each["wave"]["kind"] == "RECONTACT"
        }
        assert tried == {"Bruno"}


async def test_the_statistics_export_is_called_statistics_alert_and_lists_each_citizen(database_url: str) -> None:
    async with open_day(database_url) as day:
        communication = await day.send()
        await day.follow(communication, contacted=2, notContacted=1)
        ask = f"mutation ($id: ID!) {{ export: exportStatistics(communicationId: $id, locale: EN) {EXPORT_FIELDS} }}"
        ready = await day.clerk.export(ask, id=communication)
        assert ready["fileName"] == "statisticsAlert.xlsx"
        content = (await day.clerk.client.get(ready["url"], headers=day.clerk.headers)).content
        header, *rows = next(iter(read_cells(content).values()))
        assert header == ["First name", "Last name", "E-mail address", "Telephone number", "Communication status"]
        assert sorted((row[0], row[4]) for row in rows) == [
            ("Aline", "Joined"), ("Bruno", "Not joined"), ("Chantal", "Joined"),
        ]  # fmt: skip


async def test_each_citizen_opens_to_every_attempt_with_its_status_and_history(database_url: str) -> None:
    async with open_day(database_url) as day:
        communication = await day.send()
        await day.follow(communication, contacted=2, notContacted=1)
        rows = await read_grid(day, communication)
        [failed] = rows["Bruno"]["deliveries"]
        assert (failed["channel"], failed["status"], failed["label"]) == ("SMS", "SMS_FAILED", "Échec")
        assert "SMS_FAILED" in [event["status"] for event in failed["history"]]
        assert {each["channel"] for each in rows["Aline"]["deliveries"]} == {"SMS", "EMAIL"}


async def test_the_citizen_editor_opens_from_the_grid_shows_the_means_of_communication_and_updates_them(
    database_url: str,
) -> None:
    async with open_day(database_url) as day:
        communication = await day.send()
        await day.follow(communication, total=3)
        citizen = (await read_grid(day, communication))["Bruno"]["citizen"]["id"]
        profile = "query ($id: ID!) { citizen(id: $id) { contactPoints { id address channels verifiedAt } } }"
        [point] = (await day.ask(profile, id=citizen))["citizen"]["contactPoints"]
        assert (point["address"], point["verifiedAt"]) == ("+14185553005", None)
        update = "mutation ($input: UpdateCitizenInput!) { updateCitizen(input: $input) { contactPoints { address channels } } }"
        corrected = [{"id": point["id"], "address": "418 555-3401", "channels": ["SMS"]}]
        updated = await day.ask(update, input={"citizenId": citizen, "contactPoints": corrected})
        assert updated["updateCitizen"]["contactPoints"] == [{"address": "+14185553401", "channels": ["SMS"]}]


async def test_every_status_is_listed_with_what_it_means(database_url: str) -> None:
    async with open_day(database_url) as day:
        listed = (await day.ask("{ statuses(locale: EN) { status channel label explanation } }"))["statuses"]
        assert len({row["status"] for row in listed}) == 25
        assert all(row["label"] and row["explanation"].endswith(".") for row in listed)


async def test_the_log_shows_type_status_dates_and_recipient_and_leads_to_statistics_and_view(
    database_url: str,
) -> None:
    async with open_day(database_url) as day:
        communication = await day.send()
        await day.follow(communication, state="COMPLETED")
        [edge] = (await day.ask(LOG, filter={"period": "THIS_WEEK"}))["communicationsLog"]["communications"]["edges"]
        row = edge["node"]
        assert (row["id"], row["kind"], row["state"], row["recipientLabel"]) == (
            communication,
            "REGULAR",
            "COMPLETED",
            "Riverside",
        )
        assert row["sentAt"] <= row["completedAt"]
        assert (row["statistics"], row["content"]) == ({"total": 3}, {"smsText": "Leave now."})


async def test_the_calendar_tool_offers_this_week_last_week_this_month_and_days_of_choice(database_url: str) -> None:
    async with open_day(database_url) as day:
        await day.send()
        today = tell_time().astimezone(TORONTO).date()
        chosen: list[tuple[dict[str, Any], int]] = [
            ({"period": "THIS_WEEK"}, 1),
            ({"period": "LAST_WEEK"}, 0),
            ({"period": "THIS_MONTH"}, 1),
            ({"period": "CUSTOM", "from": today.isoformat(), "to": today.isoformat()}, 1),
            ({"period": "CUSTOM", "from": before(today), "to": before(today)}, 0),
        ]
        for given, found in chosen:
            log = (await day.ask(LOG, filter=given))["communicationsLog"]
            assert (len(log["communications"]["edges"]), log["timeZone"]) == (found, "America/Toronto")


def before(day: date) -> str:
    return (day - timedelta(days=1)).isoformat()


async def test_the_log_export_is_called_by_its_name_and_the_day_and_has_the_rows_on_screen(
    database_url: str,
) -> None:
    async with open_day(database_url) as day:
        await day.send()
        ask = f"mutation ($filter: LogFilter!) {{ export: exportCommunicationsLog(filter: $filter, locale: FR) {EXPORT_FIELDS} }}"
        ready = await day.clerk.export(ask, filter={"period": "THIS_WEEK"})
        assert ready["fileName"] == f"CommunicationsLog_{tell_time().astimezone(TORONTO).date()}.xlsx"
        content = (await day.clerk.client.get(ready["url"], headers=day.clerk.headers)).content
        header, *rows = next(iter(read_cells(content).values()))
        assert header == ["Communication", "Type", "Statut", "Date d'envoi", "Date de fin", "Destinataire"]
        assert [row[0] for row in rows] == ["The river rises"]
