"""Whatever becomes of a valid envelope on its way, it is refused or means what it meant, and nobody else is spoken to."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from providers.amazon_events_told import WHEN, bounce, complaint, tell
from providers.amazon_stand_in import (
    GREETING_TEXT,
    ORIGIN,
    PEM,
    TOPIC,
    Fields,
    Stage,
    enclose,
    invite,
    open_stage,
    recorded_connections,
    seal,
)

from tocsin_providers.webhook import RefusedWebhook, Report

ORIGINALS: list[Fields] = [
    seal(enclose(bounce("Permanent", "NoEmail"))),
    seal(enclose(complaint(), Subject="Amazon SES Email Event Notification")),
    seal(enclose(tell("Open", timestamp=WHEN, userAgent="Évian 🚨"))),
    seal(enclose(json.dumps(tell("Send"), ensure_ascii=False, indent=1) + "\n")),
    seal(enclose(GREETING_TEXT)),
    seal(invite()),
    seal(invite("UnsubscribeConfirmation")),
]
URLS = [
    "http://169.254.169.254/latest", f"https://evil.test{PEM}", f"https://sns.us-east-1.amazonaws.com{PEM}", f"{ORIGIN}@evil.test{PEM}",
    f"{ORIGIN}:444{PEM}", f"{ORIGIN}.evil.test{PEM}", f"{ORIGIN}/..{PEM}", f"{ORIGIN}/SimpleNotificationService-ff.pem", "file:///dev/zero",
]  # fmt: skip
JUNK: list[Any] = [
    None, True, 0, -1, 2, 1e308, 10**400, "", " ", "2", "\x00", "\n", "\ud800", "\U0010ffff", [], [[]], {}, {"Type": "Notification"},
    *URLS, TOPIC + "x", TOPIC.replace("1234", "4321"), "arn:aws:sns:ca-central-1:123456789012:*", "SubscriptionConfirmation", "A" * 5000,
]  # fmt: skip
RAW = (
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"9" * 5000, b"[" * 30_000, b'{"a":' * 10_000, b"1e999999", b"NaN",
    b'"', b"\\", b",", b'"Type":"Notification",', b"\xef\xbb\xbf", b"\r\n", b"/**/",
)  # fmt: skip


def write(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=True).encode()


def flip(fields: Fields, chance: Random) -> bytes:
    body = bytearray(write(fields))
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(body)


def splice(fields: Fields, chance: Random) -> bytes:
    body = write(fields)
    at, until = sorted(chance.randrange(len(body) + 1) for _ in range(2))
    return chance.choice((body[:at] + body[until:], body[:at], body[:at] + chance.choice(RAW) + body[at:]))


def confuse(fields: Fields, chance: Random) -> bytes:
    return write({**fields, chance.choice(list(fields)): chance.choice(JUNK)})


def swap(fields: Fields, chance: Random) -> bytes:
    one, other = chance.sample(list(fields), 2)
    return write({**fields, one: fields[other], other: fields[one]})


def mix(fields: Fields, chance: Random) -> bytes:
    """Take some fields of another envelope, which Amazon signed too."""
    other = chance.choice(ORIGINALS)
    names = chance.sample(list(other), chance.randint(1, len(other) - 1))
    return write({**fields, **{name: other[name] for name in names}})


def repeat(fields: Fields, chance: Random) -> bytes:
    """Say a field twice, before or behind."""
    name = chance.choice(list(fields))
    extra = f"{json.dumps(name)}: {json.dumps(chance.choice([*JUNK, chance.choice(ORIGINALS).get(name)]))}"
    body = write(fields).decode()[1:-1]
    return ("{" + chance.choice((f"{extra}, {body}", f"{body}, {extra}")) + "}").encode()


def rename(fields: Fields, chance: Random) -> bytes:
    name = chance.choice(list(fields))
    other = chance.choice((name.lower(), name.upper(), name + " ", " " + name, name[:-1], name + "\x00"))
    return write({other if key == name else key: value for key, value in fields.items()})


def drop(fields: Fields, chance: Random) -> bytes:
    name = chance.choice(list(fields))
    return write({key: value for key, value in fields.items() if key != name})


def move_line(fields: Fields, chance: Random) -> bytes:
    """Move the border between two signed fields without changing a byte of what is signed."""
    names = [
        name for name in ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token") if name in fields
    ]
    at = chance.randrange(len(names) - 1)
    joined = f"{fields[names[at]]}\n{names[at + 1]}\n{fields[names[at + 1]]}"
    changed = {**fields, names[at]: joined, names[at + 1]: chance.choice((None, "", joined))}
    return write({key: value for key, value in changed.items() if value is not None})


def rewrite(fields: Fields, chance: Random) -> bytes:
    """Write the same in other bytes: this one means what it meant."""
    names = chance.sample(list(fields), len(fields))
    chosen = {name: fields[name] for name in names}
    return json.dumps(chosen, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, 1, "\t"))).encode()


MUTATIONS: list[Callable[[Fields, Random], bytes]] = [
    flip, splice, confuse, swap, mix, repeat, rename, drop, move_line, rewrite,
]  # fmt: skip


@dataclass
class Ending:
    """What came of the mutants."""

    refused: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


async def read_alone(stage: Stage, body: bytes) -> tuple[Report, list[dict[str, str]]]:
    """Return the report, and what was confirmed meanwhile; RefusedWebhook only after nothing was."""
    before = len(stage.amazon.requests)
    try:
        report = await stage.read(body)
    except RefusedWebhook:
        assert not [one for one in stage.amazon.requests[before:] if not one.startswith(b"GET ")]
        raise
    posts = [one.partition(b"\r\n\r\n")[2] for one in stage.amazon.requests[before:] if one.startswith(b"POST ")]
    return report, [dict(parse_qsl(post.decode())) for post in posts]


async def mutate(stage: Stage, count: int, seed: int) -> Ending:
    chance, ending = Random(seed), Ending()
    meant = [await read_alone(stage, write(original)) for original in ORIGINALS]
    for index in range(count):
        which = chance.randrange(len(ORIGINALS))
        mutation = MUTATIONS[index % len(MUTATIONS)]
        body = mutation(ORIGINALS[which], chance)
        try:
            said = await read_alone(stage, body)
        except RefusedWebhook:
            ending.refused[mutation.__name__] += 1
            continue
        # A mixture of two envelopes may be the other one.
        assert said == meant[which] or (mutation is mix and said in meant), body
        ending.kept[mutation.__name__] += 1
    return ending


async def check_mutants(count: int, seed: int) -> None:
    async with open_stage() as stage:
        with recorded_connections() as connections:
            ending = await mutate(stage, count, seed)
        assert {f"https://{urlsplit(url).netloc}" for url in stage.detour.asked} == {ORIGIN}
        assert {urlsplit(url).path.rpartition("-")[0] for url in stage.detour.asked} <= {
            "/SimpleNotificationService",
            "",
        }
        assert set(connections) <= {"127.0.0.1", ("127.0.0.1", stage.amazon.port)}
    assert ending.kept["rewrite"] == count // len(MUTATIONS)
    assert set(ending.refused) == {mutation.__name__ for mutation in MUTATIONS} - {"rewrite"}
    assert ending.refused.total() > count * 0.6


async def test_each_original_is_believed() -> None:
    async with open_stage() as stage:
        meant = [await read_alone(stage, write(original)) for original in ORIGINALS]
    assert [len(report.events) for report, _ in meant] == [1, 1, 1, 1, 0, 0, 0]
    assert [len(confirmed) for _, confirmed in meant] == [0, 0, 0, 0, 0, 1, 0]


async def test_no_mutant_is_believed_for_what_amazon_did_not_sign() -> None:
    await check_mutants(400, seed=7)


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
async def test_none_of_10_000_mutants_is_believed_for_what_amazon_did_not_sign(seed: int) -> None:
    await check_mutants(10_000, seed=seed)
