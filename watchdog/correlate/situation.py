"""Everything one look knows about a watch: what ``correlate`` decides on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import ErrorKind
from watchdog.text.words import significant

#: The part a judge plays among the calls of a look; targets go by their ``Role``.
JUDGE = Role.JUDGE.value

#: Failures that are the provider's, not the request's, a tool's or the user's own callable's.
PROVIDER_KINDS = frozenset(ErrorKind) - {ErrorKind.BAD_REQUEST, ErrorKind.TOOL, ErrorKind.INTERNAL}

#: Targets that a metric is measured through.
_THROUGH = {
    Arm.CURRENT: (Role.CURRENT,),
    Arm.PINNED: (Role.PINNED,),
    Arm.DIFFERENCE: (Role.CURRENT, Role.PINNED),
    Arm.ANCHORS: (),
}

#: A provider fails when at least this share of its calls, and this many, failed.
FAILING_SHARE = 0.5
FAILING_CALLS = 3
#: A tool fails when at least this share of its calls, and ``FAILING_CALLS`` of them, failed.
TOOL_SHARE = 0.2


class ProviderHealth(Struct, frozen=True, kw_only=True):
    """The calls of one look that one part (a role, or the judge) made to one provider."""

    provider: str
    #: ``current``, ``pinned`` or ``judge``.
    role: str
    #: Calls that were made (retries are not calls of their own; skipped ones were not made).
    calls: int
    #: How many of them failed in the end, by class.
    errors: Mapping[ErrorKind, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Calls that failed through the provider's fault."""
        return sum(count for kind, count in self.errors.items() if kind in PROVIDER_KINDS)

    @property
    def answered(self) -> int:
        """Calls that did not fail, through whosever fault."""
        return self.calls - sum(self.errors.values())


class ToolHealth(Struct, frozen=True, kw_only=True):
    """The calls of one tool at one look."""

    calls: int
    failures: int

    @property
    def failing(self) -> bool:
        """Whether these calls mean that the tool is failing."""
        return self.failures >= FAILING_CALLS and self.failures >= TOOL_SHARE * self.calls


class WorstCase(Struct, frozen=True, kw_only=True):
    """A case that lost most: mean scores in the baseline and now."""

    case_id: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.case_id} ({significant(self.before, 2)} -> {significant(self.after, 2)})"


class Toppled(Struct, frozen=True, kw_only=True):
    """Of the cases that current used to pass, what became of them at this look on both targets."""

    #: Cases that the pinned target passes, and how many of them the current one fails.
    passed: int
    failed: int
    #: Cases that the current target passes and the pinned one fails.
    healed: int = 0


class Judge(Struct, frozen=True, kw_only=True):
    """The model behind a judge."""

    provider: str
    model: str


class Reference(Struct, frozen=True, kw_only=True):
    """The baseline that is held against."""

    version: int
    status: BaselineStatus


class Situation(Struct, frozen=True, kw_only=True, dict=True):  # a dict: what every claim asks for is worked out once
    """One look at one watch."""

    watch: Watch
    #: Unix time of the look.
    at: float
    #: What the detectors said at this look, all arms and estimands. Nothing of earlier looks.
    signals: Sequence[Signal] = ()
    #: What was said last of anchors that were not due at this look.
    standing: Mapping[MetricKey, Signal] = field(default_factory=dict)
    #: Metrics without an observation at this look, and why (``3 of 30 answers scored``, ``judge: no connection``).
    not_observed: Mapping[MetricKey, str] = field(default_factory=dict)
    #: Those of them of which some cases were scored all the same, too few to be an observation.
    partly: Collection[MetricKey] = ()
    #: What of the subject is no longer as at the baseline.
    changes: Sequence[Change] = ()
    health: Sequence[ProviderHealth] = ()
    #: By tool name; only tools that were called.
    tools: Mapping[str, ToolHealth] = field(default_factory=dict)
    #: Consecutive looks, this one included, without any observation of the current target.
    blind_looks: int = 0
    #: Cases that lost most, worst first, by metric.
    worst: Mapping[MetricKey, Sequence[WorstCase]] = field(default_factory=dict)
    #: By metric of the current target that both targets were asked for at this look.
    toppled: Mapping[MetricKey, Toppled] = field(default_factory=dict)
    #: The 95 % quantile of the current target's latency at this look, seconds; only where enough answers tell.
    latency: Mapping[Estimand, float] = field(default_factory=dict)
    #: None before the first baseline is frozen.
    baseline: Reference | None = None
    #: Judges by the name of the scorer that asks them.
    judges: Mapping[str, Judge] = field(default_factory=dict)
    #: What kept the look from measuring, one sentence each (``the traffic file x does not exist``).
    problems: Sequence[str] = ()

    def provider(self, role: Role) -> str:
        """Provider of a target; empty when the watch has no target in that role."""
        target = self.watch.targets.get(role)
        return target.provider if target else ""

    def observed(self, key: MetricKey) -> Signal | None:
        """The signal of a metric that was observed at this look.

        What was measured through a failing provider does not count: the answers that did get through are no fair
        sample, and an outage must look neither like drift nor like recovery.
        """
        if key in self.not_observed or any(self.provider(role) in self.down for role in _THROUGH[key.arm]):
            return None
        if self.judge_down(key.scorer):
            return None
        return self._said.get(key)

    def judge_down(self, scorer: str) -> bool:
        """Whether the provider of a scorer's judge is failing."""
        judge = self.judges.get(scorer)
        if judge is None:
            return False
        calls = [health for health in self.health if health.provider == judge.provider and health.role == JUDGE]
        return failing(calls) or judge.provider in self.down

    @cached_property
    def down(self) -> frozenset[str]:
        """Providers of the watch's targets that are failing at this look.

        One counts as failing when most of all its calls fail, or most of the current target's. That the provider no
        longer knows the *pinned* model is no outage: the snapshot was retired.
        """
        names = {self.provider(role) for role in (Role.CURRENT, Role.PINNED)} - {""}
        found = set()
        for name in names:
            healths = [health for health in self.health if health.provider == name and not retired(health)]
            current = [health for health in healths if health.role == Role.CURRENT]
            if failing(healths) or failing(current):
                found.add(name)
        return frozenset(found)

    @cached_property
    def _said(self) -> Mapping[MetricKey, Signal]:
        return {signal.key: signal for signal in self.signals}

    def level(self, key: MetricKey) -> Level | None:
        """Level of a metric; None when nothing can be said of it (not observed, or still learning)."""
        signal = self.observed(key)
        return None if signal is None or signal.level is Level.LEARNING else signal.level

    def anchors(self, scorer: str) -> Signal | None:
        """What is known of the anchors of a scorer's judge, from this look or the last that graded them.

        None when there are none, or they are too few, or they could not be graded.
        """
        key = MetricKey(watch=self.watch.name, scorer=scorer, arm=Arm.ANCHORS)
        signal = self.observed(key) or (None if key in self.not_observed else self.standing.get(key))
        return None if signal is None or signal.level is Level.LEARNING else signal


def failing(healths: Sequence[ProviderHealth]) -> bool:
    """Whether these calls, taken together, mean that the provider is failing."""
    failed, calls = sum(health.failed for health in healths), sum(health.calls for health in healths)
    return failed >= FAILING_CALLS and failed >= FAILING_SHARE * calls


def retired(health: ProviderHealth) -> bool:
    """Whether these are calls to a pinned model that the provider no longer knows."""
    missing = health.errors.get(ErrorKind.NOT_FOUND, 0)
    return health.role == Role.PINNED and missing > 0 and missing >= FAILING_SHARE * health.calls
