"""Texts that citizens write: STOP, START, HELP or anything, posted to the customer as Twilio does.
Imports the shared parts.
"""

import secrets
from dataclasses import dataclass

from tocsin_carriers.ledger import Callback, Entry, Outgoing
from tocsin_carriers.loopback import split_loopback_url
from tocsin_carriers.messaging_consents import EVERY_SENDER, Consents, opt_out_type
from tocsin_carriers.messaging_request import NUMBER
from tocsin_carriers.messaging_segments import count_segments
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_account import API_VERSION
from tocsin_carriers.twilio_overrides import OverrideError, split_overrides
from tocsin_carriers.twilio_post import signed_post


class InboundError(ValueError):
    """An order for an inbound text that cannot be carried out; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundOrder:
    """What a citizen is to write. Without `to` and `service` a STOP or START holds for every sender."""

    number: str
    body: str
    to: str | None = None
    service: str | None = None
    url: str | None = None


@dataclass(slots=True, kw_only=True)
class InboundText(Entry):
    form: dict[str, str]


class InboundWire:
    """Advanced Opt-Out is on: words of consent carry OptOutType, and Twilio itself blocks what follows."""

    name = "twilio_messaging"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def compose(self, callback: Callback) -> Outgoing:
        text = callback.entry
        if not isinstance(text, InboundText):
            raise TypeError("The inbound wire composes inbound texts only.")
        return signed_post(text.callback_url or "", text.form, callback, self._stage.settings)

    def write(self, order: InboundOrder, consents: Consents) -> InboundText:
        """Notes the consent, and owes one callback that is due at once."""
        if not NUMBER.fullmatch(order.number):
            raise InboundError("`from` must be a telephone number such as +14185550142.")
        text = self._text(order)
        consent = {"STOP": True, "START": False}.get(text.form.get("OptOutType", ""))
        if consent is not None:
            consents.note(order.number, order.service or order.to or EVERY_SENDER, opted_out=consent)
        self._stage.record(text, [Callback(text, 0, "received", None, 0.0)], early=True)
        return text

    def _text(self, order: InboundOrder) -> InboundText:
        try:
            address, policy = split_overrides(order.url or self._stage.settings.inbound_url or "")
        except OverrideError as error:
            raise InboundError(f"The overrides behind the URL are invalid: {error}.") from error
        if split_loopback_url(address) is None:
            raise InboundError("There is no inbound URL on this machine: give `url`, or start with --inbound-url.")
        sid = "SM" + secrets.token_hex(16)
        return InboundText(
            sid=sid,
            wire=self,
            draw_key="",
            accepted_at=self._stage.clock.now(),
            callback_url=address,
            retry_policy=policy,
            direction="inbound",
            final="received",
            answered=True,
            answer="none",
            form=self._form(sid, order),
        )

    def _form(self, sid: str, order: InboundOrder) -> dict[str, str]:
        """The places a number stands for are unknown, so they are sent blank, as Twilio does."""
        settings, word = self._stage.settings, opt_out_type(order.body)
        places = {f"{side}{part}": "" for side in ("From", "To") for part in ("City", "State", "Zip", "Country")}
        return {
            "AccountSid": settings.account_sid,
            "ApiVersion": API_VERSION,
            "Body": order.body,
            "From": order.number,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": str(count_segments(order.body)),
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": order.to or settings.sender,
            **places,
            **({"MessagingServiceSid": order.service} if order.service else {}),
            **({"OptOutType": word} if word else {}),
        }
