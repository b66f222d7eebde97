"""What all carriers share while the simulator runs: clock, ledger, schedule, sender, knobs, faults.
Imports no carrier's wire.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from tocsin_carriers.agenda import Agenda
from tocsin_carriers.answers import Answering, Bursts
from tocsin_carriers.callbacks import CallbackSender
from tocsin_carriers.clock import Clock
from tocsin_carriers.disorder import MessageDraws
from tocsin_carriers.knobs import Knobs
from tocsin_carriers.ledger import Callback, Entry, Ledger, Settlement
from tocsin_carriers.schedule import Schedule
from tocsin_carriers.scripts import Scripts
from tocsin_carriers.settings import CarrierSettings

_logger = logging.getLogger(__name__)


class Stage:
    """Create it inside the running loop. `run_id` makes sids differ between runs, though draws do not."""

    def __init__(self, settings: CarrierSettings) -> None:
        self.settings = settings
        self.knobs = settings.knobs
        self.clock = Clock(self.knobs.speed)
        self.ledger = Ledger(settings.ledger_limit)
        self.run_id = secrets.token_hex(8)
        self.origin = ""
        """Our own address as others reach it, once it is known."""
        self.scripts = Scripts()
        self._bursts = Bursts()
        self._resets: list[Callable[[], None]] = []
        self._agenda: Agenda[Callable[[], None]] = Agenda(self.clock, _act)
        self._schedule: Schedule[Callback] = Schedule(self.clock, self._send, lambda: self.knobs.callback_concurrency)
        self._sender = CallbackSender(lambda: self.ledger, self.clock, self._schedule.add)

    def turn(self, knobs: Knobs) -> None:
        """New messages follow the new knobs; what is already planned only follows the speed."""
        if knobs.speed != self.clock.speed:
            self.clock.change_speed(knobs.speed)
        if knobs.seed != self.knobs.seed:
            self._bursts = Bursts()
        self.knobs = knobs
        self._agenda.wake()
        self._schedule.wake()

    def on_reset(self, forget: Callable[[], None]) -> None:
        """What else is to be forgotten at a reset."""
        self._resets.append(forget)

    async def reset(self) -> None:
        """Forget all messages, what is owed and the scripts; knobs stay."""
        self._agenda.clear()
        await self._schedule.clear()
        self.scripts.forget()
        for forget in self._resets:
            forget()
        self.ledger = Ledger(self.settings.ledger_limit)
        self.run_id = secrets.token_hex(8)
        self._bursts = Bursts()

    async def close(self) -> None:
        self._agenda.clear()
        await self._schedule.clear()
        self._sender.close()

    def in_burst(self) -> bool:
        """Whether this request falls into a burst of refusals. Ask once per request: asking counts."""
        return self._bursts.refuse(self.knobs)

    def at(self, due: float, act: Callable[[], None]) -> None:
        """Act at a simulated instant; acts are quick and touch no network."""
        self._agenda.add(due, act)

    def record(self, entry: Entry, callbacks: Sequence[Callback], *, early: bool = False) -> None:
        self.ledger.record(entry)
        if early and callbacks:
            entry.first_settled = asyncio.Event()
        for callback in callbacks:
            self.owe(callback)

    def owe(self, callback: Callback) -> None:
        self.ledger.owe(callback)
        self._schedule.add(callback.entry.accepted_at + callback.after, callback)

    def resume(self, callback: Callback) -> None:
        """What its wire had put aside is due now."""
        self._schedule.add(self.clock.now(), callback)

    def drop(self, entry: Entry) -> None:
        for callback in entry.callbacks:
            if callback.settlement is Settlement.OWED:
                self.ledger.settle(callback, Settlement.DROPPED)

    async def answer(
        self, request: Request, entry: Entry, draws: MessageDraws, *, good: Response, error: Response
    ) -> Response:
        answering = Answering(self.ledger, self.clock, self.knobs)
        return await answering.answer(request, entry, draws, good=good, error=error)

    async def _send(self, callback: Callback) -> None:
        if callback.settlement is Settlement.OWED:
            await self._sender.send(callback)


def _act(act: Callable[[], None]) -> None:
    """One that fails must not keep the others from their turn."""
    try:
        act()
    except Exception:
        _logger.exception("a scheduled act failed inside the simulator")
