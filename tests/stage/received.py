"""What a citizen got from the simulated carriers to prove an address: the call, the text message, the link."""

import re

from stage.simulator import Carriers
from tocsin_carriers.emails_email import Email
from tocsin_carriers.messaging_message import Message
from tocsin_carriers.voice_call import Call

SPOKEN_CODE = re.compile(r"code est : ((?:\d, ){5}\d)\.")
WRITTEN_CODE = re.compile(r"\b\d{6}\b")


def read_call(carriers: Carriers) -> list[str]:
    """Return what was heard to its end on the only call."""
    [call] = [entry for entry in carriers.stage.ledger.entries if isinstance(entry, Call)]
    return [spoken.text for spoken in call.spoken]


def read_text(carriers: Carriers) -> str:
    [message] = [entry for entry in carriers.stage.ledger.entries if isinstance(entry, Message)]
    return message.body


def read_link(carriers: Carriers) -> str:
    [email] = [entry for entry in carriers.stage.ledger.entries if isinstance(entry, Email)]
    assert email.subject == "Sainte-Rive : confirmez votre adresse courriel"
    [link] = re.findall(r"http://\S+", email.text)
    return str(link)
