"""An independent recount: reads the carriers' ledger, what clients saw and the database, and lists every broken promise.

A program of its own that shares no code with the server, its table of words included. Exit code 1 where a promise is broken.
    python recount.py DATABASE_URL LEDGER.jsonl [PICTURES.jsonl]
"""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

Row = Mapping[str, Any]
CALL = 1

# How much a word weighs against the others about the same attempt, and what it makes of the citizen. A word without
# a line of its own counts as the longest name that it begins with.
WORDS: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "twilio_messaging": {
        "accepted": (1, "open"), "scheduled": (1, "open"), "queued": (2, "open"), "sending": (3, "open"),
        "sent": (4, "open"),
        "failed": (5, "missed"), "canceled": (5, "missed"), "refused": (5, "missed"),
        "undelivered": (6, "missed"),
        "delivered": (7, "reached"), "read": (7, "reached"),
    },
    "twilio_voice": {
        "queued": (1, "open"), "initiated": (2, "open"), "ringing": (3, "open"),
        "in-progress": (4, "open"), "fetched": (4, "open"), "human": (4, "open"), "unknown": (4, "open"),
        "no digit": (4, "open"), "digit ": (4, "open"),
        "no-answer": (5, "missed"), "busy": (6, "missed"),
        "failed": (7, "missed"), "canceled": (7, "missed"), "refused": (7, "missed"),
        "completed": (8, "answered"),
        "machine_": (9, "recorded"), "fax": (10, "missed"), "digit 1": (11, "confirmed"),
    },
    "amazon_ses": {
        "accepted": (1, "open"), "Send": (1, "open"), "DeliveryDelay": (1, "open"),
        "Bounce:Transient": (2, "missed"), "Bounce:Undetermined": (2, "missed"),
        "refused": (3, "missed"), "Rendering Failure": (3, "missed"), "Bounce:Permanent:Suppressed": (3, "missed"),
        "Bounce:Permanent:OnAccountSuppressionList": (3, "missed"),
        "Bounce:Permanent:UnsubscribedRecipient": (3, "missed"), "Complaint:OnAccountSuppressionList": (3, "missed"),
        "Reject": (4, "missed"),
        "Delivery": (5, "reached"),
        "Bounce:Permanent": (6, "missed"),
        "Open": (7, "reached"), "Click": (7, "reached"),
        "Complaint": (8, "reached"), "Complaint:not-spam": (0, "open"),
    },
}  # fmt: skip
PLANNED, SENDING, TAKEN, UNCERTAIN, SKIPPED = 1, 2, 3, 4, 5
ENDED = ("COMPLETED", "CANCELLED")

QUESTIONS = {
    "events": "SELECT event_key, delivery_id, provider, provider_word, carrier_id FROM delivery_event",
    "parked": "SELECT event_key FROM parked_event",
    "deliveries": """SELECT id, recipient_id, communication_id, handling, expired, status, second_carrier_id, channel
      FROM delivery WHERE communication_id IS NOT NULL""",
    "recipients": "SELECT id, communication_id, outcome FROM recipient",
    "tallies": "SELECT communication_id, version, total, contacted, in_progress, not_contacted, uncertain FROM tally",
    "communications": "SELECT id, state, confirmation_required, voicemail_counts FROM communication",
    "waves": "SELECT communication_id, ordinal, planned_at FROM wave",
    "reminders": "SELECT number FROM reminder WHERE fate = 'PENDING' AND due_at < now() - interval '5 seconds'",
    "due": """SELECT kind, dead_at, error FROM due WHERE dead_at IS NOT NULL
      OR (due_at < now() - interval '30 seconds' AND coalesce(leased_until, '-infinity') < now())""",
}


async def read_facts(url: str) -> dict[str, list[Row]]:
    """Read everything in one snapshot."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return {
                name: [dict(row) for row in await connection.fetch(question)] for name, question in QUESTIONS.items()
            }
    finally:
        await connection.close()


def name_delivery(row: Row) -> str:
    """Return a delivery's id as the carriers know it."""
    return f"delivery-{row['id'].hex}"


def check_events(facts: Mapping[str, list[Row]], ledger: list[Row]) -> Iterator[str]:
    """Whatever was acknowledged to a carrier is in the ledger once; nothing else claims to be."""
    kept = Counter(
        (f"delivery-{row['delivery_id'].hex}", row["carrier_id"], row["provider_word"])
        for row in facts["events"]
        if ":rest:" not in row["event_key"]
    )
    told = {key for line in ledger for key in list_told(line, ("acknowledged",))}
    sent = {key for line in ledger for key in (*list_told(line, None), *list_shown(line))}
    for key in sorted(told):
        if kept[key] != 1:
            yield f"event acknowledged and kept {kept[key]} times: {key}"
    for key in sorted(kept.keys() - told):
        # Kept and yet not known to be acknowledged is right where the acknowledgement itself was lost.
        if kept[key] > 1 or key not in sent:
            yield f"event kept that was never sent, or twice: {key}"
    for row in facts["parked"]:
        yield f"event parked: {row['event_key']}"


def list_told(line: Row, states: tuple[str, ...] | None) -> Iterator[tuple[str, str, str]]:
    """Return delivery, message and word of the reports that we answered so."""
    for each in line["callbacks"]:
        if each["kind"] != "forged" and (states is None or each["state"] in states):
            yield line["delivery"], line["sid"], name_word(each)


def list_shown(line: Row) -> Iterator[tuple[str, str, str]]:
    """Return what we were shown when we asked the carrier ourselves."""
    for word in line.get("told", ()):
        yield line["delivery"], line["sid"], word


def name_word(callback: Row) -> str:
    """Return the word under which a report is kept: of a call also what it has recognised, heard or asked for."""
    names = {"detection": "{0}", "gather": "digit {0}" if callback.get("detail") else "no digit", "document": "fetched"}
    word: str = callback["word"]
    return names.get(word, word).format(callback.get("detail"))


def check_sends(facts: Mapping[str, list[Row]], ledger: list[Row]) -> Iterator[str]:
    """At most one accepted send for a delivery, unless it is said; and none of what we say was never sent, or was."""
    accepted = Counter(line["delivery"] for line in ledger if line["direction"] == "outbound")
    known = {name_delivery(row): row for row in facts["deliveries"]}
    for key, number in sorted(accepted.items()):
        row = known.get(key)
        if row is None:
            yield f"accepted, but no delivery of ours: {key}"
        elif number > 1 and row["handling"] != UNCERTAIN and row["second_carrier_id"] is None:
            yield f"accepted {number} times in silence: {key}"
        elif row["handling"] in (PLANNED, SKIPPED):
            yield f"accepted, yet said to be not sent: {key}"
    answered = {row["delivery_id"] for row in facts["events"] if row["provider_word"] == "refused"}
    for key, row in sorted(known.items()):
        if row["handling"] == TAKEN and not accepted[key] and row["id"] not in answered:
            yield f"said to be taken, and neither accepted nor refused: {key}"


def check_counts(facts: Mapping[str, list[Row]], _: list[Row]) -> Iterator[str]:
    """Counters equal what the reports say, by the words alone."""
    said = judge_recipients(facts)
    counted: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    names = {1: "contacted", 2: "in_progress", 3: "not_contacted"}
    for row in facts["recipients"]:
        if row["outcome"] is None:
            continue
        counted[row["communication_id"]][said[row["id"]]] += 1
        if names[row["outcome"]] != said[row["id"]]:
            yield f"recipient is {names[row['outcome']]}, recounted {said[row['id']]}: {row['id']}"
    for tally in facts["tallies"]:
        mine = counted[tally["communication_id"]]
        for name in names.values():
            if tally[name] != mine[name]:
                yield f"tally says {tally[name]} {name}, recounted {mine[name]}: {tally['communication_id']}"
        if tally["total"] != sum(mine.values()):
            yield f"tally says {tally['total']} in all, recounted {sum(mine.values())}: {tally['communication_id']}"
    yield from check_uncertain(facts)


def check_uncertain(facts: Mapping[str, list[Row]]) -> Iterator[str]:
    """Nobody whose answer was lost goes uncounted."""
    mine = Counter(row["communication_id"] for row in facts["deliveries"] if row["handling"] == UNCERTAIN)
    for tally in facts["tallies"]:
        if tally["uncertain"] != mine[tally["communication_id"]]:
            yield f"tally says {tally['uncertain']} uncertain, recounted {mine[tally['communication_id']]}"


def judge_recipients(facts: Mapping[str, list[Row]]) -> dict[Any, str]:
    """Return of each recipient where he stands."""
    switches = {row["id"]: row for row in facts["communications"]}
    best: defaultdict[Any, tuple[int, str]] = defaultdict(lambda: (0, "open"))
    for row in facts["events"]:
        best[row["delivery_id"]] = max(best[row["delivery_id"]], weigh(row["provider"], row["provider_word"]))
    stands: defaultdict[Any, list[tuple[int, str]]] = defaultdict(list)
    for row in facts["deliveries"]:
        if row["handling"] != SKIPPED:
            word = best[row["id"]][1]
            stand = "missed" if word == "open" and row["expired"] else count_as(word, switches[row["communication_id"]])
            stands[row["recipient_id"]].append((row["channel"], stand))
    return {
        row["id"]: settle(choose(stands[row["id"]], switches[row["communication_id"]])) for row in facts["recipients"]
    }


def weigh(provider: str, word: str) -> tuple[int, str]:
    """Return the weight of a word and what it says; the longest name that it begins with counts, where it has none itself."""
    table = WORDS.get(provider)
    if table is None:
        raise SystemExit(f"This recount has no words for {provider}.")
    names = [word] if word in table else sorted((name for name in table if word.startswith(name)), key=len)
    return table[names[-1]] if names else (0, "open")


def count_as(word: str, switches: Row) -> str:
    """Return what a call's answer is worth under a category's switches."""
    confirmed, voicemail = switches["confirmation_required"], switches["voicemail_counts"]
    worth = {"answered": not confirmed, "recorded": voicemail and not confirmed, "confirmed": True}
    return word if word not in worth else "reached" if worth[word] else "missed"


def choose(stands: list[tuple[int, str]], switches: Row) -> set[str]:
    """Return what decides: where the citizen has to press a key, his calls alone, if there were any."""
    calls = {stand for channel, stand in stands if channel == CALL}
    return calls if switches["confirmation_required"] and calls else {stand for _, stand in stands}


def settle(stands: set[str]) -> str:
    if "reached" in stands:
        return "contacted"
    return "in_progress" if "open" in stands else "not_contacted"


def check_work(facts: Mapping[str, list[Row]], _: list[Row]) -> Iterator[str]:
    """Everything due is done, or says why not."""
    states = {row["id"]: row["state"] for row in facts["communications"]}
    for row in facts["due"]:
        if row["dead_at"] is None or not row["error"]:
            yield f"work is overdue, or given up without a reason: {row['kind']}"
    for row in facts["waves"]:
        if row["planned_at"] is None:
            yield f"wave never planned to its end: {row['communication_id']}"
    for row in facts["reminders"]:
        yield f"reminder overdue: {row['number']}"
    for row in facts["deliveries"]:
        if row["handling"] in (PLANNED, SENDING) and states[row["communication_id"]] in ENDED:
            yield f"delivery forgotten: {name_delivery(row)}"


def check_pictures(facts: Mapping[str, list[Row]], pictures: list[Row]) -> Iterator[str]:
    """No client saw a version go back, nor slices that are not the whole; its last picture is the database's."""
    tallies = {row["communication_id"].hex: row for row in facts["tallies"]}
    newest: dict[tuple[str, str], Row] = {}
    for picture in pictures:
        key = picture["client"], picture["communication"]
        if key in newest and picture["version"] < newest[key]["version"]:
            yield f"client {key[0]} saw version {newest[key]['version']}, then {picture['version']}"
        if picture["total"] != picture["contacted"] + picture["inProgress"] + picture["notContacted"]:
            yield f"client {key[0]} saw slices that are not the whole, version {picture['version']}"
        newest[key] = picture
    names = {"version": "version", "total": "total", "contacted": "contacted", "inProgress": "in_progress"}
    for (client, communication), picture in newest.items():
        tally = tallies[communication]
        if any(picture[mine] != tally[theirs] for mine, theirs in names.items()):
            yield f"client {client} was left with version {picture['version']}, the database has {tally['version']}"


def read_lines(file: str) -> list[Row]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


async def recount(url: str, ledger: list[Row], pictures: list[Row]) -> list[str]:
    """Return every violation, in words."""
    facts = await read_facts(url)
    checks: list[Iterable[str]] = [
        check(facts, ledger) for check in (check_events, check_sends, check_counts, check_work)
    ]
    return [violation for check in (*checks, check_pictures(facts, pictures)) for violation in check]


def main(url: str, ledger: str, pictures: str | None = None) -> int:
    violations = asyncio.run(recount(url, read_lines(ledger), read_lines(pictures) if pictures else []))
    sys.stdout.write("".join(f"{violation}\n" for violation in violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
