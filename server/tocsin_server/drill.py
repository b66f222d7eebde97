"""The demonstration's town and its drill, by call, text and e-mail in two languages. Imports the importer."""

import csv
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from tocsin.consents import Senders
from tocsin.identifiers import resolve
from tocsin.importing.intake import take_in

SLUG = "sainte-rive"
FIRST = ("Aline", "Bruno", "Chantal", "Denis", "Édith", "Félix", "Ginette", "Hugo", "Inès", "Jean", "Kim", "Léo")
LAST = ("Tremblay", "Gagnon", "Roy", "Côté", "Bouchard", "Gauthier", "Morin", "Lavoie", "Fortin", "Gagné", "Ouellet")
COLUMNS = ("reference", "first_name", "last_name", "locale", "call", "sms", "email", "verified", "groups")

CATEGORY = """mutation ($confirmed: Boolean!) {
  createCategory(input: { name: "Exercices", confirmationRequired: $confirmed, channels: [CALL, SMS, EMAIL] }) { id } }"""

DRAFT = """mutation ($category: ID!) { createCommunication(input: {
  title: "Exercice de crue", categoryId: $category, channels: [CALL, SMS, EMAIL], contents: [
    { locale: FR, callText: "Ceci est un exercice. La rivière monte et le quartier du quai serait évacué.",
      smsText: "EXERCICE. La rivière monte : ceci est un test.", emailSubject: "Exercice : la rivière monte",
      emailText: "Ceci est un exercice.\\n\\nLa rivière monte et le quartier du quai serait évacué." },
    { locale: EN, callText: "This is a drill. The river is rising and the quay would be evacuated.",
      smsText: "DRILL. The river is rising: this is a test.", emailSubject: "Drill: the river is rising",
      emailText: "This is a drill.\\n\\nThe river is rising and the quay would be evacuated." } ] }) { id } }"""

SEND = """mutation ($id: ID!) { sendCommunication(id: $id, idempotencyKey: "drill") { id } }"""


async def settle_town(citizens: int, directory: Path, *, senders: Senders) -> None:
    """Import the town and its people from a file, as any municipality does; each has one telephone number."""
    file = directory / "citizens.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        writer.writerows(describe_citizen(number) for number in range(citizens))
    refused: list[str] = []

    def refuse(line: int, reason: str) -> None:
        refused.append(f"line {line}: {reason}")

    await take_in(file, SLUG, name="Sainte-Rive", senders=senders, refuse=refuse)
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
        f"citoyen{number:06}@exemple.test" if number % 3 else "",
        "yes",
        f"Secteur {number % 4 + 1}",
    )


async def send_drill(graphql_url: str, authorization: str, *, confirmed: bool) -> UUID:
    """Write the drill and send it through the API; return its key."""
    async with httpx2.AsyncClient(headers={"Authorization": authorization}, timeout=30) as client:
        category = await ask(client, graphql_url, CATEGORY, confirmed=confirmed)
        communication = await ask(client, graphql_url, DRAFT, category=category["createCategory"]["id"])
        draft_id = communication["createCommunication"]["id"]
        await ask(client, graphql_url, SEND, id=draft_id)
        return resolve("communication", draft_id)


async def ask(client: httpx2.AsyncClient, url: str, query: str, **variables: object) -> dict[str, Any]:
    """Return the data of an operation; RuntimeError with the server's words where it has none."""
    answer = (await client.post(url, json={"query": query, "variables": variables})).json()
    if answer.get("errors"):
        raise RuntimeError(answer["errors"][0]["message"])
    data: dict[str, Any] = answer["data"]
    return data
