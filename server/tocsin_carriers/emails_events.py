"""What SES says about an e-mail: the record that it publishes, in both shapes. Imports the e-mail and settings."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin_carriers.emails_email import Email
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.sns_envelope import format_instant

SUBJECT = "Amazon SES Email Event Notification"
_MACHINE = "198.51.100.20"
_READER = "203.0.113.7"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
_DELAY_PATIENCE = timedelta(hours=14)

# bounce type and subtype: (status, diagnostic code)
BOUNCES: dict[str, tuple[str, str]] = {
    "Permanent:General": ("5.1.1", "smtp; 550 5.1.1 user unknown"),
    "Permanent:NoEmail": ("5.1.1", "smtp; 550 5.1.1 no mailbox by that name is currently available"),
    "Permanent:Suppressed": ("5.1.1", "Suppressed: this address has a recent history of bouncing."),
    "Permanent:OnAccountSuppressionList": ("5.1.1", "Not sent: the address is on the account's suppression list."),
    "Permanent:UnsubscribedRecipient": ("5.1.1", "Not sent: the recipient has unsubscribed."),
    "Transient:General": ("4.4.7", "smtp; 421 4.4.7 message expired"),
    "Transient:MailboxFull": ("5.2.2", "smtp; 552 5.2.2 mailbox full"),
    "Transient:MessageTooLarge": ("5.3.4", "smtp; 552 5.3.4 message too large"),
    "Transient:ContentRejected": ("5.6.0", "smtp; 550 5.6.0 content not accepted"),
    "Transient:AttachmentRejected": ("5.6.1", "smtp; 552 5.6.1 attachment not accepted"),
    "Undetermined:Undetermined": ("5.0.0", "smtp; 550 requested action not taken"),
}


@dataclass(frozen=True, slots=True)
class Moments:
    """When it was accepted, and when the event happened."""

    accepted: datetime
    happened: datetime


def write_event(email: Email, word: str, moments: Moments, settings: CarrierSettings) -> str:
    """The record as SNS carries it; like the real one it ends with a line break."""
    kind, _, detail = word.partition(":")
    key, describe = _DETAILS[kind]
    event: dict[str, Any] = {
        "notificationType" if email.notified else "eventType": kind,
        "mail": _describe_mail(email, moments, settings),
        key: describe(email, detail, moments),
    }
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n"


def _describe_mail(email: Email, moments: Moments, settings: CarrierSettings) -> dict[str, Any]:
    domain = email.sender.rpartition("@")[2].rstrip("> ")
    mail: dict[str, Any] = {
        "timestamp": format_instant(moments.accepted),
        "source": email.sender,
        "sourceArn": f"arn:aws:ses:{settings.region}:{settings.aws_account}:identity/{domain}",
        "sendingAccountId": settings.aws_account,
        "messageId": email.sid,
        "destination": [email.to],
    }
    if email.notified:
        return mail | {"sourceIp": _MACHINE, "callerIdentity": "alerts"}
    return mail | {
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in _list_headers(email)],
        "commonHeaders": {
            "from": [email.sender],
            "to": [email.to],
            "messageId": email.sid,
            "subject": email.subject,
        },
        "tags": _list_tags(email, domain),
    }


def _list_headers(email: Email) -> list[tuple[str, str]]:
    own = [("From", email.sender), ("To", email.to), ("Subject", email.subject), ("MIME-Version", "1.0")]
    return own + list(email.headers)


def _list_tags(email: Email, domain: str) -> dict[str, list[str]]:
    theirs = {
        "ses:operation": ["SendEmail"],
        "ses:configuration-set": [email.configuration_set],
        "ses:source-ip": [_MACHINE],
        "ses:from-domain": [domain],
        "ses:caller-identity": ["alerts"],
    }
    return theirs | {name: [value] for name, value in email.tags.items()}


def _describe_send(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    return {}


def _describe_delivery(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    taken = moments.happened - moments.accepted
    return {
        "timestamp": format_instant(moments.happened),
        "processingTimeMillis": max(0, int(taken / timedelta(milliseconds=1))),
        "recipients": [email.to],
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": _READER,
        "reportingMTA": "a8-50.smtp-out.amazonses.com",
    }


def _describe_delay(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    diagnosis = {"status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 unable to connect to remote host"}
    return {
        "timestamp": format_instant(moments.happened),
        "delayType": "TransientCommunicationFailure",
        "expirationTime": format_instant(moments.accepted + _DELAY_PATIENCE),
        "delayedRecipients": [{"emailAddress": email.to, **diagnosis}],
    }


def _describe_bounce(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    status, diagnosis = BOUNCES[detail]
    bounce_type, _, subtype = detail.partition(":")
    returned = {"emailAddress": email.to, "action": "failed", "status": status, "diagnosticCode": diagnosis}
    return {
        "bounceType": bounce_type,
        "bounceSubType": subtype,
        "bouncedRecipients": [returned],
        "timestamp": format_instant(moments.happened),
        "feedbackId": _feedback_id(email, detail),
        "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com",
    }


def _describe_complaint(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    """From the account's list there is no report of a provider, so no type either."""
    listed = detail == "OnAccountSuppressionList"
    told = {
        "userAgent": "Feedback loop",
        "complaintFeedbackType": detail,
        "arrivalDate": format_instant(moments.accepted),
    }
    return {
        "complainedRecipients": [{"emailAddress": email.to}],
        "timestamp": format_instant(moments.happened),
        "feedbackId": _feedback_id(email, detail),
        "complaintSubType": detail if listed else None,
        **({} if listed else told),
    }


def _describe_reject(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    return {"reason": "Bad content"}


def _describe_open(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    return {"ipAddress": _READER, "timestamp": format_instant(moments.happened), "userAgent": _BROWSER}


def _describe_click(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    return {**_describe_open(email, detail, moments), "link": "https://ville.test/consignes", "linkTags": None}


def _describe_failure(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    missing = "Attribute 'prenom' is not present in the rendering data."
    return {"errorMessage": missing, "templateName": "consignes"}


def _describe_subscription(email: Email, detail: str, moments: Moments) -> dict[str, Any]:
    def preferences(status: str) -> dict[str, Any]:
        topics = [{"topicName": "consignes", "subscriptionStatus": status}]
        return {"unsubscribeAll": status == "OptOut", "topicSubscriptionStatus": topics}

    return {
        "contactList": "citoyens",
        "timestamp": format_instant(moments.happened),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": preferences("OptOut"),
        "oldTopicPreferences": preferences("OptIn"),
    }


def _feedback_id(email: Email, detail: str) -> str:
    digest = hashlib.sha256(f"{email.sid}:{detail}".encode()).hexdigest()
    return f"010d{digest[:12]}-{digest[12:24]}-000000"


Describe = Callable[[Email, str, Moments], dict[str, Any]]

# event type: (the key under which it is described, how)
_DETAILS: dict[str, tuple[str, Describe]] = {
    "Send": ("send", _describe_send),
    "Delivery": ("delivery", _describe_delivery),
    "DeliveryDelay": ("deliveryDelay", _describe_delay),
    "Bounce": ("bounce", _describe_bounce),
    "Complaint": ("complaint", _describe_complaint),
    "Reject": ("reject", _describe_reject),
    "Open": ("open", _describe_open),
    "Click": ("click", _describe_click),
    "Rendering Failure": ("failure", _describe_failure),
    "Subscription": ("subscription", _describe_subscription),
}
