"""Handing something over to Twilio, once: whatever it or the network does is an Answer. Imports events, answers, rest."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx2

from tocsin.events import Answer, Event, Verdict
from tocsin_providers.twilio_answers import judge, read_object, read_pause, read_text
from tocsin_providers.twilio_rest import LOST, NOT_SENT, TwilioRest

CODE = re.compile(r"[0-9]{1,9}", re.ASCII)

Row = Mapping[str, object]


async def create(
    rest: TwilioRest,
    resource: str,
    form: Mapping[str, str | list[str]],
    *,
    read: Callable[[Row], Event | None],
    refuse: Callable[[str], Event],
    now: datetime,
) -> Answer:
    """Post a form that makes a message or a call. `read` makes the event of what was made, `refuse` that of a code.

    None of the answer's words is personal data.
    """
    try:
        response = await rest.post(resource, form)
    except NOT_SENT as error:
        return Answer(Verdict.TRY_AGAIN, reason=f"Twilio could not be reached ({type(error).__name__}).")
    except LOST as error:
        return Answer(Verdict.UNKNOWN, reason=f"Twilio's answer was lost ({type(error).__name__}).")
    if not response.is_success:
        return read_error(response, refuse, now)
    event = read(read_object(response.content))
    if event is None:
        return Answer(Verdict.UNKNOWN, reason=f"Twilio answered HTTP {response.status_code} with nothing to be read.")
    return Answer(Verdict.ANSWERED, event)


def read_error(response: httpx2.Response, refuse: Callable[[str], Event], now: datetime) -> Answer:
    """Return what an answer other than 2xx means."""
    code = read_code(response)
    verdict = judge(response.status_code, code)
    reason = f"Twilio answered HTTP {response.status_code}, code {code or 'none'}."
    if verdict is Verdict.ANSWERED:
        return Answer(verdict, refuse(str(code)), reason=reason)
    pause = read_pause(response.headers.get("retry-after"), now) if verdict is Verdict.TRY_AGAIN else None
    return Answer(verdict, retry_after=pause, reason=reason)


def read_code(response: httpx2.Response) -> str | None:
    """Return Twilio's own code of an error, where it gives one."""
    return read_text(read_object(response.content).get("code"), CODE)
