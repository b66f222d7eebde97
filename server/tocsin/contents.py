"""What citizens are told, per language: the rules for a communication's texts. Imports errors, texts and words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.errors import BadInput
from tocsin.texts import check_line, check_text
from tocsin.words import Channel, Locale

CALL_LENGTH, SMS_LENGTH, SUBJECT_LENGTH, EMAIL_LENGTH = 3_000, 1_600, 200, 50_000


@dataclass(frozen=True, slots=True)
class Content:
    """The texts of one language; those of channels that are not chosen may be missing."""

    locale: Locale
    call_text: str | None = None
    sms_text: str | None = None
    email_subject: str | None = None
    email_text: str | None = None


@dataclass(frozen=True, slots=True)
class TextRule:
    """A text: how clients call it, the channel that needs it, its limit in characters, and whether it is one line."""

    name: str
    shown: str
    channel: Channel
    most: int
    one_line: bool = False


RULES = (
    TextRule("call_text", "callText", Channel.CALL, CALL_LENGTH),
    TextRule("sms_text", "smsText", Channel.SMS, SMS_LENGTH),
    TextRule("email_subject", "emailSubject", Channel.EMAIL, SUBJECT_LENGTH, one_line=True),
    TextRule("email_text", "emailText", Channel.EMAIL, EMAIL_LENGTH),
)


def check_contents(
    contents: Sequence[Content], channels: Iterable[Channel], locale: Locale, *, field: str = "input.contents"
) -> list[Content]:
    """Return the contents cleaned; BAD_INPUT unless each language has a text for each channel, `locale` among them."""
    spoken = [content.locale for content in contents]
    if len(set(spoken)) < len(spoken):
        raise BadInput("A language is given twice; keep one content for each.", field=field)
    if locale not in spoken:
        raise BadInput(f"The text in the municipality's language ({locale.value}) is missing; write it.", field=field)
    chosen = frozenset(channels)
    return [check_content(content, chosen, f"{field}.{index}") for index, content in enumerate(contents)]


def check_content(content: Content, channels: frozenset[Channel], field: str) -> Content:
    """Return one language's texts cleaned."""
    kept = {rule.name: check_rule(rule, getattr(content, rule.name), channels, field) for rule in RULES}
    return Content(content.locale, **kept)


def check_rule(rule: TextRule, value: str | None, channels: frozenset[Channel], field: str) -> str | None:
    if value is None and rule.channel not in channels:
        return None
    check = check_line if rule.one_line else check_text
    return (
        check(value or "", field=f"{field}.{rule.shown}", most=rule.most, least=int(rule.channel in channels)) or None
    )
