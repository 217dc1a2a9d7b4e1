"""What ``plan`` shows: plain values. Drops in score units (0.05 = 5 points), times in seconds, money in US dollars."""

from __future__ import annotations

from msgspec import Struct

from watchdog.domain.case import Estimand


class DelayView(Struct, frozen=True, kw_only=True):
    """How long a drop takes to be found: half of the times less than ``typical``, nine of ten less than ``late``."""

    drop: float
    #: Looks, the alarm's included; None is not within three months.
    typical: int | None
    late: int | None
    #: The same in seconds.
    typical_seconds: float | None
    late_seconds: float | None
    #: Whether such a drop pages; otherwise, being smaller than the metric's ``smallest_drop``, it is only suspected.
    pages: bool


class HorizonView(Struct, frozen=True, kw_only=True):
    """The smallest drop that is found within some time: in half of the cases, in nine of ten."""

    name: str
    looks: int
    #: None: not even a collapse.
    typical: float | None
    late: float | None


class MetricPlanView(Struct, frozen=True, kw_only=True):
    """One metric that may page."""

    metric: str
    #: Smaller drops page nobody; score units.
    smallest_drop: float
    estimand: Estimand
    level: float
    #: Cases of a look that it scores, and standard deviation of a look.
    cases: int
    spread: float
    #: Parts of it: chance within cases, and what all answers of a run share (standard deviations).
    within: float
    between: float
    #: Correlation of neighbouring looks.
    correlation: float
    #: Looks that were measured, the spread they had, with its 90 % interval, and what had to be assumed.
    looks: int
    seen: tuple[float, float, float] | None
    assumed: tuple[str, ...]
    #: A: mean looks to a false alarm.
    mean_runs: float
    #: False pages a quarter, at most.
    false_pages: float
    delays: tuple[DelayView, ...]
    horizons: tuple[HorizonView, ...]
    #: For the drawing: drops from small to large.
    curve: tuple[DelayView, ...]


class DesignView(Struct, frozen=True, kw_only=True):
    """How much is asked how often, what that costs and finds."""

    what: str
    cases: int
    repeats: int
    every: float
    #: The pinned target is asked in one of so many looks; 0 is never.
    pinned_every: int
    calls_a_day: float
    #: None: a price is not known.
    money_a_day: float | None
    #: The smallest drop that matters, in the metric that finds it last.
    delay: DelayView


class GatePlanView(Struct, frozen=True, kw_only=True):
    """What a CI gate of one look at this set tells."""

    metric: str
    cases: int
    repeats: int
    #: The drop that is still acceptable.
    margin: float
    #: A candidate that is worse by this is refused in four of five times.
    catches: float
    #: Chance that a candidate just as good passes, 0..1, and the cases with which four of five do.
    passes: float
    cases_needed: int


class PlanView(Struct, frozen=True, kw_only=True):
    """A watch, before or while it runs."""

    watch: str
    #: Where the numbers come from, in a sentence.
    source: str
    #: The smallest drop that matters in the metric that finds it last.
    smallest_drop: float
    #: As configured, with what it costs.
    today: DesignView
    #: False pages that the house allows in a quarter; those of this watch, at most.
    requested: float
    expected: float
    metrics: tuple[MetricPlanView, ...]
    #: The changes that were tried, best first: doubled effort, each in one direction.
    changes: tuple[DesignView, ...] = ()
    #: The one that helps most, in a sentence.
    advice: str = ""
    #: With a budget a day: the designs that find the smallest drop soonest, best first.
    budget: float | None = None
    designs: tuple[DesignView, ...] = ()
    gate: tuple[GatePlanView, ...] = ()
