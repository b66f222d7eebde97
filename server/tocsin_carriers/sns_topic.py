"""The topic: keeps events until somebody has confirmed to want them, signs them, and shakes hands.
Imports the stage and SNS's parts.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tocsin_carriers.knobs import Knobs
from tocsin_carriers.ledger import Callback, Entry, Kind, Outgoing, Settlement
from tocsin_carriers.loopback import split_loopback_url
from tocsin_carriers.retries import RetryPolicy
from tocsin_carriers.sns_envelope import (
    GENUINE,
    Guise,
    MessageType,
    Publication,
    Sender,
    fields_of,
    foreign_topic,
    signed_text,
    write_post,
)
from tocsin_carriers.sns_identity import foreign_identity, topic_identity
from tocsin_carriers.sns_signing import Signer
from tocsin_carriers.sns_subscription import Subscription, SubscriptionState
from tocsin_carriers.stage import Stage

_LONGEST_INSISTENCE = 3_600.0
_RETRIED = frozenset({"5xx", "429", "ct", "rt"})
_WELCOME = "Successfully validated SNS topic for Amazon SES event publishing."
_INVITATION = (
    "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL included "
    "in this message."
)
_FAREWELL = (
    "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the subscription, visit "
    "the SubscribeURL included in this message."
)


class TopicError(ValueError):
    """An order that the topic can't carry out; the text says why."""


@dataclass(slots=True, kw_only=True)
class Handshake(Entry):
    """A message about the subscription itself. It goes out whether or not anything is confirmed."""

    type: MessageType
    message: str
    token: str | None
    guise: Guise = GENUINE
    told_at: float | None = None


def event_policy(knobs: Knobs) -> RetryPolicy:
    """What SNS insists on: 5xx, 429 and silence; anything else is lost at once."""
    return RetryPolicy(
        retries=knobs.event_retries,
        retried=_RETRIED,
        connect_seconds=5.0,
        read_seconds=15.0,
        total_seconds=_LONGEST_INSISTENCE,
        pause_seconds=knobs.event_retry_seconds,
    )


class Topic:
    """One topic with at most one subscription. Create it before anything listens: making keys takes a while."""

    name = "amazon_sns"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._signer = Signer()
        self._waiting: deque[Callback] = deque()
        self.subscription = Subscription(stage.settings.topic_arn)
        self.certificate_fetches = {"own": 0, "foreign": 0}
        self.identities = {"own": topic_identity(), "foreign": foreign_identity()}
        stage.on_reset(self._waiting.clear)

    @property
    def confirmed(self) -> bool:
        return self.subscription.state is SubscriptionState.CONFIRMED

    def describe(self) -> dict[str, Any]:
        state = self.subscription.describe()
        return state | {"waiting": len(self._waiting), "certificateFetches": dict(self.certificate_fetches)}

    def subscribe(self, url: str) -> Handshake:
        """Orders a subscription; it holds once its token comes back."""
        if split_loopback_url(url) is None:
            raise TopicError("Events are published to this machine only: give an absolute loopback URL.")
        self._demand_room()
        token = self.subscription.order(url)
        text = _INVITATION.format(topic=self.subscription.topic_arn)
        return self._greet(MessageType.SUBSCRIPTION, text, token)

    def unsubscribe(self) -> Handshake:
        """Ends it as if somebody had followed the UnsubscribeURL; events wait again."""
        if self.subscription.url is None:
            raise TopicError("Nobody is subscribed.")
        self._demand_room()
        return self._greet(
            MessageType.UNSUBSCRIPTION, _FAREWELL.format(arn=self.subscription.arn), self.subscription.end()
        )

    def invite_falsely(self, guise: Guise) -> Handshake:
        """A forged invitation: somebody would have the receiver subscribe to what is not its topic."""
        if self.subscription.url is None:
            raise TopicError("There is nobody to deceive: subscribe a URL first.")
        self._demand_room()
        topic = self.subscription.topic_arn
        text = _INVITATION.format(topic=foreign_topic(topic) if guise.foreign_topic else topic)
        return self._greet(MessageType.SUBSCRIPTION, text, self.subscription.forge(), guise)

    def confirm(self, token: str, *, by_url: bool, authenticated: bool) -> bool:
        """Whether the token is good; what waited is due now, after a word of welcome."""
        before = self.confirmed
        good = self.subscription.confirm(token, by_url=by_url, authenticated=authenticated)
        if self.confirmed and not before:
            if not self._stage.ledger.is_full:
                self._greet(MessageType.NOTIFICATION, _WELCOME, None)
            while self._waiting:
                self._stage.resume(self._waiting.popleft())
        return good

    def admit(self, callback: Callback) -> bool:
        """Whether it may be delivered now. Else it waits for a confirmation, or is lost where too many do."""
        told = isinstance(callback.entry, Handshake) or callback.kind is Kind.FORGED
        if self.subscription.url is not None and (self.confirmed or told):
            return True
        if len(self._waiting) < self._stage.settings.waiting_limit:
            self._waiting.append(callback)
        else:
            self._stage.ledger.settle(callback, Settlement.LOST)
        return False

    async def sign(self, publication: Publication) -> Outgoing:
        """What is to be posted to whoever is subscribed now."""
        guise, subscription = publication.guise, self.subscription
        identity = self.identities["foreign" if guise.foreign_key else "own"]
        shown = self.identities["foreign" if guise.foreign_certificate else "own"]
        sender = Sender(topic_arn=subscription.topic_arn, origin=self._stage.origin, subscription_arn=subscription.arn)
        fields = fields_of(publication, sender, shown.path)
        signature = await self._signer.sign(identity, signed_text(fields), guise.version)
        return write_post(subscription.url or "", fields, signature, subscription.arn)

    async def compose(self, callback: Callback) -> Outgoing | None:
        """A handshake's message; retries are the same message."""
        greeting = callback.entry
        if not isinstance(greeting, Handshake):
            raise TypeError("The topic itself composes handshakes only.")
        if not self.admit(callback):
            return None
        if greeting.told_at is None:
            greeting.told_at = self._stage.clock.now()
        publication = Publication(
            type=greeting.type,
            message_id=greeting.sid,
            message=greeting.message,
            published_at=self._stage.clock.calendar(greeting.told_at),
            token=greeting.token,
            guise=greeting.guise,
        )
        return await self.sign(publication)

    def close(self) -> None:
        self._signer.close()

    def _demand_room(self) -> None:
        if self._stage.ledger.is_full:
            raise TopicError("The ledger is full: reset the simulator, or start it with a higher limit.")

    def _greet(self, kind: MessageType, text: str, token: str | None, guise: Guise = GENUINE) -> Handshake:
        greeting = Handshake(
            sid=str(uuid4()),
            wire=self,
            draw_key="",
            accepted_at=self._stage.clock.now(),
            callback_url=self.subscription.url,
            retry_policy=event_policy(self._stage.knobs),
            direction="handshake",
            final=kind,
            answered=True,
            answer="none",
            type=kind,
            message=text,
            token=token,
            guise=guise,
        )
        forged = guise is not GENUINE
        callback = Callback(greeting, 0, kind, None, 0.0, Kind.FORGED if forged else Kind.GENUINE)
        self._stage.record(greeting, [callback], early=True)
        return greeting
