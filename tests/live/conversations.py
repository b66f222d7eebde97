"""Conversations over graphql-transport-ws, well-formed and not, and a model of what a server may answer to each."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from live.control_room import STATISTICS

MOST_OPERATIONS = 20
TRUE, FORGED, MISTYPED = "true", "forged", "mistyped"
FOLLOW, ASK, WRONG = "follow", "ask", "wrong"
MESSAGE, FRAME = "message", "frame"
BELOW = (1002, 1007, 1009)
"""What the connection itself closes with."""

IDS = ["1", "2", "3", "é" * 300, "\ud800", "\0", "__proto__", "x" * 20_000]
DEEP = "[" * 60_000
LONG_NUMBER = f'{{"type": "ping", "payload": {{"x": {"9" * 5_000}}}}}'
RAW = [
    "", " ", "[1]", "5", "null", "true", "NaN", '"x"', "{}", "[]", "{", DEEP, '{"a":' * 10_000, LONG_NUMBER,
    '\ufeff{"type":"ping"}', '{"type":"ping",}', "{'type':'ping'}", '{"type":"ping"}{"type":"ping"}',
]  # fmt: skip
FALSE: dict[str, list[Any]] = {
    "type": [None, 1, True, [], {}, "", "x" * 200, "connection_ack", "next", "error", "PING", "start"],
    "id": [None, 1, True, [], ["1"], {}, ""],
    "payload": [1, True, "x", [], [{}]],
    "query": [None, 1, [], {}],
    "variables": [1, "x", [], True],
    "operationName": [1, [], {}],
    "extensions": [1, "x", []],
}
"""What each field may never be."""
WRONG_DOCUMENTS = [
    "", "subscription {", "{ " * 3000, "{ nothing }", "subscription { statistics { version } }", "fragment F on Query { viewer { id } }",
    "query A { viewer { id } } query B { viewer { id } }", "\ud800", "\0", "#", 'query($a: ID = "\ud800") { viewer { id } }',
]  # fmt: skip


def nest(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


WRONG_IDS = [None, 1, True, "", "x", "\0", "\ud800", {}, {"a": {}}, nest(100), nest(900), 10**30, 1e308, "x" * 10_000]


@dataclass(frozen=True)
class Step:
    """What a client does, and what it is: a message of a kind, or something that closes with a code."""

    said: Any
    kind: str
    id: str = ""
    sort: str = ""
    code: int = 0
    way: str = MESSAGE

    def __repr__(self) -> str:
        return f"{self.kind}({self.sort or self.code or self.id!r:.20} {self.said!r:.90})"


def speak(message: object, kind: str, **more: Any) -> Step:
    return Step(json.dumps(message), kind, **more)


def greet(sort: str) -> Step:
    authorization: Any = {TRUE: "$TOKEN", FORGED: "Bearer forged", MISTYPED: ["Bearer"]}[sort]
    return speak({"type": "connection_init", "payload": {"authorization": authorization}}, "greet", sort=sort)


def subscribe(id: str, sort: str, query: str, variables: Any = None) -> Step:
    payload = {"query": query, "variables": variables, "unknown": [1]}
    return speak({"type": "subscribe", "id": id, "payload": payload}, "subscribe", id=id, sort=sort)


def follow(id: str) -> Step:
    return subscribe(id, FOLLOW, STATISTICS, {"id": "$ALERT"})


def make_message(kind: str) -> dict[str, Any]:
    """Return a message that is well-formed, every field of it there."""
    if kind == "subscribe":
        payload: dict[str, Any] = {
            "query": "{ viewer { id } }",
            "variables": {},
            "operationName": None,
            "extensions": None,
        }
        return {"type": kind, "id": "1", "payload": payload}
    return {"type": kind, "id": "1"} if kind == "complete" else {"type": kind, "payload": {}}


@st.composite
def break_messages(draw: st.DrawFn) -> Step:
    """Spoil one field of a message, or leave it out where it may not be left out."""
    message = make_message(draw(st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete"])))
    inner = message.get("payload") if message["type"] == "subscribe" else None
    name = draw(st.sampled_from([*message, *(inner or ())]))
    place = message if name in message else inner
    assert place is not None, "the name is in one of them"
    needed = name in ("type", "id", "query") or (name == "payload" and inner is not None)
    if needed and draw(st.booleans()):
        del place[name]
    else:
        place[name] = draw(st.sampled_from(FALSE[name]))
    return speak(message, "broken", code=4400)


def cut(message: str) -> st.SearchStrategy[str]:
    return st.integers(0, len(message) - 1).map(lambda length: message[:length])


def broken(texts: st.SearchStrategy[Any], code: int = 4400, **more: Any) -> st.SearchStrategy[Step]:
    return texts.map(lambda text: Step(text, "broken", code=code, **more))


IDENTIFIERS = st.sampled_from(IDS) | st.text(min_size=1, max_size=8)
PAYLOADS = st.sampled_from([None, {}, {"a": [1, {"b": "\ud800"}]}, {"x": "y" * 30_000}, {"deep": nest(500)}])
WELL_FORMED = st.one_of(
    st.sampled_from(["ping", "pong"]).flatmap(
        lambda kind: PAYLOADS.map(lambda payload: speak({"type": kind, "payload": payload, "id": 5}, kind))
    ),
    st.sampled_from(["ping", "pong"]).map(lambda kind: speak({"type": kind}, kind)),
    IDENTIFIERS.map(lambda id: speak({"type": "complete", "id": id, "payload": 5}, "complete", id=id)),
    IDENTIFIERS.map(follow),
    IDENTIFIERS.map(lambda id: subscribe(id, ASK, "{ viewer { id } }")),
    st.builds(subscribe, IDENTIFIERS, st.just(WRONG), st.sampled_from(WRONG_DOCUMENTS) | st.text(max_size=30)),
    st.builds(
        subscribe, IDENTIFIERS, st.just(WRONG), st.just(STATISTICS), st.sampled_from(WRONG_IDS).map(lambda id: {"id": id})
    ),
    st.binary(max_size=125).map(lambda data: Step(data, "ping frame", way=FRAME)),
    st.binary(max_size=125).map(lambda data: Step(data, "pong frame", way=FRAME)),
    IDENTIFIERS.map(follow).map(lambda step: Step(list(step.said), "subscribe", step.id, FOLLOW)),
)  # fmt: skip
GREETINGS = st.sampled_from([greet(FORGED), greet(MISTYPED), greet(TRUE)])
BROKEN = st.one_of(
    break_messages(),
    broken(st.sampled_from(RAW)),
    broken(st.binary(max_size=40)),
    broken(st.text(max_size=20).filter(lambda text: not text.strip().startswith("{"))),
    broken(cut(follow("1").said)),
    broken(st.just("x" * 65_537), 1009),
    broken(st.just(["x" * 40_000, "y" * 40_000]), 1009),
    broken(st.just(b"\xc3\x28"), 1007, way="text"),
    broken(st.sampled_from([b"\x83\x80\0\0\0\0", b"\x81\x01x", b"\x80\x80\0\0\0\0"]), 1002, way="bytes"),
)
STEPS = st.one_of(WELL_FORMED, WELL_FORMED, WELL_FORMED, WELL_FORMED, GREETINGS, BROKEN)


@dataclass(frozen=True)
class Conversation:
    """The steps of one client, whether it waits after each, and whether it breaks off at the end."""

    steps: Sequence[Step]
    waiting: bool
    breaking_off: bool

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show Hypothesis's examples in short: what is said may be long."""
        printer.text(repr(self))


@st.composite
def converse(draw: st.DrawFn) -> Conversation:
    greeted = [greet(TRUE)] if draw(st.integers(0, 5)) else []
    steps = draw(st.lists(STEPS, max_size=10))
    storm = [follow(f"storm {number}") for number in range(30)] if not draw(st.integers(0, 9)) else []
    return Conversation([*greeted, *steps, *storm], draw(st.booleans()), draw(st.booleans()))


@dataclass
class Model:
    """What a server that keeps to the protocol may say to the steps so far."""

    greeted: bool = False
    ending: int | None = None
    """What it has to close with."""
    endings: set[int] = field(default_factory=set)
    """What it may have closed with before, as it can't be known what had ended by then."""
    running: dict[str, str] = field(default_factory=dict)
    subscribed: Counter[str] = field(default_factory=Counter)
    pings: int = 0
    crowded: bool = False

    def take(self, step: Step) -> None:
        """Go on by one step; after the end only what is below the protocol counts, which may be seen before it."""
        if self.ending is None:
            getattr(self, f"_take_{step.kind.replace(' ', '_')}")(step)
        elif step.code in BELOW:
            self.endings.add(step.code)

    def _take_broken(self, step: Step) -> None:
        self.ending = step.code

    def _take_greet(self, step: Step) -> None:
        if self.greeted:
            self.ending = 4429
        elif step.sort == TRUE:
            self.greeted = True
        else:
            self.ending = {FORGED: 4403, MISTYPED: 4400}[step.sort]

    def _take_ping(self, step: Step) -> None:
        self.pings += 1

    def _take_pong(self, step: Step) -> None:
        """Nothing comes of it, nor of the signals of WebSocket itself."""

    _take_ping_frame = _take_pong_frame = _take_pong

    def _take_complete(self, step: Step) -> None:
        self.running.pop(step.id, None)

    def _take_subscribe(self, step: Step) -> None:
        if not self.greeted:
            self.ending = 4401
        elif self.running.get(step.id) == FOLLOW:
            self.ending = 4409
        else:
            if step.id in self.running:
                self.endings.add(4409)
            self.crowded |= len(self.running) >= MOST_OPERATIONS
            self.running[step.id] = WRONG if self.crowded else step.sort
            self.subscribed[step.id] += 1

    def complain(self, heard: Sequence[dict[str, Any]]) -> Iterator[str]:
        """Say of what was heard what may not be."""
        kinds = Counter(message["type"] for message in heard)
        if not set(kinds) <= {"connection_ack", "pong", "next", "error", "complete"}:
            yield f"unknown messages: {kinds}"
        if kinds["connection_ack"] > self.greeted or kinds["pong"] > self.pings:
            yield f"answers to nothing: {kinds}"
        ended: Counter[str] = Counter()
        for message in heard:
            if message["type"] in ("next", "error", "complete"):
                ended[message["id"]] += message["type"] != "next"
            yield from complain_of_errors(message)
        if any(count > self.subscribed[id] for id, count in ended.items()):
            yield "an operation ended twice, or was never there"

    def is_answered(self, heard: Sequence[dict[str, Any]]) -> bool:
        """Whether all has been heard that has to be."""
        kinds = Counter(message["type"] for message in heard)
        last = {message["id"]: message["type"] for message in heard if "id" in message}
        return (
            kinds["pong"] == self.pings
            and kinds["connection_ack"] == self.greeted
            and all(
                last.get(id) == "next" if sort == FOLLOW else id in last and (self.crowded or last[id] != "next")
                for id, sort in self.running.items()
            )
        )


def complain_of_errors(message: dict[str, Any]) -> Iterator[str]:
    errors = message["payload"] if message["type"] == "error" else (message.get("payload") or {}).get("errors", ())
    for error in errors:
        if error["extensions"]["code"] not in ("BAD_INPUT", "NOT_FOUND", "RATE_LIMITED", "TOO_EXPENSIVE"):
            yield f"a failure of ours: {error}"
