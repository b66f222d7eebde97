"""Executes the documents of one answered call: plays them, gathers a key, asks the customer what comes next.
Imports stage, call, callbacks, TwiML.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from urllib.parse import urljoin

from tocsin_carriers.disorder import draw_callback, spread
from tocsin_carriers.ledger import Answer, Kind
from tocsin_carriers.retries import acknowledged
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_addresses import Address, read_address
from tocsin_carriers.twilio_errors import TwilioError
from tocsin_carriers.twiml import CONTENT_TYPES, NO_TYPE, Redirect, TwimlError, parse
from tocsin_carriers.twiml_performance import Gathered, Performance, perform
from tocsin_carriers.voice_call import Call
from tocsin_carriers.voice_callbacks import Post, call_form
from tocsin_carriers.voice_request import Document

MOST_DOCUMENTS = 100
_APOLOGY_SECONDS = 4.0
_NO_URL, _NO_DOCUMENT, _TOO_MANY = 11100, 11200, 11215
"""Twilio's numbers for an address that is none, an answer that did not come, and documents without end."""


class Dialogue:
    """Instants are simulated seconds after the call's acceptance. A new document ends the one before it."""

    def __init__(
        self,
        stage: Stage,
        call: Call,
        *,
        time_limit: float,
        presses: str | None,
        reaction: float,
        hang_up: Callable[[float], None],
    ) -> None:
        self._stage = stage
        self._call = call
        self._time_limit = time_limit
        self._presses = presses
        self._reaction = reaction
        self._hang_up = hang_up
        self._plain = replace(stage.knobs, duplicates=0.0, bad_signature=0.0, delayed=0.0, shuffle=False)
        self._disturbed = replace(stage.knobs, delayed=0.0, shuffle=False)
        self._turn = 0
        self._asked = 0
        self._base = ""
        self._fallback: Address | None = None
        self._falling_back = False

    def begin(self, document: Document, at: float, extra: dict[str, str] | None = None) -> None:
        """`extra`: further fields for the request that fetches it."""
        self.stop(at)
        self._base = ""
        self._fallback = document.fallback
        self._falling_back = False
        if document.twiml is not None:
            self._execute(document.twiml.encode(), at)
        elif document.address is not None:
            self._ask("document", document.address, at, extra or {})

    def stop(self, at: float) -> None:
        """Whatever was to come does not; a sentence that is cut short was not heard."""
        self._turn += 1
        self._call.spoken = [spoken for spoken in self._call.spoken if spoken.until <= at]

    def _execute(self, body: bytes, at: float) -> None:
        try:
            verbs = parse(body)
        except TwimlError as error:
            return self._fail(error, at)
        self._falling_back = False
        performance = perform(verbs, at, presses=self._presses, reaction=self._reaction)
        self._call.spoken += performance.spoken
        return self._at(performance.at, partial(self._go_on, performance))

    def _go_on(self, performance: Performance) -> None:
        """What the document had to say is said."""
        match performance.then:
            case Gathered() as gathered:
                self._call.digits += gathered.digits
                fields = {"Digits": gathered.digits, "FinishedOnKey": gathered.finished_on, "msg": "Gather End"}
                self._turn_to("gather", gathered.action or self._base, performance.at, fields)
            case Redirect(url):
                self._turn_to("document", url, performance.at, {})
            case None:
                self._hang_up(performance.at)

    def _turn_to(self, word: str, reference: str, at: float, fields: dict[str, str]) -> None:
        try:
            address = read_address(urljoin(self._base, reference), refusal=_NO_URL)
        except (TwilioError, ValueError):
            address = None
        if address is None:
            self._fail(TwimlError(_NO_URL), at)
        elif self._asked >= MOST_DOCUMENTS:
            self._fail(TwimlError(_TOO_MANY), at)
        else:
            self._ask(word, address, at, fields)

    def _ask(self, word: str, address: Address, at: float, fields: dict[str, str]) -> None:
        """Only the posts of keys are doubled and forged; nothing is delayed while somebody holds the line."""
        position, self._asked = self._asked, self._asked + 1
        self._base = address.url
        knobs = self._disturbed if word == "gather" else self._plain
        draw = draw_callback(Random(f"{self._call.draw_key}:{position}"))
        for arrival in spread([at], [draw], knobs, early=False):
            claims = fields | ({"Digits": _contrary_key(fields)} if arrival.kind is Kind.FORGED else {})
            hear = partial(self._hear, self._turn) if arrival.kind is Kind.GENUINE else None
            form = call_form(self._call, "in-progress") | claims
            post = Post(
                self._call, position, word, None, arrival.after, arrival.kind, address=address, form=form, hear=hear
            )
            post.detail = claims.get("Digits")
            self._stage.owe(post)

    def _hear(self, turn: int, post: Post, answer: Answer) -> None:
        """An answer takes as long as its post, and whole seconds more if the customer was slow."""
        if turn != self._turn:
            return
        at = post.after + int(post.spent)
        if not acknowledged(answer.status):
            self._give_up(_NO_DOCUMENT, at)
        elif answer.content_type.partition(";")[0].strip().lower() not in CONTENT_TYPES:
            self._fail(TwimlError(NO_TYPE), at)
        else:
            self._execute(answer.body, at)

    def _fail(self, error: TwimlError, at: float) -> None:
        self._call.twiml_errors.append(error)
        self._stage.ledger.note_twiml_error(self._call)
        self._give_up(error.code, at)

    def _give_up(self, code: int, at: float) -> None:
        """One try at the fallback; else Twilio says that it is sorry, and the call is over."""
        if self._fallback is None or self._falling_back or self._asked >= MOST_DOCUMENTS:
            end = at + _APOLOGY_SECONDS
            self._at(end, partial(self._hang_up, end))
        else:
            self._falling_back = True
            self._ask("document", self._fallback, at, {"ErrorCode": str(code), "ErrorUrl": self._base})

    def _at(self, at: float, act: Callable[[], None]) -> None:
        """Unless the dialogue has taken another turn by then, or the call has lasted too long."""
        turn, answered = self._turn, self._call.when("in-progress")
        latest = (answered.at if answered else 0.0) + self._time_limit
        due, then = (at, act) if at <= latest else (latest, partial(self._hang_up, latest))
        self._stage.at(self._call.accepted_at + due, lambda: then() if turn == self._turn else None)


def _contrary_key(fields: dict[str, str]) -> str:
    return "2" if fields.get("Digits") == "1" else "1"
