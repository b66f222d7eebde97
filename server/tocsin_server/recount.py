"""The demonstration's independent recount: who was reached, by the carriers' own ledger alone. Imports database.

Its table of words is its own: it would not show a mistake that it shared with the server.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from tocsin.database import get_database
from tocsin.identifiers import recognise

# Of each word: how much it weighs against the delivery's others, and whether it means that the citizen was reached.
WORDS: Mapping[str, Mapping[str, tuple[int, bool]]] = {
    "twilio_messaging": {
        "failed": (1, False), "canceled": (1, False), "undelivered": (2, False), "delivered": (3, True), "read": (3, True),
    },
    "twilio_voice": {
        "no-answer": (1, False), "busy": (1, False), "failed": (1, False), "canceled": (1, False),
        "completed": (2, True),
        "machine_start": (3, True), "machine_end_beep": (3, True), "machine_end_silence": (3, True),
        "machine_end_other": (3, True),
        "fax": (4, False),
        "1": (5, True),
    },
    "amazon_ses": {
        "Rendering Failure": (1, False), "Reject": (1, False), "Bounce:Permanent:Suppressed": (1, False),
        "Bounce:Permanent:OnAccountSuppressionList": (1, False), "Bounce:Permanent:UnsubscribedRecipient": (1, False),
        "Complaint:OnAccountSuppressionList": (1, False),
        "Delivery": (2, True),
        "Bounce:Permanent:General": (3, False), "Bounce:Permanent:NoEmail": (3, False),
        "Open": (4, True), "Click": (4, True), "Complaint:abuse": (5, True),
    },
}  # fmt: skip

DETAILED = ("gather", "detection")
"""Callbacks whose detail says what they mean: the key that was pressed, what answered."""

PEOPLE = """
SELECT r.id, coalesce(jsonb_object_agg(d.id, d.channel) FILTER (WHERE d.id IS NOT NULL AND d.handling <> 5), '{}') AS deliveries
FROM recipient r LEFT JOIN delivery d ON d.recipient_id = r.id WHERE r.communication_id = $1 GROUP BY r.id"""
CALL, PRESSED = 1, 5


async def recount(
    communication_id: UUID, ledger: Iterable[Mapping[str, Any]], *, confirmation_required: bool = False
) -> dict[str, int]:
    """Count citizens from what the carriers told us, joined on the delivery that the callback's URL or the tag names."""
    rows = await get_database().execute_query_dict(PEOPLE, [communication_id])
    best = weigh_deliveries(ledger)
    contacted = sum(is_reached(read(row["deliveries"]), best, confirmation_required) for row in rows)
    return {"contacted": contacted, "inProgress": 0, "notContacted": len(rows) - contacted}


def read(deliveries: Any) -> dict[str, int]:
    """Return channel by delivery, however the driver gives it."""
    found: dict[str, int] = json.loads(deliveries) if isinstance(deliveries, str) else deliveries
    return found


def is_reached(deliveries: Mapping[str, int], best: Mapping[str, tuple[int, bool]], confirmation: bool) -> bool:
    """Whether one of a citizen's deliveries reached him; who has to press 1 and was called, only by pressing it."""
    told = [(channel, best.get(key, (0, False))) for key, channel in deliveries.items()]
    if confirmation and any(channel == CALL for channel, _ in told):
        return any(channel == CALL and weight == PRESSED for channel, (weight, _) in told)
    return any(reached for _, (_, reached) in told)


def weigh_deliveries(ledger: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, bool]]:
    """Return of each delivery the word that weighs most among those that we have been told."""
    best: dict[str, tuple[int, bool]] = {}
    for entry in ledger:
        found = recognise(entry["delivery"] or "")
        if found is not None:
            key = str(found[1])
            best[key] = max([best.get(key, (0, False)), *weigh(entry)])
    return best


def weigh(entry: Mapping[str, Any]) -> list[tuple[int, bool]]:
    """Return what the words of one entry mean: those that we acknowledged, and those that we were shown when we asked."""
    kept = [each for each in entry["callbacks"] if each["state"] == "acknowledged" and each["kind"] != "forged"]
    words = [each["detail"] if each["word"] in DETAILED else each["word"] for each in kept]
    table = WORDS.get(entry["carrier"], {})
    return [table[word] for word in (*words, *entry["told"]) if word in table]
