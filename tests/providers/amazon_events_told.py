"""Events as Amazon's documentation shows them, for the tests that read them."""

from typing import Any
from uuid import UUID

from providers.amazon_stand_in import ACCOUNT, SENDER

DELIVERY = UUID("0198c0de-0000-7000-8000-000000000001")
TAGGED = f"delivery-{DELIVERY.hex}"
CARRIER_ID = "010d019a7b6f0e00-a1b2c3d4-e5f6-4a5b-8c9d-0e1f2a3b4c5d-000000"
CITIZEN = "l.tremblay@exemple.test"
WHEN = "2026-11-23T22:41:09.120Z"

Told = dict[str, Any]


def tell(kind: str, key: str | None = None, *, tagged: bool = True, **detail: Any) -> Told:
    """Return an event of a configuration set, or without tags the notification of an identity."""
    mail: Told = {
        "timestamp": "2026-11-23T22:41:07.002Z",
        "messageId": CARRIER_ID,
        "source": SENDER,
        "sourceArn": f"arn:aws:ses:ca-central-1:{ACCOUNT}:identity/ville.test",
        "sendingAccountId": ACCOUNT,
        "destination": [CITIZEN],
        "headersTruncated": False,
        "headers": [{"name": "Subject", "value": "Crue"}],
        "commonHeaders": {"subject": "Crue", "to": [CITIZEN]},
    }
    if tagged:
        mail["tags"] = {"delivery": [TAGGED], "ses:configuration-set": ["alertes"]}
    body = {key or kind.lower(): detail}
    return {"eventType" if tagged else "notificationType": kind, **body, "mail": mail}


def bounce(kind: str, subtype: str, *, tagged: bool = True, **detail: Any) -> Told:
    recipient = {
        "emailAddress": CITIZEN,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
    }
    told = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [recipient], "timestamp": WHEN}
    return tell("Bounce", tagged=tagged, **{**told, "feedbackId": "010d019a-f1", "reportingMTA": "dns; a", **detail})


def complaint(
    feedback: str | None = "abuse", subtype: str | None = None, *, tagged: bool = True, **detail: Any
) -> Told:
    told: Told = {"complainedRecipients": [{"emailAddress": CITIZEN}], "timestamp": WHEN, "feedbackId": "010d019a-f2"}
    told |= {"complaintSubType": subtype, "userAgent": "AnyCompany Feedback Loop (V0.01)"}
    told |= {"complaintFeedbackType": feedback} if feedback else {}
    return tell("Complaint", tagged=tagged, **{**told, **detail})
