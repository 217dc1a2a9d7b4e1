"""The detector: evidence by pSR, the acute rule beside it, and what happens between a drift and its end.

    learning                     the baseline has too few runs: nothing is said
    calm <-> suspect             evidence within e^6 of A, or two acute looks; a closer look is worth its money
    drift     "evidence"         evidence >= A, and the drop since the onset is at least the smallest that matters,
                                 or, where it came too slowly to have an onset, the drop since the reference was locked
    drift     "acute"            three looks in a row far below everything
    drift -> calm "recovered"    see stats/recovery.py

At a drift the looks since its onset (of a slide: since the lock) are taken out of the reference again and none is
added until it is over. So the reference stays what good looks like, and whatever is left of a drop after a "recovery"
is found anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Guarantee, Level, Signal
from watchdog.domain.metric import Observation
from watchdog.stats.acute import DRIFT_AFTER, SUSPECT_AFTER, BadLooks
from watchdog.stats.autocorrelation import inflation
from watchdog.stats.drop import Doubt, drop, drop_at_alarm
from watchdog.stats.interval import Effect, Moments, effect
from watchdog.stats.onset import REACH, onset_interval
from watchdog.stats.predictive import PredictiveSR
from watchdog.stats.psr_state import PsrState
from watchdog.stats.recovery import Recovery

#: A metric is suspect from this many units of log evidence below the alarm, but not before half of the way.
SUSPECT_WITHIN = 6.0
#: Reason of a drift that three looks in a row far below everything make.
ACUTE = "acute"
#: Interval of a metric of which nothing is known.
ANYTHING = Effect(0.0, -1.0, 1.0)
#: Most looks whose mean says where the level is now.
RECENT = 100


class Drift(Struct, frozen=True, kw_only=True):
    """A drift that is not over."""

    #: Unix time of the estimated first bad look.
    since: float
    #: ``evidence`` or ``acute``.
    reason: str
    recovery: Recovery
    #: Unix times of the earliest and the latest look that may have been the first bad one.
    between: tuple[float, float] | None = None
    #: What that adds to the interval of the effect.
    doubt: Doubt = Doubt()


class DetectorState(Struct, frozen=True, kw_only=True):
    """All that is remembered of a metric between two looks. A value; JSON and back is exact."""

    #: None while the baseline is too small.
    psr: PsrState | None
    drift: Drift | None = None
    bad: BadLooks = BadLooks()
    #: Unix times of the newest looks in the reference, oldest first.
    marks: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON value; floats come back exactly."""
        drift = self.drift
        return {
            "psr": None if self.psr is None else self.psr.to_json(),
            "drift": None
            if drift is None
            else [drift.since, drift.reason, drift.recovery.to_json(), drift.between, drift.doubt],
            "bad": self.bad,
            "marks": self.marks,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DetectorState:
        """The state that ``to_json`` wrote."""
        drift = None
        if value["drift"] is not None:
            since, reason, recovery, between, doubt = value["drift"]
            drift = Drift(
                since=since,
                reason=reason,
                recovery=Recovery.from_json(recovery),
                between=None if between is None else (between[0], between[1]),
                doubt=Doubt(*doubt),
            )
        return cls(
            psr=None if value["psr"] is None else PsrState.from_json(value["psr"]),
            drift=drift,
            bad=BadLooks(*value["bad"]),
            marks=tuple(value["marks"]),
        )


class _Begun(NamedTuple):
    """What finding a drift makes of a state."""

    reference: PsrState
    marks: tuple[float, ...]
    #: The drift's own looks, as they stood in the history.
    drifted: NDArray[np.float64]
    change: Effect
    between: tuple[float, float] | None = None
    doubt: Doubt = Doubt()


class PsrDetector:
    """Finds sustained drops of one metric; its mean time to a false alarm is the A it is given. Holds no state."""

    def __init__(self, *, mean_runs_to_false_alarm: float, smallest_drop: float, min_baseline_runs: int = 8) -> None:
        self.mean_runs = mean_runs_to_false_alarm
        self.smallest_drop = smallest_drop
        self.min_baseline_runs = max(min_baseline_runs, 3)
        self.threshold = math.log(mean_runs_to_false_alarm)
        self._suspect = max(self.threshold - SUSPECT_WITHIN, self.threshold / 2)
        self._test = PredictiveSR(mean_runs_to_false_alarm, smallest_drop, keen=True)

    def start(self, baseline: MetricBaseline) -> DetectorState:
        """State before the first look after the baseline."""
        if len(baseline.x) < self.min_baseline_runs:
            return DetectorState(psr=None)
        counted = len(baseline.lost) == len(baseline.n) == len(baseline.x)
        return DetectorState(
            psr=self._test.start(
                baseline.x,
                baseline.variances,
                baseline.lost if counted else None,
                baseline.n if counted else None,
            )
        )

    def update(self, state: DetectorState, observation: Observation) -> tuple[DetectorState, Signal]:
        """New state and what it means. Looks that are not admitted must not come here."""
        if state.psr is None:
            return state, self._signal(observation, Level.LEARNING, "learning", 0.0, ANYTHING)
        if state.drift is not None:
            return self._drifting(state, state.psr, state.drift, observation)
        return self._watching(state, state.psr, observation)

    def without(self, state: DetectorState, looks: int) -> DetectorState:
        """As though the newest looks had not been: they belong to a drift that another test has found."""
        if state.psr is None:
            return state
        psr = self._test.restart(self._test.forget(state.psr, looks))
        return DetectorState(psr=psr, marks=state.marks[: max(len(state.marks) - looks, 0)])

    def _watching(
        self, state: DetectorState, before: PsrState, observation: Observation
    ) -> tuple[DetectorState, Signal]:
        psr, evidence = self._step(before, observation, remember=True)
        statistic = evidence.log
        x = before.common_scale(observation.x, observation.noise)
        bad = state.bad.update(x, mean=before.mean, spread=before.spread, mark=observation.at)
        marks = (*state.marks, observation.at)[-REACH:]
        looks, since = evidence.looks, evidence.since
        stretch = _stretch(before, observation)
        change = self._change(psr, looks).times(stretch)
        enough = statistic >= self.threshold
        slide = self._slide(psr, looks, observation.n) if enough else None
        reason, level = "calm", Level.CALM
        if enough and change.value <= -self.smallest_drop:
            reason, level, slide = "evidence", Level.DRIFT, None
        elif bad.looks >= DRIFT_AFTER:
            reason, level, slide = ACUTE, Level.DRIFT, None
            looks, since = bad.looks, bad.since
        elif slide is not None and slide.value * stretch <= -self.smallest_drop:
            reason, level = "evidence", Level.DRIFT
        elif enough:
            reason, level = "below smallest drop", Level.SUSPECT
        elif bad.looks >= SUSPECT_AFTER:
            reason, level = ACUTE, Level.SUSPECT
        elif statistic > self._suspect:
            reason, level = "suspect", Level.SUSPECT
        drift = None
        if level is Level.DRIFT:
            bad, looks = BadLooks(), min(max(looks, 1), len(psr.history) - 2)
            begun = self._slid(psr, looks, slide) if slide else self._stepped(psr, before, looks, observation.n, marks)
            psr, marks, change = begun.reference, begun.marks, begun.change.times(stretch)
            recovery = Recovery(Moments.of(begun.drifted - psr.mean))
            drift = Drift(since=since, reason=reason, recovery=recovery, between=begun.between, doubt=begun.doubt)
        signal = self._signal(observation, level, reason, statistic, change)
        if level is not Level.CALM:
            signal = replace(signal, since=since if looks else observation.at, looks=max(looks, 1))
        if drift is not None:
            signal = replace(signal, since_between=drift.between)
        return DetectorState(psr=psr, drift=drift, bad=bad, marks=marks), signal

    def _stepped(self, psr: PsrState, before: PsrState, looks: int, answers: int, marks: tuple[float, ...]) -> _Begun:
        """A drift that began so many looks ago, give or take."""
        span = onset_interval(psr.history, looks, spread=before.spread, correlation=before.autocorrelation)
        change, doubt = drop_at_alarm(
            psr.history,
            looks,
            span,
            answers=answers,
            floor=math.sqrt(psr.within),
            correlation=before.autocorrelation,
        )
        reference = self._test.forget(psr, looks)
        return _Begun(reference, marks[:-looks], psr.history[-looks:], change, self._between(span, marks), doubt)

    def _slid(self, psr: PsrState, looks: int, change: Effect) -> _Begun:
        """A drift that came too slowly to have begun at any look: nothing since the lock tells what good looks like."""
        return _Begun(self._test.back_to_lock(psr), (), psr.history[-min(looks, RECENT) :], change)

    @staticmethod
    def _slide(psr: PsrState, looks: int, answers: int) -> Effect | None:
        """The newest looks against the locked reference; None before there is one."""
        if psr.locked is None:
            return None
        return drop(
            Moments.of(psr.history[-min(max(looks, 1), RECENT) :]),
            Moments.of(psr.locked),
            answers=answers,
            floor=math.sqrt(psr.within),
            correlation=psr.autocorrelation,
        )

    @staticmethod
    def _between(span: tuple[int, int], marks: tuple[float, ...]) -> tuple[float, float] | None:
        """Times between which the drift began; None when the looks reach back into the baseline."""
        fewest, most = span
        return (marks[-min(most, len(marks))], marks[-fewest]) if fewest <= len(marks) else None

    def _drifting(
        self, state: DetectorState, psr: PsrState, drift: Drift, observation: Observation
    ) -> tuple[DetectorState, Signal]:
        psr, evidence = self._step(psr, observation, remember=False)
        r1, phi = psr.autocorrelation
        stretch = _stretch(psr, observation)
        recovery = drift.recovery.update(
            psr.common_scale(observation.x, observation.noise) - psr.mean,
            smallest_drop=self.smallest_drop / stretch,
            variance=psr.spread**2 * inflation(r1, phi, math.inf),
        )
        if recovery.recovered:
            change = self._against(psr, recovery.climbing, observation.n).times(stretch)
            signal = self._signal(observation, Level.CALM, "recovered", evidence.log, change)
            return DetectorState(psr=self._test.restart(psr), marks=state.marks), signal
        down = recovery.down
        change = drift.doubt.widen(self._against(psr, down, observation.n), down.n).times(stretch)
        signal = self._signal(observation, Level.DRIFT, drift.reason, evidence.log, change)
        looks = down.n + recovery.climbing.n
        return (
            DetectorState(psr=psr, drift=replace(drift, recovery=recovery), marks=state.marks),
            replace(signal, since=drift.since, since_between=drift.between, looks=looks),
        )

    def _step(self, psr: PsrState, observation: Observation, *, remember: bool) -> Any:
        return self._test.update(
            psr,
            observation.x,
            observation.noise,
            observation.u,
            observation.lost,
            observation.n,
            mark=observation.at,
            remember=remember,
        )

    @staticmethod
    def _change(psr: PsrState, looks: int) -> Effect:
        """The last looks (at least one) against those before them."""
        looks = min(max(looks, 1), len(psr.history) - 2)
        r1, phi = psr.autocorrelation
        return effect(
            Moments.of(psr.history[-looks:]),
            Moments.of(psr.history[:-looks]),
            floor=math.sqrt(psr.within),
            inflation_after=inflation(r1, phi, looks),
            inflation_before=inflation(r1, phi, math.inf),
        )

    @staticmethod
    def _against(psr: PsrState, looks: Moments, answers: int) -> Effect:
        """Looks that are not in the reference, as differences from its mean, against the reference."""
        return drop(
            looks,
            Moments(psr.n, 0.0, psr.squares),
            answers=answers,
            floor=math.sqrt(psr.within),
            correlation=psr.autocorrelation,
        )

    def _signal(self, observation: Observation, level: Level, reason: str, statistic: float, change: Effect) -> Signal:
        return Signal(
            key=observation.key,
            run_id=observation.run_id,
            at=observation.at,
            level=level,
            statistic=statistic,
            threshold=self.threshold,
            effect=change.value,
            interval=(change.low, change.high),
            n=observation.n,
            guarantee=Guarantee.CALIBRATED if reason == ACUTE else Guarantee.BUDGETED,
            reason=reason,
        )


def _stretch(psr: PsrState, observation: Observation) -> float:
    """What makes of a change in the noise of the baseline one in points: 1 but where answers scatter more lately."""
    if observation.scatter == 1.0:
        return 1.0
    return psr.common_scale(1.0, observation.variance) / psr.common_scale(1.0, observation.noise)
