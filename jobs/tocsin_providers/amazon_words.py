"""What Amazon's words about an e-mail mean: one table, and how an event is named for it. Imports statuses.

A name is the event's type, then for a bounce its type and sub-type, and for a complaint what sets it apart.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.statuses import DeliveryStatus

LONGEST = 64
STRANGE = re.compile(r"[^A-Za-z0-9 _-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word does to a delivery: nothing without a status; `ended` and `dead` as in an event."""

    status: DeliveryStatus | None = None
    ended: bool = False
    dead: bool = False


S = DeliveryStatus
SOFT = Meaning(S.EMAIL_SENT, ended=True)
NOT_SENT = Meaning(S.EMAIL_NOT_SENT)

WORDS: Mapping[str, Meaning] = {
    "Send": Meaning(S.EMAIL_SENT),
    "Delivery": Meaning(S.EMAIL_RECEIVED),
    "DeliveryDelay": Meaning(S.EMAIL_SENT),
    "Bounce:Permanent": Meaning(S.EMAIL_REBOUND),
    "Bounce:Permanent:General": Meaning(S.EMAIL_REBOUND, dead=True),
    "Bounce:Permanent:NoEmail": Meaning(S.EMAIL_REBOUND, dead=True),
    "Bounce:Permanent:Suppressed": Meaning(S.EMAIL_NOT_SENT, dead=True),
    "Bounce:Permanent:OnAccountSuppressionList": NOT_SENT,
    "Bounce:Permanent:UnsubscribedRecipient": NOT_SENT,
    "Bounce:Transient": SOFT,
    "Bounce:Undetermined": SOFT,
    "Complaint": Meaning(S.EMAIL_SPAM),
    "Complaint:not-spam": Meaning(),
    "Complaint:OnAccountSuppressionList": NOT_SENT,
    "Reject": Meaning(S.EMAIL_REJECTED),
    "Open": Meaning(S.EMAIL_OPENED),
    "Click": Meaning(S.EMAIL_OPENED),
    "Rendering Failure": NOT_SENT,
    "RenderingFailure": NOT_SENT,
    "Subscription": Meaning(),
}
"""Bounces of other sub-types mean what their type does, complaints of other kinds what a complaint does."""

DETAILS: Mapping[str, str] = {
    "Send": "send",
    "Delivery": "delivery",
    "DeliveryDelay": "deliveryDelay",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "Open": "open",
    "Click": "click",
    "Rendering Failure": "failure",
    "RenderingFailure": "failure",
    "Subscription": "subscription",
}
"""Under which key an event of a type tells more."""


def name_word(kind: str, detail: Mapping[str, Any]) -> tuple[str, Meaning | None]:
    """Return the word of an event, short and printable, and what it means; nothing where it is unknown."""
    if kind == "Bounce":
        word = join(kind, detail.get("bounceType"), detail.get("bounceSubType"))
        return word, WORDS.get(word) or WORDS.get(join(kind, detail.get("bounceType")))
    if kind == "Complaint":
        return name_complaint(kind, detail)
    word = join(kind)
    return word, WORDS.get(word)


def name_complaint(kind: str, detail: Mapping[str, Any]) -> tuple[str, Meaning | None]:
    """A sub-type says that it is no citizen's complaint but Amazon's own; one that is unknown may be that too."""
    if detail.get("complaintSubType") is not None:
        word = join(kind, detail.get("complaintSubType"))
        return word, WORDS.get(word)
    # The receiving server chose these letters.
    word = join(kind, str(detail.get("complaintFeedbackType") or "").lower())
    return word, WORDS.get(word) or WORDS[kind]


def join(*parts: object) -> str:
    """Return parts as one word of at most 64 characters; what is strange in them can't make a known word."""
    texts = [STRANGE.sub("?", part) for part in parts if isinstance(part, str) and part]
    return ":".join(texts)[:LONGEST]
