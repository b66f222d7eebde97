"""The demonstration's town, its drill, and an independent recount from the carriers' ledger. Imports the importer.

The recount uses a table of ranks of its own: it would not show a mistake that it shared with the server.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from tocsin.database import get_database
from tocsin.identifiers import recognise, resolve
from tocsin.importing.intake import take_in

SLUG = "sainte-rive"
FIRST = ("Aline", "Bruno", "Chantal", "Denis", "Édith", "Félix", "Ginette", "Hugo", "Inès", "Jean", "Kim", "Léo")
LAST = ("Tremblay", "Gagnon", "Roy", "Côté", "Bouchard", "Gauthier", "Morin", "Lavoie", "Fortin", "Gagné", "Ouellet")
COLUMNS = ("reference", "first_name", "last_name", "locale", "call", "sms", "verified", "groups")

RANKS = {
    "accepted": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "failed": 5,
    "refused": 5,
    "undelivered": 6,
    "delivered": 7,
}

CATEGORY = """mutation { createCategory(input: { name: "Exercices", channels: [CALL, SMS, EMAIL] }) { id } }"""

DRAFT = """mutation ($category: ID!) { createCommunication(input: {
  title: "Exercice de crue", categoryId: $category, channels: [SMS], contents: [
    { locale: FR, smsText: "EXERCICE. La rivière monte : ceci est un test." },
    { locale: EN, smsText: "DRILL. The river is rising: this is a test." } ] }) { id } }"""

SEND = """mutation ($id: ID!) { sendCommunication(id: $id, idempotencyKey: "drill") { id } }"""


async def settle_town(citizens: int, directory: Path) -> None:
    """Import the town and its people from a file, as any municipality does; each has one telephone number."""
    file = directory / "citizens.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        writer.writerows(describe_citizen(number) for number in range(citizens))
    refused: list[str] = []
    await take_in(file, SLUG, name="Sainte-Rive", refuse=lambda line, reason: refused.append(f"line {line}: {reason}"))
    if refused:
        raise RuntimeError(f"the town's own file was refused: {refused[0]}")


def describe_citizen(number: int) -> tuple[str, ...]:
    """Return a citizen's row; every tenth number ends in a digit pair to which the carriers do something else."""
    phone = f"+1418{2 + number // 1_000_000}{number % 1_000_000:06}"
    names = (FIRST[number % len(FIRST)], LAST[number // len(FIRST) % len(LAST)])
    return (
        f"demo-{number}",
        *names,
        "EN" if number % 5 == 0 else "FR",
        phone,
        phone,
        "yes",
        f"Secteur {number % 4 + 1}",
    )


async def send_drill(graphql_url: str, authorization: str) -> UUID:
    """Write the drill and send it through the API; return its key."""
    async with httpx2.AsyncClient(headers={"Authorization": authorization}, timeout=30) as client:
        category = await ask(client, graphql_url, CATEGORY)
        communication = await ask(client, graphql_url, DRAFT, category=category["createCategory"]["id"])
        draft_id = communication["createCommunication"]["id"]
        await ask(client, graphql_url, SEND, id=draft_id)
        return resolve("communication", draft_id)


async def ask(client: httpx2.AsyncClient, url: str, query: str, **variables: str) -> dict[str, Any]:
    """Return the data of an operation; RuntimeError with the server's words where it has none."""
    answer = (await client.post(url, json={"query": query, "variables": variables})).json()
    if answer.get("errors"):
        raise RuntimeError(answer["errors"][0]["message"])
    data: dict[str, Any] = answer["data"]
    return data


async def recount_drill(communication_id: UUID, ledger: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count citizens from what the carriers say they reported, joined on the delivery in the callback's URL."""
    rows = await get_database().execute_query_dict(
        "SELECT r.id, array_remove(array_agg(d.id), NULL) AS deliveries FROM recipient r"
        " LEFT JOIN delivery d ON d.recipient_id = r.id WHERE r.communication_id = $1 GROUP BY r.id",
        [communication_id],
    )
    best = rank_deliveries(ledger)
    ranks = [max((best.get(key, 0) for key in row["deliveries"]), default=0) for row in rows]
    contacted = sum(rank == RANKS["delivered"] for rank in ranks)
    return {"contacted": contacted, "inProgress": 0, "notContacted": len(ranks) - contacted}


def rank_deliveries(ledger: Iterable[Mapping[str, Any]]) -> dict[UUID, int]:
    """Return for each delivery the highest rank among the reports that were acknowledged."""
    best: dict[UUID, int] = {}
    for entry in ledger:
        found = recognise(entry["delivery"] or "")
        if found is not None:
            best[found[1]] = max([best.get(found[1], 0), *list_ranks(entry["callbacks"])])
    return best


def list_ranks(callbacks: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ranks of reports that we said we have kept."""
    return [RANKS[each["word"]] for each in callbacks if each["state"] == "acknowledged" and each["kind"] != "forged"]
