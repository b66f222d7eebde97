"""What Twilio's words about a call mean: its progress, SIP's codes, who answered. Tables only. Imports statuses and words."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.statuses import DeliveryStatus
from tocsin.words import AnsweredBy

WORDS: Mapping[str, DeliveryStatus] = {
    "queued": DeliveryStatus.CALL_QUEUED,
    "initiated": DeliveryStatus.CALL_STARTED,
    "ringing": DeliveryStatus.CALL_RINGING,
    "in-progress": DeliveryStatus.CALL_IN_PROGRESS,
    "no-answer": DeliveryStatus.CALL_NO_ANSWER,
    "busy": DeliveryStatus.CALL_BUSY,
    "failed": DeliveryStatus.CALL_FAILED,
    "canceled": DeliveryStatus.CALL_FAILED,
    "completed": DeliveryStatus.CALL_COMPLETED,
}

ENDINGS = frozenset({"no-answer", "busy", "failed", "canceled", "completed"})
"""Words after which the call is over, whatever else is still reported about it."""

MISSED_WORDS = ENDINGS - {"completed"}

STATUS_BY_SIP: Mapping[tuple[str, str], DeliveryStatus] = {
    ("failed", "480"): DeliveryStatus.CALL_NO_ANSWER,
}
"""Where SIP's code tells more than the word: 480 is a telephone that is switched off or out of reach just now."""

DEAD_SIP_CODES = frozenset({"404", "410", "604"})
"""Nobody has this number (404), has it any more (410), or ever had it anywhere (604)."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """What it means that this one took the call."""

    status: DeliveryStatus
    answered_by: AnsweredBy
    after_beep: bool = False
    dead: bool = False


ANSWERERS: Mapping[str, Answerer] = {
    "human": Answerer(DeliveryStatus.CALL_IN_PROGRESS, AnsweredBy.HUMAN),
    "unknown": Answerer(DeliveryStatus.CALL_IN_PROGRESS, AnsweredBy.UNKNOWN),
    "machine_start": Answerer(DeliveryStatus.CALL_VOICEMAIL, AnsweredBy.MACHINE),
    "machine_end_beep": Answerer(DeliveryStatus.CALL_VOICEMAIL, AnsweredBy.MACHINE, after_beep=True),
    "machine_end_silence": Answerer(DeliveryStatus.CALL_VOICEMAIL, AnsweredBy.MACHINE, after_beep=True),
    "machine_end_other": Answerer(DeliveryStatus.CALL_VOICEMAIL, AnsweredBy.MACHINE, after_beep=True),
    "fax": Answerer(DeliveryStatus.CALL_FAX, AnsweredBy.FAX, dead=True),
}

CONFIRMING_DIGIT = "1"
