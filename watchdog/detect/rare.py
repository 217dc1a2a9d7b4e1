"""Failures so rare that means say nothing: pSR, and a count of failures beside it, each with twice the A.

For a metric whose baseline failed in less than one answer in a hundred and of which a point or less matters (leaks,
unsafe answers, crashes). Together the two ring no oftener than one with A would, because expected numbers add up.
Beside pSR because that one sees what the count's rate, an upper limit, is too generous for, and all larger drops.

The end of such a drift: the counts since speak a thousand to one for the baseline's rate against the drift's, in a sum
that is never below nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Observation
from watchdog.stats import rare
from watchdog.stats.burn import wilson

#: Share of failures in the baseline, and smallest drop that matters, up to which failures are counted.
RARE = 0.01
#: Odds for the baseline's rate at which a drift is over.
OVER = 1000.0


def is_rare(baseline: MetricBaseline | None, smallest_drop: float) -> bool:
    """Whether a metric is one of rare failures."""
    if baseline is None or not baseline.lost or len(baseline.lost) != len(baseline.n):
        return False
    return smallest_drop <= RARE and sum(baseline.lost) < RARE * sum(baseline.n)


class Counting(Struct, frozen=True, kw_only=True):
    """State of both tests."""

    psr: DetectorState
    counted: rare.RareState
    #: Failures and answers since the likeliest onset, looks since it, its Unix time; nothing points to one at 0 looks.
    failed: int = 0
    answered: int = 0
    looks: int = 0
    since: float = 0.0
    #: Logarithm of the likelihood ratio since the onset; in a drift, of that for its end.
    climb: float = 0.0
    #: Failure rate of a drift that is not over; 0 when there is none.
    drifting: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """JSON value; floats come back exactly."""
        onset = [self.failed, self.answered, self.looks, self.since, self.climb, self.drifting]
        return {"psr": self.psr.to_json(), "counted": self.counted.to_json(), "onset": onset}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Counting:
        """The state that ``to_json`` wrote."""
        failed, answered, looks, since, climb, drifting = value["onset"]
        return cls(
            psr=DetectorState.from_json(value["psr"]),
            counted=rare.RareState.from_json(value["counted"]),
            failed=failed,
            answered=answered,
            looks=looks,
            since=since,
            climb=climb,
            drifting=drifting,
        )


class RareDetector:
    """Finds rises of a small failure rate, and what pSR finds. Holds no state."""

    def __init__(self, *, mean_runs_to_false_alarm: float, smallest_drop: float, min_baseline_runs: int = 8) -> None:
        self.smallest_drop = smallest_drop
        self.threshold = math.log(2 * mean_runs_to_false_alarm)
        self._psr = PsrDetector(
            mean_runs_to_false_alarm=2 * mean_runs_to_false_alarm,
            smallest_drop=smallest_drop,
            min_baseline_runs=min_baseline_runs,
        )

    def start(self, baseline: MetricBaseline) -> Counting:
        """State before the first look after the baseline."""
        return Counting(psr=self._psr.start(baseline), counted=rare.start(round(sum(baseline.lost)), sum(baseline.n)))

    def update(self, state: Counting, observation: Observation) -> tuple[Counting, Signal]:
        """New state and what it means; looks of a drift by counting are kept out of pSR's reference.

        What pSR has found is not counted besides, and after its end the count begins anew.
        """
        failed = min(max(round(observation.lost or 0.0), 0), observation.n)
        if state.drifting:
            return self._drifting(state, observation, failed)
        psr, signal = self._psr.update(state.psr, observation)
        if psr.drift is not None or state.psr.drift is not None:
            return _anew(state, psr), signal
        if signal.level is Level.LEARNING:
            return replace(state, psr=psr), signal
        counted = rare.update(state.counted, failed, observation.n)
        after = replace(self._onset(state, observation, failed), psr=psr, counted=counted)
        evidence = math.log(max(counted.evidence, 1e-300))
        if not after.looks or evidence < self.threshold:
            return after, signal
        worse = after.failed / after.answered - state.counted.rate
        if worse < self.smallest_drop:
            return after, self._said(after, signal, Level.SUSPECT, "rare failures, below smallest drop", evidence)
        without = self._psr.without(psr, after.looks)
        drifting = replace(after, psr=without, drifting=after.failed / after.answered, climb=0.0)
        return drifting, self._said(after, signal, Level.DRIFT, "rare failures", evidence)

    def _drifting(self, state: Counting, observation: Observation, failed: int) -> tuple[Counting, Signal]:
        back = _log_ratio(failed, observation.n, state.counted.rate, state.drifting)
        after = replace(
            state,
            failed=state.failed + failed,
            answered=state.answered + observation.n,
            looks=state.looks + 1,
            climb=max(0.0, state.climb + back),
        )
        _, signal = self._psr.update(state.psr, observation)
        if after.climb >= math.log(OVER):
            return _anew(state, state.psr), replace(signal, level=Level.CALM, reason="recovered", since=None, looks=0)
        return after, self._said(after, signal, Level.DRIFT, "rare failures", self.threshold)

    @staticmethod
    def _onset(state: Counting, observation: Observation, failed: int) -> Counting:
        """The likeliest onset: where the ratio for five times the rate last began to climb."""
        rate = state.counted.rate
        climb = state.climb + _log_ratio(failed, observation.n, min(rare.FACTORS[1] * rate, (1 + rate) / 2), rate)
        if climb <= 0:
            return replace(state, failed=0, answered=0, looks=0, since=0.0, climb=0.0)
        return replace(
            state,
            failed=state.failed + failed,
            answered=state.answered + observation.n,
            looks=state.looks + 1,
            since=state.since if state.looks else observation.at,
            climb=climb,
        )

    def _said(self, state: Counting, signal: Signal, level: Level, reason: str, evidence: float) -> Signal:
        """A signal of the count. The effect is against the upper limit of the baseline's rate."""
        low, high = wilson(state.failed, state.answered)
        rate = state.counted.rate
        return replace(
            signal,
            level=level,
            statistic=evidence,
            threshold=self.threshold,
            effect=rate - state.failed / state.answered,
            interval=(rate - high, rate - low),
            since=state.since,
            looks=state.looks,
            reason=f"{reason}: {state.failed} of {state.answered} answers since, at most {100 * rate:.2g} % before",
        )


def _anew(state: Counting, psr: DetectorState) -> Counting:
    """Nothing counted yet."""
    return Counting(psr=psr, counted=rare.RareState(state.counted.rate))


def _log_ratio(failed: int, answered: int, one: float, other: float) -> float:
    """Logarithm of the likelihood of one rate over that of another."""
    one, other = (min(max(rate, 1e-12), 1 - 1e-12) for rate in (one, other))
    return failed * math.log(one / other) + (answered - failed) * math.log((1 - one) / (1 - other))
