"""One call from its acceptance to its end, step by step on the stage's agenda.
Imports stage, call, timeline, reports, dialogue.
"""

from collections.abc import Callable, Sequence
from functools import partial

from tocsin_carriers.ledger import Callback
from tocsin_carriers.stage import Stage
from tocsin_carriers.voice_call import Call
from tocsin_carriers.voice_dialogue import Dialogue
from tocsin_carriers.voice_outcomes import CallOutcome
from tocsin_carriers.voice_reports import CallReports
from tocsin_carriers.voice_request import CallRequest, Detection, Document
from tocsin_carriers.voice_timeline import FINAL_WORDS, CallDraws, CallHappening, detect


class CallLife:
    """Instants are simulated seconds after the acceptance. Who wavers presses with the knob's probability."""

    def __init__(
        self, stage: Stage, call: Call, request: CallRequest, *, outcome: CallOutcome, draws: CallDraws
    ) -> None:
        self.call = call
        self._stage = stage
        self._request = request
        self._outcome = outcome
        self._draws = draws
        self._reports = CallReports(stage, call, request, draws)
        wavers = outcome.wavering and draws.wavering >= stage.knobs.presses
        presses = None if wavers else outcome.presses
        self._dialogue = Dialogue(
            stage,
            call,
            time_limit=request.time_limit,
            presses=presses,
            reaction=draws.reaction,
            hang_up=self.hang_up,
        )
        self._plan: Sequence[CallHappening] = ()
        self._stopped = False
        self._over: Callable[[], object] = lambda: None
        self._alive = True
        self._running = False

    def plan(self, plan: Sequence[CallHappening], *, stopped: bool, over: Callable[[], object]) -> list[Callback]:
        """What comes up to the answer; `over` is called at the end. `stopped`: the call stays silently where
        the plan ends. Returns the report that is to arrive before the REST answer, if there is one.
        """
        self._plan, self._stopped, self._over = plan, stopped, over
        return self._reports.plan_early(plan)

    def begin(self) -> None:
        self._running = True
        self._stage.ledger.begin(self.call)
        self._await(1)

    def cancel(self, at: float) -> None:
        """Before anybody has answered."""
        self.call.outcome = self.call.final = "canceled"
        self._end(CallHappening(at, "canceled", 487))

    def hang_up(self, at: float) -> None:
        self._end(CallHappening(at, "completed", 200))

    def redirect(self, document: Document, at: float) -> None:
        """Another document, at once."""
        if not self._stopped:
            self.call.begun_again |= (self.call.answered_by or "").startswith("machine")
            self._dialogue.begin(document, at)

    def _await(self, step: int) -> None:
        if step < len(self._plan):
            self._at(self._plan[step].at, partial(self._reach, step))
        elif self._stopped:
            self._reports.fall_silent()
            self._rest()
        else:
            self._answer(self._plan[-1].at)

    def _reach(self, step: int) -> None:
        happening = self._plan[step]
        if happening.word in FINAL_WORDS:
            self._end(happening)
        else:
            self._happen(happening)
            self._await(step + 1)

    def _answer(self, at: float) -> None:
        detection = self._request.detection
        if detection is not None:
            verdict, seconds = detect(
                self._outcome, self._draws, message_end=detection.message_end, timeout=detection.timeout
            )
            self._at(at + seconds, partial(self._detect, detection, verdict, seconds, at + seconds))
        if self._outcome.hangs_up:
            hung_up = at + self._draws.hang_up
            self._at(hung_up, partial(self.hang_up, hung_up))
        if detection is None or detection.asynchronous:
            self._dialogue.begin(self._request.document, at)

    def _detect(self, detection: Detection, verdict: str, seconds: float, at: float) -> None:
        self.call.answered_by = verdict
        self.call.detection_milliseconds = round(seconds * 1000)
        if not detection.asynchronous:
            self.call.tells_answered_by = True
            self._dialogue.begin(
                self._request.document, at, {"MachineDetectionDuration": str(self.call.detection_milliseconds)}
            )
        elif detection.address is not None:
            self._reports.tell_verdict(detection.address, at)

    def _happen(self, happening: CallHappening) -> None:
        self.call.happenings.append(happening)
        self._reports.tell(happening)

    def _end(self, happening: CallHappening) -> None:
        self._alive = False
        self._dialogue.stop(happening.at)
        self._happen(happening)
        self._reports.finish()
        self._rest()
        self._over()

    def _rest(self) -> None:
        """Nothing more will be owed."""
        if self._running:
            self._running = False
            self._stage.ledger.end(self.call)

    def _at(self, at: float, act: Callable[[], None]) -> None:
        """Unless the call is over by then."""
        self._stage.at(self.call.accepted_at + at, lambda: act() if self._alive else None)
