"""What can be turned while the simulator runs: speed, disorder and faults. Imports nothing of ours."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any


class KnobError(ValueError):
    """A knob that does not exist, or a value outside its range; the text says what would be accepted."""


def _share(default: float, help_text: str) -> Any:
    return field(default=default, metadata={"low": 0.0, "high": 1.0, "help": f"share (0 to 1) of {help_text}"})


def _number(default: float, low: float, high: float, help_text: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "help": help_text})


def _choice(choices: tuple[str, ...], help_text: str) -> Any:
    return field(default=choices[0], metadata={"choices": choices, "help": help_text})


def _switch(help_text: str) -> Any:
    return field(default=False, metadata={"help": help_text})


EMAIL_REFUSALS = (
    "none",
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "MessageRejected",
    "LimitExceededException",
    "TooManyRequestsException",
    "BadRequestException",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """Durations are simulated seconds: they are divided by `speed`. Shares are drawn per message from the
    seed.
    """

    seed: int = _number(1, 0, 2**63, "what every draw begins with: the same seed gives the same outcomes")
    speed: float = _number(1.0, 0.001, 1_000_000.0, "how many simulated seconds pass in one real second")
    callback_concurrency: int = _number(64, 1, 1_000, "how many callbacks may be on the network at once")
    duplicates: float = _share(0.01, "callbacks that are sent twice")
    delayed: float = _share(0.02, "callbacks that lose 1 to 30 s more on the way")
    shuffle: bool = _switch("send the callbacks of each message in a drawn order")
    early: float = _share(0.0, "messages whose first callback arrives before the REST answer")
    silent: float = _share(0.0, "messages and calls that report nothing, whatever happens to them")
    bad_signature: float = _share(0.0, "callbacks followed by a forged one: contrary word, wrong signature")
    lost_answers: float = _share(0.0, "accepted requests whose connection is cut instead of answered")
    hanging_answers: float = _share(0.0, "accepted requests that are never answered, the connection staying open")
    error_after_accept: float = _share(0.0, "accepted requests that are answered 500")
    slow_answers: float = _number(
        0.0, 0.0, 3_600.0, "simulated seconds that every accepted request waits for its answer"
    )
    rejected_429: float = _share(0.0, "requests that begin a burst of refusals with 429")
    rejected_429_burst: int = _number(20, 1, 100_000, "how many requests in a row such a burst refuses")
    opens: float = _share(0.3, "e-mails to anyone that are opened, minutes to hours later")
    complaints: float = _share(0.0005, "e-mails to anyone that are complained about, hours later")
    deliveries_slow: float = _share(0.01, "e-mails whose delivery takes 1 to 10 minutes")
    bounces_late: float = _share(0.1, "e-mails to nobody that are taken first and bounce afterwards")
    republished: float = _share(0.5, "duplicates of e-mail events that come under a MessageId of their own")
    event_retries: int = _number(3, 0, 100, "how often an e-mail event is tried again")
    event_retry_seconds: float = _number(20.0, 0.0, 3_600.0, "simulated seconds before each of these retries")
    sign_ahead: bool = _switch("sign e-mail events once they are planned, and date them so: for bursts of load")
    identity_notifications: bool = _switch("send notifications of the identity's kind, without tags, not events")
    email_refusal: str = _choice(EMAIL_REFUSALS, "the error with which every e-mail is refused")
    receipts_never: float = _share(0.05, "texts that are delivered without any receipt")
    receipts_slow: float = _share(0.03, "texts whose receipt takes 10 to 30 minutes")
    calls_per_second: float = _number(
        1_000.0, 0.0001, 100_000.0, "how many calls the account dials in one simulated second; the others wait"
    )
    presses: float = _share(0.8, "people asked for a key who press 1, where the number's end does not say")
    sending_word: bool = _switch("also report `sending` between queued and sent")

    def __post_init__(self) -> None:
        for knob in fields(self):
            _check(knob, getattr(self, knob.name))


def _check(knob: "Field[Any]", value: object) -> None:
    if knob.type is bool:
        if not isinstance(value, bool):
            raise KnobError(f"{knob.name} must be true or false.")
        return
    if knob.type is str:
        if value not in knob.metadata["choices"]:
            raise KnobError(f"{knob.name} must be one of: {', '.join(knob.metadata['choices'])}.")
        return
    low, high = knob.metadata["low"], knob.metadata["high"]
    kinds = (int,) if knob.type is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        noun = "an integer" if knob.type is int else "a number"
        raise KnobError(f"{knob.name} must be {noun} from {low:g} to {high:g}.")


def alter(knobs: Knobs, changes: Mapping[str, Any]) -> Knobs:
    """The same knobs with some turned; all or nothing."""
    names = [knob.name for knob in fields(knobs)]
    unknown = sorted(set(changes) - set(names))
    if unknown:
        raise KnobError(f"There is no knob {', '.join(unknown)}; there are: {', '.join(names)}.")
    return replace(knobs, **changes)
