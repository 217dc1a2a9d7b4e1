"""What a backtest found, as plain values. Times are Unix seconds, scores 0 to 1; None means *not known*."""

from __future__ import annotations

from msgspec import Struct

from watchdog.domain.detection import Guarantee
from watchdog.domain.metric import Arm
from watchdog.render.views import MetricSeriesView


class FiredRow(Struct, frozen=True, kw_only=True):
    """A drift that the detectors would have called out over the stored history."""

    metric: str
    arm: Arm
    fired_at: float
    #: The look that called it over; None while it is not.
    over_at: float | None
    #: Estimated first bad look, and looks from there to the alarm.
    since: float | None
    looks: int
    effect: float
    interval: tuple[float, float]
    reason: str
    guarantee: Guarantee
    #: Whether this metric may wake somebody.
    pages: bool


class CalmRow(Struct, frozen=True, kw_only=True):
    """How often a metric rings though nothing happens, in histories resampled from its calm looks."""

    metric: str
    #: Alarms in a quarter: as the budget allows, and as counted, with its 90 % interval.
    allowed: float
    achieved: float
    interval: tuple[float, float]
    #: Alarms counted, and the looks in which they were.
    alarms: int
    looks: int
    #: Calm looks that these were resampled from.
    calm_looks: int


class FoundRow(Struct, frozen=True, kw_only=True):
    """How long something injected takes to be found."""

    metric: str
    arm: Arm
    #: ``drop``, ``tag``, ``ramp``, ``blip`` or ``judge``; and in words.
    kind: str
    scenario: str
    drop: float
    #: Histories it was injected into, and those in which the metric rang in time.
    histories: int
    found: int
    #: 90 % interval of the share that rang.
    interval: tuple[float, float]
    #: Looks until half of them, and nine tenths, had rung; None when fewer did.
    median: int | None
    ninth: int | None
    #: Looks from the first bad one to the alarm (counted) of all that rang, in order.
    delays: tuple[int, ...]
    #: Looks within which it had to ring.
    within: int


class BacktestView(Struct, frozen=True, kw_only=True):
    """Everything that a backtest found."""

    watch: str
    generated_at: float
    #: First and last look of the history.
    since: float
    until: float
    looks: int
    baseline: int
    #: Seconds between two looks.
    every: float
    smallest_drop: float
    #: The false-alarm budget, in words.
    false_alarms: str
    #: Whether smallest drop or budget are not those of watchdog.yaml.
    what_if: bool
    seed: int
    fired: tuple[FiredRow, ...] = ()
    #: Metrics and arms whose history was replayed.
    replayed: int = 0
    calm: tuple[CalmRow, ...] = ()
    #: All of ``calm`` together; None when nothing was resampled.
    total: CalmRow | None = None
    found: tuple[FoundRow, ...] = ()
    #: What could not be done, and why.
    left_out: tuple[str, ...] = ()
    #: Metrics that would have fired, with the evidence of the replay.
    series: tuple[MetricSeriesView, ...] = ()
