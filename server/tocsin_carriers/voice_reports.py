"""Tells the customer what a call has become, as far as he asked, with all disorder on the way.
Imports stage, call, timeline, disorder.
"""

from collections.abc import Sequence
from dataclasses import replace

from tocsin_carriers.disorder import Arrival, CallbackDraws, spread
from tocsin_carriers.ledger import Callback, Kind
from tocsin_carriers.stage import Stage
from tocsin_carriers.twilio_addresses import Address
from tocsin_carriers.voice_call import Call
from tocsin_carriers.voice_callbacks import Post, contrary, contrary_verdict, detection_form
from tocsin_carriers.voice_request import CallRequest
from tocsin_carriers.voice_timeline import CallDraws, CallHappening


class CallReports:
    """The end of a call is not known in advance, so a shuffled one reports everything after its end."""

    def __init__(self, stage: Stage, call: Call, request: CallRequest, draws: CallDraws) -> None:
        self._stage = stage
        self._call = call
        self._request = request
        self._draws = draws
        self._knobs = stage.knobs
        self._early: CallHappening | None = None
        self._untold: list[int] = []
        self._speechless = call.silent

    def plan_early(self, plan: Sequence[CallHappening]) -> list[Callback]:
        """The first report, to arrive before the REST answer, if this call is so drawn and knows it already."""
        self._early = next((happening for happening in plan[1:] if self._is_asked(happening)), None)
        if self._early is None or self._draws.message.early >= self._knobs.early:
            self._early = None
            return []
        return self._report([self._note(self._early)], early=True)

    def tell(self, happening: CallHappening) -> None:
        if self._is_asked(happening) and happening is not self._early:
            position = self._note(happening)
            if self._knobs.shuffle:
                self._untold.append(position)
            else:
                self._owe(self._report([position]))

    def tell_verdict(self, address: Address, at: float) -> None:
        if self._speechless:
            return
        call, verdict = self._call, self._call.answered_by or ""
        for arrival in spread([at], [self._draws.detection], replace(self._knobs, shuffle=False), early=False):
            claim = contrary_verdict(verdict) if arrival.kind is Kind.FORGED else verdict
            form = detection_form(call, claim)
            post = Post(
                call, 0, "detection", None, arrival.after, arrival.kind, detail=claim, address=address, form=form
            )
            self._stage.owe(post)

    def finish(self) -> None:
        """All is known: tell what was held back."""
        self._owe(self._report(self._untold))
        self._untold = []

    def fall_silent(self) -> None:
        """For ever."""
        self.finish()
        self._speechless = True

    def _is_asked(self, happening: CallHappening) -> bool:
        asked = self._call.callback_url is not None and happening.word in self._request.words
        return asked and not self._speechless

    def _note(self, happening: CallHappening) -> int:
        self._call.reported.append(happening)
        return len(self._call.reported) - 1

    def _report(self, positions: Sequence[int], *, early: bool = False) -> list[Callback]:
        instants = [self._call.reported[position].at for position in positions]
        draws: list[CallbackDraws] = [self._draws.reports[position] for position in positions]
        arrivals = spread(instants, draws, self._knobs, early=early)
        return [self._callback(positions[arrival.position], arrival) for arrival in arrivals]

    def _callback(self, position: int, arrival: Arrival) -> Callback:
        word = self._call.reported[position].word
        claim = contrary(self._call.final) if arrival.kind is Kind.FORGED else word
        return Callback(self._call, position, claim, None, arrival.after, arrival.kind)

    def _owe(self, callbacks: Sequence[Callback]) -> None:
        for callback in callbacks:
            self._stage.owe(callback)
