"""Promises of trusted documents: they run by name or as they are, nothing else does, and a wrong manifest starts nothing."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from locked.gate import TRANSPORTS, Gate, open_gate, read_code
from stage.house import choose_settings
from websockets.exceptions import ConnectionClosed

from tocsin.errors import ConfigurationError
from tocsin_graphql.documents import REMEMBERED, TrustedDocuments
from tocsin_graphql.schema import build_schema
from tocsin_server.doctor import examine
from tocsin_server.documents import PAGE, open_documents

VIEWER = "query Who {\n  viewer {\n    name\n  }\n}"
STATUSES = "query Words($locale: Locale) { statuses(locale: $locale) { status } }"
BOTH = "query One { viewer { name } } query Two { __typename }"
WALL = "subscription Wall { activeStatistics { communicationId } }"
SECRET = "{ citizens { edges { node { lastName } } } }"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


MANIFEST = {digest(VIEWER): VIEWER, "words-1": STATUSES, "sha256:" + digest(BOTH): BOTH, "wall": WALL}
NAME = {"data": {"viewer": {"name": "Clerk"}}}


def name_apollo(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    file = tmp_path / "mobile.json"
    file.write_text(json.dumps(MANIFEST))
    return file


@pytest.fixture
async def gate(database_url: str, manifest: Path) -> AsyncIterator[Gate]:
    async with open_gate(database_url, graphql_trusted_documents=manifest) as opened:
        yield opened


async def test_a_trusted_document_runs_by_its_name_or_as_it_is(gate: Gate) -> None:
    requests: list[dict[str, Any]] = [
        {"documentId": digest(VIEWER)},
        {"documentId": f"sha256:{digest(VIEWER)}"},
        {"query": None, "documentId": digest(VIEWER)},
        name_apollo(VIEWER),
        {"query": VIEWER},
        {"query": VIEWER, **name_apollo(VIEWER)},
        {"query": "# as another client prints it\nquery Who{viewer{name,}}"},
        {"documentId": digest(BOTH), "operationName": "One"},
    ]
    for transport, ask in TRANSPORTS.items():
        for request in requests:
            sent = request if transport != "GET" else {key: value for key, value in request.items() if value}
            assert await ask(gate, sent) == NAME, (transport, request)


async def test_variables_reach_a_document_that_is_named(gate: Gate) -> None:
    for transport, ask in TRANSPORTS.items():
        answer = await ask(gate, {"documentId": "words-1", "variables": {"locale": "FR"}})
        assert len(answer["data"]["statuses"]) == 25, transport
        wrong = await ask(gate, {"documentId": "words-1", "variables": {"locale": "DE"}})
        assert read_code(wrong) == "BAD_INPUT", transport


async def test_a_subscription_runs_by_its_name(gate: Gate) -> None:
    for ask in (Gate.stream, Gate.talk):
        assert await ask(gate, {"documentId": "wall"}) == {"data": {"activeStatistics": []}}


async def test_nothing_else_runs_and_all_of_it_is_refused_in_the_same_words(gate: Gate) -> None:
    requests: list[dict[str, Any]] = [
        {"query": SECRET},
        {"query": "{"},
        {"query": "[" * 20_000},
        {"query": ""},
        {"query": VIEWER.replace("name", "name id")},
        {"query": f"{VIEWER} {SECRET}"},
        {"documentId": digest(SECRET)},
        {"documentId": ""},
        {"documentId": "made-up"},
        name_apollo(SECRET),
        {"query": SECRET, "documentId": digest(VIEWER)},
        {"query": SECRET, **name_apollo(VIEWER)},
        {"query": VIEWER, "documentId": "words-1"},
        {"query": VIEWER, "documentId": "made-up"},
    ]
    said = set()
    for transport, ask in TRANSPORTS.items():
        for request in requests:
            answer = await ask(gate, request)
            assert read_code(answer) == "FORBIDDEN", (transport, request)
            said.add(answer["errors"][0]["message"])
    assert len(said) == 1
    answered = await gate.client.post("/graphql", json={"query": SECRET})
    assert (answered.status_code, answered.headers["content-type"].partition(";")[0]) == (403, "application/json")


async def test_what_names_nothing_is_no_request(gate: Gate) -> None:
    wrong: list[dict[str, Any]] = [{"documentId": 5}, {"extensions": {"persistedQuery": 5}}, {"extensions": []}, {}]
    for request in wrong:
        answered = await gate.client.post("/graphql", json=request)
        assert answered.status_code == 400
        assert read_code(answered.json()) == "BAD_INPUT"
        with pytest.raises(ConnectionClosed) as closed:
            await gate.talk(request)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


async def test_without_trust_an_id_is_refused_and_a_text_runs_whatever_it_is_called(database_url: str) -> None:
    async with open_gate(database_url) as gate:
        for transport, ask in TRANSPORTS.items():
            assert read_code(await ask(gate, {"documentId": digest(VIEWER)})) == "BAD_INPUT", transport
            assert await ask(gate, {"query": VIEWER, **name_apollo(VIEWER)}) == NAME, transport


async def test_a_folder_holds_the_manifests_of_several_clients(database_url: str, manifest: Path) -> None:
    other = manifest.with_name("partner.json")
    other.write_text(json.dumps({"partner-1": "{ __typename }", "again": VIEWER}))
    manifest.with_name("notes.txt").write_text("no manifest")
    async with open_gate(database_url, graphql_trusted_documents=manifest.parent) as gate:
        assert await gate.post({"documentId": "partner-1"}) == {"data": {"__typename": "Query"}}
        assert await gate.post({"documentId": "again"}) == NAME
        assert await gate.post({"documentId": digest(VIEWER)}) == NAME


async def test_every_document_of_the_page_is_trusted_with_any_manifest(database_url: str, tmp_path: Path) -> None:
    assert PAGE.exists(), "the console has not been built; run make install"
    documents = json.loads(PAGE.read_text())
    assert all(name == digest(text) for name, text in documents.items())
    async with open_gate(database_url, graphql_trusted_documents=tmp_path) as gate:
        for name in documents:
            answer = await gate.post({"documentId": name})
            assert "FORBIDDEN" not in str(answer), name
        assert read_code(await gate.post({"query": SECRET})) == "FORBIDDEN"


WRONG = {
    "no JSON": b"{",
    "broken": b'{"a": "\xff"}',
    "deep": b"[" * 50_000,
    "list": b"[]",
    "numbers": b'{"a": 5}',
    "syntax": b'{"a": "{ viewer {"}',
    "unknown field": b'{"a": "{ viewer { shoeSize } }"}',
    "fragment alone": b'{"a": "fragment F on Viewer { name }"}',
    "nothing": b'{"a": ""}',
    "lengthy": json.dumps({"a": VIEWER.ljust(65_537)}).encode(),
    "long": json.dumps({"a": "{" + " __typename" * 10_000 + "}"}).encode(),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_wrong_manifest_is_one_sentence_that_names_the_file(manifest: Path, content: bytes) -> None:
    manifest.write_bytes(content)
    settings = choose_settings(8000, graphql_trusted_documents=manifest)
    with pytest.raises(ConfigurationError, match="GRAPHQL_TRUSTED_DOCUMENTS") as raised:
        open_documents(settings, build_schema())
    assert "mobile.json" in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("second", "said"), [({"words-1": VIEWER}, "words-1"), ({digest(VIEWER): STATUSES}, digest(VIEWER))]
)
def test_two_documents_of_one_name_are_refused(manifest: Path, second: dict[str, str], said: str) -> None:
    manifest.with_name("partner.json").write_text(json.dumps(second))
    with pytest.raises(ConfigurationError, match=said):
        open_documents(choose_settings(8000, graphql_trusted_documents=manifest.parent), build_schema())


def test_a_server_with_a_wrong_manifest_ends_with_2_before_it_listens(
    database_url: str, manifest: Path, tmp_path: Path, unused_tcp_port: int
) -> None:
    manifest.write_text('{"a": "{ viewer { shoeSize } }"}')
    settings = choose_settings(unused_tcp_port, database_url=database_url, tocsin_data_dir=tmp_path)
    given = {name.upper(): str(value) for name, value in settings.model_dump(exclude_defaults=True).items()}
    ended = subprocess.run(
        [sys.executable, "-c", "from tocsin_server.cli import main; main()", "serve"],
        env={**given, "GRAPHQL_TRUSTED_DOCUMENTS": str(manifest)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines()[-1].startswith("tocsin: GRAPHQL_TRUSTED_DOCUMENTS: the document a of")


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="neither a file nor a folder"):
        open_documents(choose_settings(8000, graphql_trusted_documents=tmp_path / "none"), build_schema())


def test_other_spellings_are_remembered_up_to_a_bound() -> None:
    trusted = TrustedDocuments([("a", VIEWER)], most_tokens=10_000)
    for number in range(REMEMBERED + 50):
        assert trusted.find({"query": f"# {number}\n{VIEWER}"}) == VIEWER
    assert len(trusted._met) == REMEMBERED


@pytest.mark.parametrize(
    ("place", "what"),
    [(None, "Any document may run"), ("mobile.json", "trusted documents run"), ("none", "leads to")],
)
async def test_the_doctor_says_whether_the_api_is_locked(manifest: Path, place: str | None, what: str) -> None:
    chosen = manifest.with_name(place) if place else None
    found = await examine(choose_settings(8000, graphql_trusted_documents=chosen), None)
    [finding] = [each for each in found if what in each.what]
    assert finding.fault is (place == "none")
