"""Who is subscribed to the topic: ordered, then confirmed by a token, and how often by which way.
Imports nothing of ours.
"""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import uuid4


class SubscriptionState(StrEnum):
    NONE = "none"
    PENDING = "pending"
    CONFIRMED = "confirmed"


@dataclass(slots=True)
class Subscription:
    """One endpoint. A confirmation by the API and the following of a SubscribeURL are counted apart, and so
    are those of tokens that a forged message brought.
    """

    topic_arn: str
    url: str | None = None
    arn: str = ""
    state: SubscriptionState = SubscriptionState.NONE
    authenticated: bool = False
    """Whether only the owner may end it, as whoever confirmed has asked."""
    confirmed_by_api: int = 0
    confirmed_by_url: int = 0
    forged_confirmed: int = 0
    _tokens: set[str] = field(default_factory=set)
    _forged_tokens: set[str] = field(default_factory=set)

    def order(self, url: str) -> str:
        """Another endpoint, or the same again; the token that confirms it."""
        self.url = url
        self.arn = f"{self.topic_arn}:{uuid4()}"
        self.state, self.authenticated = SubscriptionState.PENDING, False
        self._tokens.clear()
        return self.renew()

    def end(self) -> str:
        """Nothing is delivered any more; the token that would bring it back."""
        self.state = SubscriptionState.NONE
        return self.renew()

    def renew(self) -> str:
        token = secrets.token_hex(64)
        self._tokens.add(token)
        return token

    def forge(self) -> str:
        """A token of somebody else's subscription."""
        token = secrets.token_hex(64)
        self._forged_tokens.add(token)
        return token

    def confirm(self, token: str, *, by_url: bool, authenticated: bool) -> bool:
        """Whether the token is good. Confirming twice is as good as once."""
        if token in self._forged_tokens:
            self.forged_confirmed += 1
            return True
        if token not in self._tokens:
            return False
        self.confirmed_by_url += by_url
        self.confirmed_by_api += not by_url
        self.state, self.authenticated = SubscriptionState.CONFIRMED, self.authenticated or authenticated
        return True

    def describe(self) -> dict[str, Any]:
        return {
            "topicArn": self.topic_arn,
            "url": self.url,
            "state": self.state,
            "subscriptionArn": self.arn or None,
            "authenticateOnUnsubscribe": self.authenticated,
            "confirmedByApi": self.confirmed_by_api,
            "confirmedByUrl": self.confirmed_by_url,
            "forgedConfirmed": self.forged_confirmed,
        }
