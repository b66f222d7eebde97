"""The wire of SES: accepts e-mails over REST, plans what becomes of them, composes the events about them.
Imports the shared parts, topic and account.
"""

import asyncio
import hashlib
import json
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tocsin_carriers.amazon_account import check_request, refuse_load
from tocsin_carriers.amazon_errors import AmazonError, answer_json, answer_ses_error
from tocsin_carriers.disorder import Arrival, draw_key, spread
from tocsin_carriers.emails_ahead import SigningAhead
from tocsin_carriers.emails_email import Email, EventCallback
from tocsin_carriers.emails_events import SUBJECT, Moments, write_event
from tocsin_carriers.emails_outcomes import WORDS, contrary, outcome_of, sort_address
from tocsin_carriers.emails_request import EmailRequest, read_email_request
from tocsin_carriers.emails_timeline import EmailDraws, draw_email, timeline
from tocsin_carriers.ledger import Callback, Kind, Outgoing
from tocsin_carriers.scripts import cut
from tocsin_carriers.sns_envelope import FORGERIES, GENUINE, Guise, MessageType, Publication
from tocsin_carriers.sns_topic import Topic, TopicError, event_policy
from tocsin_carriers.stage import Stage

_logger = logging.getLogger(__name__)


class EmailWire:
    """One account's outbound e-mails; what becomes of them is published to the topic."""

    name = "amazon_ses"

    def __init__(self, stage: Stage, topic: Topic) -> None:
        self._stage = stage
        self._topic = topic
        self.ahead = SigningAhead(self._sign_ahead)
        stage.on_reset(self.reset)
        stage.scripts.learn(WORDS)
        self.reset()

    def reset(self) -> None:
        self.ahead.clear()
        self._emails: dict[str, Email] = {}
        self._count_to: dict[str, int] = {}

    def routes(self) -> list[BaseRoute]:
        return [Route("/v2/email/outbound-emails", self._create, methods=["POST"])]

    async def compose(self, callback: Callback) -> Outgoing | None:
        email = callback.entry
        if not isinstance(email, Email) or not isinstance(callback, EventCallback):
            raise TypeError("The wire of e-mails composes their events only.")
        if not self._topic.admit(callback):
            return None
        if callback.outgoing is None or callback.outgoing.url != self._topic.subscription.url:
            callback.outgoing = await self._sign(callback, email)
        return callback.outgoing

    async def _sign(self, callback: EventCallback, email: Email) -> Outgoing:
        """The event as it is told now; what has not happened yet is told as if it had just now."""
        clock = self._stage.clock
        told_at = callback.tell(clock.now())
        happened = min(email.accepted_at + email.reported[callback.position].at, told_at)
        moments = Moments(clock.calendar(email.accepted_at), clock.calendar(happened))
        publication = Publication(
            type=MessageType.NOTIFICATION,
            message_id=_message_id(callback),
            message=write_event(email, callback.word, moments, self._stage.settings),
            subject=None if email.notified else SUBJECT,
            published_at=clock.calendar(told_at),
            guise=callback.guise,
        )
        return await self._topic.sign(publication)

    async def _sign_ahead(self, callback: EventCallback) -> None:
        """An e-mail's event that is not due yet."""
        if isinstance(callback.entry, Email) and self._topic.confirmed and callback.outgoing is None:
            callback.outgoing = await self._sign(callback, callback.entry)

    def forge(self, guise: Guise, sid: str | None) -> EventCallback:
        """Owes one lie about an e-mail, the newest where none is named; it is due at once."""
        email = self._emails.get(sid) if sid is not None else next(reversed(self._emails.values()), None)
        if email is None or not email.reported:
            raise TopicError("There is no such e-mail to lie about: send one first.")
        if self._topic.subscription.url is None:
            raise TopicError("There is nobody to deceive: subscribe a URL first.")
        after = self._stage.clock.now() - email.accepted_at
        callback = EventCallback(email, 0, contrary(email.final), None, after, Kind.FORGED, guise=guise)
        callback.concluded = asyncio.Event()
        self._stage.owe(callback)
        return callback

    async def _create(self, request: Request) -> Response:
        settings = self._stage.settings
        await check_request(request, settings, "ses", now=datetime.now(UTC))
        refuse_load(self._stage)
        asked = read_email_request(await request.body(), settings)
        refusal = outcome_of(asked.to).refusal
        if refusal is not None:
            raise AmazonError(refusal, "The recipient is one to whom nothing is sent.")
        key, draws = self._draw(asked.to)
        email = self._accept(asked, key, draws)
        error = answer_ses_error(AmazonError("InternalServiceErrorException"))
        good = answer_json({"MessageId": email.sid})
        return await self._stage.answer(request, email, draws.message, good=good, error=error)

    def _draw(self, address: str) -> tuple[str, EmailDraws]:
        ordinal = self._count_to.get(address, 0)
        self._count_to[address] = ordinal + 1
        key = draw_key(self._stage.knobs.seed, self.name, address, ordinal)
        draws = draw_email(key)
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug("draws %s", json.dumps({"draw": key, **asdict(draws)}))
        return key, draws

    def _accept(self, asked: EmailRequest, key: str, draws: EmailDraws) -> Email:
        email = self._plan(asked, key, draws)
        self._emails[email.sid] = email
        early = draws.message.early < self._stage.knobs.early and self._topic.confirmed
        callbacks = self._callbacks(email, draws, early=early)
        self._stage.record(email, callbacks, early=early)
        if self._stage.knobs.sign_ahead and self._topic.confirmed:
            self.ahead.add(callbacks)
        return email

    def _plan(self, asked: EmailRequest, key: str, draws: EmailDraws) -> Email:
        knobs, outcome = self._stage.knobs, outcome_of(asked.to)
        happenings = cut(timeline(outcome, draws, knobs), self._stage.scripts.find(asked.to))
        digest = hashlib.sha256(f"{self._stage.run_id}:{key}".encode()).digest()
        return Email(
            sid=f"010d{digest[16:22].hex()}-{UUID(bytes=digest[:16], version=4)}-000000",
            wire=self,
            draw_key=key,
            accepted_at=self._stage.clock.now(),
            callback_url=None,
            retry_policy=event_policy(knobs),
            delivery=asked.delivery,
            suffix=sort_address(asked.to),
            outcome=outcome.name,
            final=happenings[-1].word,
            silent=draws.message.silent < knobs.silent,
            to=asked.to,
            sender=asked.sender,
            configuration_set=asked.configuration_set,
            subject=asked.subject,
            text=asked.text,
            headers=asked.headers,
            tags=asked.tags,
            notified=knobs.identity_notifications,
            happenings=happenings,
        )

    def _callbacks(self, email: Email, draws: EmailDraws, *, early: bool) -> list[EventCallback]:
        if email.silent:
            return []
        instants = [happening.at for happening in email.reported]
        arrivals = spread(instants, draws.callbacks, self._stage.knobs, early=early)
        return [self._callback(email, arrival, draws) for arrival in arrivals]

    def _callback(self, email: Email, arrival: Arrival, draws: EmailDraws) -> EventCallback:
        happening, forged = email.reported[arrival.position], arrival.kind is Kind.FORGED
        again = draws.republished[arrival.position] < self._stage.knobs.republished
        return EventCallback(
            email,
            arrival.position,
            contrary(email.final) if forged else happening.word,
            None,
            arrival.after,
            arrival.kind,
            later=happening.later,
            republished=again and arrival.kind is Kind.DUPLICATE,
            guise=FORGERIES["wrong_key"] if forged else GENUINE,
        )


def _message_id(callback: EventCallback) -> str:
    """The same for every retry and for every copy that is the same message to the topic."""
    forged = f"{callback.guise}" if callback.kind is Kind.FORGED else ""
    name = f"{callback.entry.sid}:{callback.position}:{callback.republished}:{forged}"
    return str(UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4))
