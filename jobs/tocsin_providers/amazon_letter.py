"""An e-mail as Amazon takes it: one recipient, text and the same text as HTML, tagged with its delivery. Imports events."""

import re
from html import escape

import idna

from tocsin.events import HandOver
from tocsin.settings import Settings

TAG = "delivery"
"""The tag that every event about this e-mail will carry."""

ADDRESS = re.compile(r"https?://(?:[^\s<>&]|&amp;)*(?:[^\s<>&.,;:!?)]|&amp;)")
"""Of a page, in escaped text: not every reader of mail makes a link of one by itself."""


def compose(hand_over: HandOver, settings: Settings) -> dict[str, object]:
    """Return the body of SendEmail."""
    simple = {
        "Subject": mark(hand_over.subject or ""),
        "Body": {"Text": mark(hand_over.text), "Html": mark(render(hand_over))},
    }
    return {
        "FromEmailAddress": settings.ses_from,
        "Destination": {"ToAddresses": [encode_domain(hand_over.address)]},
        "Content": {"Simple": simple},
        "ConfigurationSetName": settings.ses_configuration_set,
        "EmailTags": [{"Name": TAG, "Value": hand_over.public_id}],
    }


def mark(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def render(hand_over: HandOver) -> str:
    """Return the text as a page that looks the same: without this part Amazon can't tell that it was opened."""
    lines = ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', escape(hand_over.text)).replace("\n", "<br>\n")
    head = f'<html lang="{hand_over.locale.lower()}"><head><meta charset="utf-8"></head>'
    return f"<!DOCTYPE html>\n{head}\n<body><p>{lines}</p></body></html>\n"


def encode_domain(address: str) -> str:
    """Return an address with its domain in ASCII; one that has none of that form as it is, for Amazon to refuse."""
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return address
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError:
        return address
