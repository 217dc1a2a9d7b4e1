"""A detector for a metric of which neither direction is good: a judge that became lenient has moved like a strict one.

Two one-sided tests side by side, one on the metric and one on its mirror image, each with twice the mean time to a
false alarm: together they ring no oftener than one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Observation

_RANK = (Level.LEARNING, Level.CALM, Level.SUSPECT, Level.DRIFT)


class BothWays(Struct, frozen=True, kw_only=True):
    """State of the test for drops, and of the one for rises."""

    falling: DetectorState
    rising: DetectorState

    def to_json(self) -> dict[str, Any]:
        """JSON value; floats come back exactly."""
        return {"falling": self.falling.to_json(), "rising": self.rising.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> BothWays:
        """The state that ``to_json`` wrote."""
        return cls(falling=DetectorState.from_json(value["falling"]), rising=DetectorState.from_json(value["rising"]))


class TwoSidedDetector:
    """Finds sustained changes of one metric, whichever way. Holds no state."""

    def __init__(self, *, mean_runs_to_false_alarm: float, smallest_drop: float, min_baseline_runs: int = 8) -> None:
        self._one_sided = PsrDetector(
            mean_runs_to_false_alarm=2 * mean_runs_to_false_alarm,
            smallest_drop=smallest_drop,
            min_baseline_runs=min_baseline_runs,
        )

    def start(self, baseline: MetricBaseline) -> BothWays:
        """State before the first look after the baseline."""
        # The same answers are graded each time: how many of them "fail" by chance is no matter of a binomial.
        falling = replace(baseline, lost=())
        rising = replace(falling, x=tuple(-x for x in baseline.x))
        return BothWays(falling=self._one_sided.start(falling), rising=self._one_sided.start(rising))

    def update(self, state: BothWays, observation: Observation) -> tuple[BothWays, Signal]:
        """New state and what it means: what the more alarmed of the two tests says."""
        observation = replace(observation, lost=None)
        falling, fell = self._one_sided.update(state.falling, observation)
        mirror = replace(observation, x=-observation.x, u=1 - observation.u)
        rising, rose = self._one_sided.update(state.rising, mirror)
        low, high = rose.interval
        rose = replace(rose, effect=-rose.effect, interval=(-high, -low))
        said = max(fell, rose, key=lambda signal: (_RANK.index(signal.level), signal.statistic))
        return BothWays(falling=falling, rising=rising), said
