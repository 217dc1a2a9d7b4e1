"""Watches: which feature we look after, with what, how often, and for whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from watchdog.domain.case import CheckSpec, GoldenSet
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Better, Layer, MetricKey
from watchdog.domain.policy import Policy
from watchdog.domain.target import Role, Target


class AnchorCadence(StrEnum):
    """How often a judge grades its own anchors again."""

    EVERY_LOOK = "every look"
    #: Once a day while all is calm; at every look while a metric that rests on the judge may be drifting.
    DAILY = "daily"
    NEVER = "never"


class MetricPlan(Struct, frozen=True, kw_only=True):
    """How a metric of a watch is to be read."""

    #: Name of the metric.
    name: str
    better: Better
    layer: Layer
    #: Whether drift of this metric may wake somebody.
    pages: bool = True
    #: Share of the false-alarm budget, relative to that of other metrics: more is found sooner and rings more often.
    weight: float = 1.0


class ScorerPlan(MetricPlan, frozen=True, kw_only=True):
    """A scorer of a watch and how its metric is to be read. It is called as its scorer unless the user said else."""

    spec: CheckSpec
    #: The smallest drop of this metric that matters, in score units; None: the watch's.
    smallest_drop: float | None = None


class MeasurePlan(MetricPlan, frozen=True, kw_only=True):
    """A measure of a watch: observed without being asked for, and paging only when told to."""

    measure: Measure
    #: The smallest rise that matters: 0.15 is 15 % more.
    smallest_rise: float = 0.15

    @classmethod
    def of(cls, measure: Measure, *, pages: bool = False, smallest_rise: float = 0.15) -> MeasurePlan:
        """The plan of a measure; of all of them, less is better."""
        return cls(
            name=measure.value,
            better=Better.LOWER,
            layer=measure.layer,
            pages=pages,
            measure=measure,
            smallest_rise=smallest_rise,
        )


class TrafficPlan(Struct, frozen=True, kw_only=True):
    """Production samples that a watch replays beside its golden set."""

    #: Path of the JSONL of canonical rows.
    path: str
    #: Samples replayed at each look.
    per_run: int = 50
    #: Scorers that need no reference; names of this watch's scorers.
    scorers: tuple[str, ...] = ()


class Schedule(Struct, frozen=True, kw_only=True):
    """When a watch looks: an interval in seconds, or a cron line."""

    every: float | None = None
    cron: str | None = None
    timezone: str = "UTC"
    #: Random delay of up to this many seconds, so that watches do not all start at once.
    jitter: float = 0.0

    def __str__(self) -> str:
        return f"cron {self.cron}" if self.cron else f"every {self.every:g} s"


class Money(Struct, frozen=True, kw_only=True):
    """Spending limits in US dollars; None is no limit."""

    per_run: float | None = None
    per_day: float | None = None


class FalseAlarmBudget(Struct, frozen=True, kw_only=True):
    """How many false alarms are acceptable over everything watched: ``count`` in ``seconds``."""

    count: float = 1.0
    seconds: float = 90 * 86400.0


class Limits(Struct, frozen=True, kw_only=True):
    """How calls to one provider are paced. Shared by every watch that uses the provider."""

    #: Calls in flight at the start, and at the most.
    concurrency: int = 10
    max_concurrency: int = 50
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    #: Seconds for one attempt.
    timeout: float = 60.0
    #: Attempts per call, the first included.
    attempts: int = 5
    #: Longest wait between two attempts, seconds.
    backoff_cap: float = 60.0


class Owner(Struct, frozen=True, kw_only=True):
    """Who is told."""

    team: str
    vertical: str = "general"


class Watch(Struct, frozen=True, kw_only=True):
    """Feature + cases + targets + scorers + cadence + owner + runbook."""

    name: str
    feature: str
    owner: Owner
    targets: Mapping[Role, Target]
    scorers: tuple[ScorerPlan, ...]
    measures: tuple[MeasurePlan, ...] = ()
    golden: GoldenSet | None = None
    traffic: TrafficPlan | None = None
    schedule: Schedule = Schedule(every=1800.0)
    #: Tags of the golden set whose cases are metrics of their own beside that of all cases, and those that may page.
    tags: tuple[str, ...] = ()
    paging_tags: tuple[str, ...] = ()
    #: Answers asked of each target for each case and look.
    repeats: int = 1
    #: Cases of the golden set asked at one look, each look others until all had their turn; None: all of them.
    cases_per_look: int | None = None
    #: The pinned target is asked at every so many looks, and at each look while something is suspect.
    pinned_every: int = 1
    #: The smallest drop worth waking anyone for, in score units (0.03 = 3 points).
    smallest_drop: float = 0.03
    budget: Money = Money()
    #: Seconds for one whole run.
    deadline: float = 3600.0
    #: Where the on-call person reads what to do (path or URL).
    runbook: str = ""
    #: By provider: digest of its kind and address. A provider that is not there, or of which that is empty, is unknown.
    endpoints: Mapping[str, str] = field(default_factory=dict)
    #: Address under which runbooks are served with this watch filled in; empty when there is none.
    runbook_base_url: str = ""
    #: Admitted baseline runs below which a metric is *learning* and cannot page.
    min_baseline_runs: int = 8
    #: Share of planned cases that must be scored for a look to be an observation.
    floor: float = 0.5
    #: Seconds after which the fallback is verified again; None: by hand alone.
    verify_fallback_every: float | None = None
    #: The drop that is acceptable while the fallback answers, in score units.
    fallback_drop: float = 0.1
    #: Looks without any observation after which the watch is BLIND.
    blind_after: int = 3
    #: What wakes whom.
    policy: Policy = Policy()
    #: Free facts shown in reports.
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def plans(self) -> tuple[MetricPlan, ...]:
        """What is watched: scorers, then measures."""
        return (*self.scorers, *self.measures)

    def plan(self, name: str) -> MetricPlan:
        """The plan of a metric; KeyError when there is none of that name."""
        for plan in self.plans:
            if plan.name == name:
                return plan
        raise KeyError(name)

    def pages(self, key: MetricKey) -> bool:
        """Whether drift of this metric of the current target may wake somebody.

        A scorer's does unless it is told otherwise, a measure's only when it is told to: that word then counts.
        """
        measure = self.measure(key.scorer)
        if measure is not None:
            return measure.pages and not key.tag
        wakes = any(
            plan.name == key.scorer and plan.pages and plan.layer is not Layer.INFRASTRUCTURE for plan in self.scorers
        )
        return wakes and (not key.tag or key.tag in self.paging_tags)

    def scorer(self, name: str) -> ScorerPlan:
        """The plan of a scorer; KeyError when there is none of that name."""
        for plan in self.scorers:
            if plan.name == name:
                return plan
        raise KeyError(name)

    @property
    def lower_is_better(self) -> frozenset[str]:
        """Names of the scorers whose scores get worse by rising."""
        return frozenset(plan.name for plan in self.scorers if plan.better is Better.LOWER)

    def measure(self, name: str) -> MeasurePlan | None:
        """The plan of a metric that is a measure; None when it is a score."""
        return next((plan for plan in self.measures if plan.name == name), None)

    def smallest_drop_of(self, name: str) -> float:
        """The smallest drop of a metric that matters, its own or the watch's: score units; of a measure a log-ratio."""
        measure = self.measure(name)
        if measure is not None:
            return math.log1p(measure.smallest_rise)
        own = next((plan.smallest_drop for plan in self.scorers if plan.name == name), None)
        return self.smallest_drop if own is None else own

    def unit(self, name: str) -> str:
        """Unit of a measure's levels; empty for scores, which have none."""
        measure = self.measure(name)
        return "" if measure is None else measure.measure.unit
