"""What becomes of an e-mail, by what stands before its @: a word of the table (`+anything` may follow it), or
else its last two digits. Imports nothing of ours.

| word | digits | events, in this order |
|---|---|---|
| delivered, success | 01, 02, 04 | Send, Delivery |
| opened | | Send, Delivery, Open |
| clicked | | Send, Delivery, Open, Click |
| subscription | | Send, Delivery, Subscription |
| delayed | | Send, DeliveryDelay, Delivery |
| corrected | 08 | Send, Bounce:Transient:General, Delivery |
| contradicted | | Send, Bounce:Permanent:General, Delivery |
| forwarded | | Send, Bounce:Permanent:General, Open |
| asyncbounce | | Send, Delivery, Bounce:Permanent:General |
| ooto | | Send, Delivery, Bounce:Transient:General |
| bounce | | Send, Bounce:Permanent:General |
| noemail | 05 | Send, Bounce:Permanent:NoEmail |
| suppressed | | Send, Bounce:Permanent:Suppressed |
| suppressionlist | | Send, Bounce:Permanent:OnAccountSuppressionList |
| unsubscribed | 06 | Send, Bounce:Permanent:UnsubscribedRecipient |
| softbounce | 07 | Send, DeliveryDelay, Bounce:Transient:General |
| mailboxfull | 03 | Send, Bounce:Transient:MailboxFull |
| toolarge | | Send, Bounce:Transient:MessageTooLarge |
| content | | Send, Bounce:Transient:ContentRejected |
| attachment | | Send, Bounce:Transient:AttachmentRejected |
| undetermined | 09 | Send, Bounce:Undetermined:Undetermined |
| complaint | | Send, Delivery, Complaint:abuse |
| notspam | | Send, Delivery, Complaint:not-spam |
| complaintlist | | Send, Complaint:OnAccountSuppressionList |
| virus | | Reject |
| rendering | | Rendering Failure |
| never | | Send |
| refused | | none: REST 400 MessageRejected |
| anyone else | | Send, Delivery; seeded shares open it or complain, minutes to hours later |

The digits mean the same person on every channel: 05 does not exist, 06 has opted out, 07 is out of reach.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmailOutcome:
    """`steps`: the words of what happens after acceptance. `refusal`: the error that the request gets."""

    name: str
    steps: tuple[str, ...]
    refusal: str | None = None
    anyone: bool = False
    """Whether chance may add an Open or a Complaint, long after."""


_GENERAL = "Bounce:Permanent:General"

STEPS: dict[str, tuple[str, ...]] = {
    "delivered": ("Send", "Delivery"),
    "success": ("Send", "Delivery"),
    "opened": ("Send", "Delivery", "Open"),
    "clicked": ("Send", "Delivery", "Open", "Click"),
    "subscription": ("Send", "Delivery", "Subscription"),
    "delayed": ("Send", "DeliveryDelay", "Delivery"),
    "corrected": ("Send", "Bounce:Transient:General", "Delivery"),
    "contradicted": ("Send", _GENERAL, "Delivery"),
    "forwarded": ("Send", _GENERAL, "Open"),
    "asyncbounce": ("Send", "Delivery", _GENERAL),
    "ooto": ("Send", "Delivery", "Bounce:Transient:General"),
    "bounce": ("Send", _GENERAL),
    "noemail": ("Send", "Bounce:Permanent:NoEmail"),
    "suppressed": ("Send", "Bounce:Permanent:Suppressed"),
    "suppressionlist": ("Send", "Bounce:Permanent:OnAccountSuppressionList"),
    "unsubscribed": ("Send", "Bounce:Permanent:UnsubscribedRecipient"),
    "softbounce": ("Send", "DeliveryDelay", "Bounce:Transient:General"),
    "mailboxfull": ("Send", "Bounce:Transient:MailboxFull"),
    "toolarge": ("Send", "Bounce:Transient:MessageTooLarge"),
    "content": ("Send", "Bounce:Transient:ContentRejected"),
    "attachment": ("Send", "Bounce:Transient:AttachmentRejected"),
    "undetermined": ("Send", "Bounce:Undetermined:Undetermined"),
    "complaint": ("Send", "Delivery", "Complaint:abuse"),
    "notspam": ("Send", "Delivery", "Complaint:not-spam"),
    "complaintlist": ("Send", "Complaint:OnAccountSuppressionList"),
    "virus": ("Reject",),
    "rendering": ("Rendering Failure",),
    "never": ("Send",),
}

WORDS = frozenset({"accepted"}.union(*STEPS.values()))
"""Where a script can stop an e-mail."""

PERSONS: dict[str, str] = {
    "01": "delivered",
    "02": "delivered",
    "03": "mailboxfull",
    "04": "delivered",
    "05": "noemail",
    "06": "unsubscribed",
    "07": "softbounce",
    "08": "corrected",
    "09": "undetermined",
}
"""What two digits stand for, in the words of the table."""

REFUSED = EmailOutcome("refused", (), refusal="MessageRejected")
OUTCOMES = {name: EmailOutcome(name, steps) for name, steps in STEPS.items()} | {"refused": REFUSED}
_ANYONE = EmailOutcome("delivered", STEPS["delivered"], anyone=True)


def sort_address(address: str) -> str:
    """What decides about an address: a word of the table, or its two digits, or nothing. Never a name."""
    local = address.rpartition("@")[0].partition("+")[0].lower()
    if local in OUTCOMES:
        return local
    digits = local[-2:]
    return digits if len(digits) == 2 and digits.isascii() and digits.isdigit() else ""


def outcome_of(address: str) -> EmailOutcome:
    suffix = sort_address(address)
    return OUTCOMES.get(PERSONS.get(suffix, suffix), _ANYONE)


def contrary(final: str) -> str:
    """What a forged event claims: something else than the truth, and higher in rank where there is such."""
    return _GENERAL if final in {"Delivery", "Complaint:abuse"} else "Complaint:abuse"
