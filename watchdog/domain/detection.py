"""Signals: what a detector answers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from watchdog.domain.metric import MetricKey


class Level(StrEnum):
    """How a detector sees a metric now."""

    #: Not enough baseline: nothing can be said, and nobody is paged.
    LEARNING = "learning"
    CALM = "calm"
    #: Worth a closer look; nobody is told.
    SUSPECT = "suspect"
    DRIFT = "drift"


class Guarantee(StrEnum):
    """What stands behind a signal."""

    #: Mean time between false alarms is bounded by the false-alarm budget.
    BUDGETED = "budgeted"
    #: A rule beside the budget, whose false alarms were counted in simulation: the acute rule. May page.
    CALIBRATED = "calibrated"
    #: A rule of thumb: may inform, may never page on its own.
    HEURISTIC = "heuristic"
    #: Nothing is estimated: what an alert claims was counted (failed calls, looks without a measurement).
    OBSERVED = "observed"


class Signal(Struct, frozen=True, kw_only=True):
    """A detector's answer at one look."""

    key: MetricKey
    run_id: str
    at: float
    level: Level
    #: Evidence against "nothing changed", natural logarithm (log R).
    statistic: float
    #: What the evidence has to reach (log A).
    threshold: float
    #: Estimated change since the onset, in score units; negative is worse.
    effect: float
    #: 90 % interval of the effect.
    interval: tuple[float, float]
    #: Cases of this look.
    n: int
    #: Unix time of the estimated first bad look; None while calm.
    since: float | None = None
    #: Earliest and latest look (Unix times) that may have been the first bad one; None where that is not known.
    since_between: tuple[float, float] | None = None
    #: Looks since the onset.
    looks: int = 0
    guarantee: Guarantee = Guarantee.BUDGETED
    #: Named reason: ``evidence``, ``acute``, ``recovered``, ``below smallest drop``, ``learning``, ...
    reason: str = ""
