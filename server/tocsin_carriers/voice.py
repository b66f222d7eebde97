"""Twilio Voice's wire: accepts calls over REST, lets each live its life, changes and lists them.
Imports the shared parts.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin_carriers.disorder import draw_key
from tocsin_carriers.ledger import Callback, Outgoing
from tocsin_carriers.scripts import cut
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_account import authenticate, not_found, read_fields, read_form, refuse_load
from tocsin_carriers.twilio_errors import TwilioError, error_response
from tocsin_carriers.twilio_overrides import usual_policy
from tocsin_carriers.twilio_store import Store
from tocsin_carriers.voice_call import Call, resource_of
from tocsin_carriers.voice_callbacks import compose_callback
from tocsin_carriers.voice_life import CallLife
from tocsin_carriers.voice_list import list_calls
from tocsin_carriers.voice_outcomes import UNANSWERED, outcome_of
from tocsin_carriers.voice_queue import LONGEST_QUEUE_SECONDS, CallQueue
from tocsin_carriers.voice_request import CallRequest, read_call_request, read_document
from tocsin_carriers.voice_timeline import FINAL_WORDS, WORDS, CallDraws, CallHappening, draw_call, plan_call

_logger = logging.getLogger(__name__)
_CALLS = "/2010-04-01/Accounts/{account_sid}/Calls"


class VoiceWire:
    """One Twilio account's Calls resource."""

    name = "twilio_voice"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        stage.on_reset(self._reset)
        stage.scripts.learn(WORDS)
        self._reset()

    def _reset(self) -> None:
        self._store: Store[Call] = Store()
        self._lives: dict[str, CallLife] = {}
        self._queue = CallQueue()

    def routes(self) -> list[BaseRoute]:
        return [
            Route(f"{_CALLS}.json", self._create, methods=["POST"]),
            Route(f"{_CALLS}.json", self._list, methods=["GET"]),
            Route(f"{_CALLS}/{{sid}}.json", self._fetch, methods=["GET"]),
            Route(f"{_CALLS}/{{sid}}.json", self._update, methods=["POST"]),
        ]

    def compose(self, callback: Callback) -> Outgoing:
        call = callback.entry
        if not isinstance(call, Call):
            raise TypeError("The voice wire composes the callbacks of calls only.")
        return compose_callback(callback, call, self._stage.settings, self._stage.clock)

    async def _create(self, request: Request) -> Response:
        authenticate(request, self._stage.settings)
        refuse_load(self._stage)
        asked = read_call_request(await read_fields(request), self._stage.settings)
        refusal = outcome_of(asked.to).refusal
        if refusal is not None:
            raise TwilioError(refusal, asked.to)
        key, draws = self._draw(asked.to)
        call = self._accept(asked, key, draws)
        good = JSONResponse(resource_of(call, self._stage.clock), status_code=201)
        error = error_response(TwilioError(20500))
        return await self._stage.answer(request, call, draws.message, good=good, error=error)

    async def _list(self, request: Request) -> Response:
        authenticate(request, self._stage.settings)
        return JSONResponse(list_calls(self._store, request.query_params, self._stage.clock, request.url.path))

    async def _fetch(self, request: Request) -> Response:
        return JSONResponse(resource_of(self._find(request), self._stage.clock))

    async def _update(self, request: Request) -> Response:
        call = self._find(request)
        if self._stage.in_burst():
            raise TwilioError(20429)
        form = await read_form(request)
        life = self._lives.get(call.sid)
        if life is None:
            raise TwilioError(21220)
        self._change(life, form, self._stage.clock.now() - call.accepted_at)
        return JSONResponse(resource_of(call, self._stage.clock))

    def _change(self, life: CallLife, form: dict[str, str], at: float) -> None:
        """`canceled` leaves a call alone that somebody has answered; `completed` ends every call."""
        document, status = read_document(form), form.get("Status", "")
        answered = life.call.word == "in-progress"
        if status not in {"", "canceled", "completed"} or not (status or document):
            raise TwilioError(20001, "only Status=canceled, Status=completed, Url or Twiml can be asked for")
        if status and not answered:
            life.cancel(at)
        elif status == "completed":
            life.hang_up(at)
        elif document is not None:
            if not answered:
                raise TwilioError(21220)
            life.redirect(document, at)

    def _find(self, request: Request) -> Call:
        authenticate(request, self._stage.settings)
        call = self._store.find(request.path_params["sid"])
        if call is None:
            raise not_found(request)
        return call

    def _draw(self, number: str) -> tuple[str, CallDraws]:
        key = draw_key(self._stage.knobs.seed, self.name, number, self._store.count_to(number))
        draws = draw_call(key)
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug("draws %s", json.dumps({"draw": key, **asdict(draws)}))
        return key, draws

    def _accept(self, asked: CallRequest, key: str, draws: CallDraws) -> Call:
        wait, outcome = self._take_turn(), outcome_of(asked.to)
        stop_after = self._stage.scripts.find(asked.to)
        plan = cut(plan_call(outcome, draws, dialled_after=wait, timeout=asked.timeout), stop_after)
        stopped = plan[-1].word == stop_after
        call = self._make(asked, key, plan, stopped=stopped)
        call.silent = draws.message.silent < self._stage.knobs.silent
        call.queue_milliseconds = round(wait * 1000)
        life = CallLife(self._stage, call, asked, outcome=outcome, draws=draws)
        early = life.plan(plan, stopped=stopped, over=partial(self._lives.pop, call.sid, None))
        self._store.add(call)
        self._lives[call.sid] = life
        self._stage.record(call, early, early=bool(early))
        life.begin()
        return call

    def _take_turn(self) -> float:
        now = self._stage.clock.now()
        if self._queue.wait(now) > LONGEST_QUEUE_SECONDS:
            raise TwilioError(22005)
        return self._queue.take(now, self._stage.knobs.calls_per_second)

    def _make(self, asked: CallRequest, key: str, plan: Sequence[CallHappening], *, stopped: bool) -> Call:
        """Whoever answers is hung up on sooner or later, so an answered call ends as completed."""
        outcome, last = outcome_of(asked.to), plan[-1].word
        return Call(
            sid="CA" + hashlib.sha256(f"{self._stage.run_id}:{key}".encode()).hexdigest()[:32],
            wire=self,
            draw_key=key,
            accepted_at=self._stage.clock.now(),
            callback_url=asked.callback.url if asked.callback else None,
            retry_policy=asked.callback.policy if asked.callback else usual_policy(),
            delivery=asked.delivery,
            suffix=asked.to[-2:],
            outcome=UNANSWERED.name if last == UNANSWERED.ending else outcome.name,
            final=last if stopped or last in FINAL_WORDS else "completed",
            account_sid=self._stage.settings.account_sid,
            to=asked.to,
            sender=asked.sender,
            happenings=[plan[0]],
        )
