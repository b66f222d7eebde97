"""Twilio Messaging's wire: accepts texts over REST, plans what becomes of them, composes their callbacks.
Imports the shared parts.
"""

import hashlib
import json
import logging
from dataclasses import asdict, replace
from sys import intern

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin_carriers.disorder import Arrival, draw_key, spread
from tocsin_carriers.ledger import Callback, Kind, Outgoing
from tocsin_carriers.messaging_callbacks import compose_status, contrary
from tocsin_carriers.messaging_consents import Consents
from tocsin_carriers.messaging_list import list_messages
from tocsin_carriers.messaging_message import Message, resource_of
from tocsin_carriers.messaging_outcomes import outcome_of
from tocsin_carriers.messaging_request import TextRequest, read_text_request
from tocsin_carriers.messaging_timeline import WORDS, Beginning, Happening, TextDraws, draw_text, timeline
from tocsin_carriers.scripts import cut
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_account import authenticate, not_found, read_form, refuse_load
from tocsin_carriers.twilio_errors import TwilioError, error_response
from tocsin_carriers.twilio_overrides import usual_policy
from tocsin_carriers.twilio_store import Store

_logger = logging.getLogger(__name__)
_MESSAGES = "/2010-04-01/Accounts/{account_sid}/Messages"


class MessagingWire:
    """One Twilio account's Messages resource."""

    name = "twilio_messaging"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        stage.on_reset(self._reset)
        stage.scripts.learn(WORDS)
        self._reset()

    def _reset(self) -> None:
        self.store: Store[Message] = Store()
        self.consents = Consents()

    def routes(self) -> list[BaseRoute]:
        return [
            Route(f"{_MESSAGES}.json", self._create, methods=["POST"]),
            Route(f"{_MESSAGES}.json", self._list, methods=["GET"]),
            Route(f"{_MESSAGES}/{{sid}}.json", self._fetch, methods=["GET"]),
            Route(f"{_MESSAGES}/{{sid}}.json", self._update, methods=["POST"]),
        ]

    def compose(self, callback: Callback) -> Outgoing:
        message = callback.entry
        if not isinstance(message, Message):
            raise TypeError("The messaging wire composes the callbacks of texts only.")
        return compose_status(callback, message, self._stage.settings, self._stage.clock)

    async def _create(self, request: Request) -> Response:
        authenticate(request, self._stage.settings)
        refuse_load(self._stage)
        text = read_text_request(await read_form(request), self._stage.settings)
        self._refuse_without_consent(text)
        draws = self._draw(text.to)
        message = self._accept(text, *draws)
        good = JSONResponse(resource_of(message, self._stage.clock), status_code=201)
        error = error_response(TwilioError(20500))
        return await self._stage.answer(request, message, draws[1].message, good=good, error=error)

    async def _list(self, request: Request) -> Response:
        authenticate(request, self._stage.settings)
        return JSONResponse(list_messages(self.store, request.query_params, self._stage.clock, request.url.path))

    async def _fetch(self, request: Request) -> Response:
        return JSONResponse(resource_of(self._find(request), self._stage.clock))

    async def _update(self, request: Request) -> Response:
        message, form = self._find(request), await read_form(request)
        if form.get("Status") == "canceled":
            self._cancel(message)
        elif form.get("Body") == "":
            message.body = ""
        else:
            raise TwilioError(20001, "only Status=canceled and an empty Body can be asked for")
        return JSONResponse(resource_of(message, self._stage.clock))

    def _find(self, request: Request) -> Message:
        authenticate(request, self._stage.settings)
        message = self.store.find(request.path_params["sid"])
        if message is None:
            raise not_found(request)
        return message

    def _refuse_without_consent(self, text: TextRequest) -> None:
        refusal = outcome_of(text.to).refusal
        if self.consents.is_opted_out(text.to, text.consent_scope, unless_said=refusal is not None):
            raise TwilioError(refusal or 21610)

    def _draw(self, number: str) -> tuple[str, TextDraws]:
        key = draw_key(self._stage.knobs.seed, self.name, number, self.store.count_to(number))
        draws = draw_text(key)
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug("draws %s", json.dumps({"draw": key, **asdict(draws)}))
        return key, draws

    def _accept(self, text: TextRequest, key: str, draws: TextDraws) -> Message:
        message = self._plan(text, key, draws)
        self.store.add(message)
        early = draws.message.early < self._stage.knobs.early and text.send_at is None
        self._stage.record(message, self._callbacks(message, draws, early=early), early=early)
        return message

    def _plan(self, text: TextRequest, key: str, draws: TextDraws) -> Message:
        knobs, outcome = self._stage.knobs, outcome_of(text.to)
        stop_after = self._stage.scripts.find(text.to)
        telling = replace(knobs, sending_word=True) if stop_after == "sending" else knobs
        happenings = cut(timeline(outcome, draws, telling, self._beginning(text)), stop_after)
        final = happenings[-1]
        return Message(
            sid="SM" + hashlib.sha256(f"{self._stage.run_id}:{key}".encode()).hexdigest()[:32],
            wire=self,
            draw_key=key,
            accepted_at=self._stage.clock.now(),
            callback_url=text.callback.url if text.callback else None,
            retry_policy=text.callback.policy if text.callback else usual_policy(),
            delivery=text.callback.delivery if text.callback else None,
            suffix=text.to[-2:],
            outcome="expired" if final.error_code == 30001 else outcome.name,
            final=final.word,
            final_error_code=final.error_code,
            silent=draws.message.silent < knobs.silent,
            account_sid=self._stage.settings.account_sid,
            to=text.to,
            sender=text.sender or self._stage.settings.sender,
            service=text.service and intern(text.service),
            body=intern(text.body),
            happenings=happenings,
        )

    def _beginning(self, text: TextRequest) -> Beginning:
        if text.send_at is not None:
            clock = self._stage.clock
            wait = (text.send_at - clock.calendar(clock.now())).total_seconds()
            return Beginning(word="scheduled", queue_after=wait, validity_seconds=text.validity_seconds)
        word = "queued" if text.service is None else "accepted"
        return Beginning(word=word, validity_seconds=text.validity_seconds)

    def _callbacks(self, message: Message, draws: TextDraws, *, early: bool) -> list[Callback]:
        if message.callback_url is None or message.silent:
            return []
        instants = [happening.at for happening in message.reported]
        arrivals = spread(instants, draws.callbacks, self._stage.knobs, early=early)
        return [_callback(message, arrival) for arrival in arrivals]

    def _cancel(self, message: Message) -> None:
        """Only before its time has come; what it owed is dropped, and `canceled` is owed instead."""
        now = self._stage.clock.now()
        if [happening.word for happening in message.happened(now)] != ["scheduled"]:
            raise TwilioError(30409)
        after = now - message.accepted_at
        message.happenings = (message.happenings[0], Happening(after, "canceled"))
        message.final, message.final_error_code, message.outcome = "canceled", None, "canceled"
        self._stage.drop(message)
        if message.callback_url is not None and not message.silent:
            self._stage.owe(Callback(message, 0, "canceled", None, after))


def _callback(message: Message, arrival: Arrival) -> Callback:
    happening = message.reported[arrival.position]
    word, error_code = happening.word, happening.error_code
    if arrival.kind is Kind.FORGED:
        word, error_code = contrary(message.final)
    return Callback(message, arrival.position, word, error_code, arrival.after, arrival.kind)
