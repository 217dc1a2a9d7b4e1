"""Metrics and observations: the numbers that detectors eat."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from watchdog.domain.case import Estimand


class Layer(StrEnum):
    """The four layers of what can be measured of an LLM feature."""

    INFRASTRUCTURE = "infrastructure"
    API = "api"
    BEHAVIORAL = "behavioral"
    QUALITY = "quality"


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


class Arm(StrEnum):
    """Which comparison a metric follows."""

    #: The current target against the baseline: this is what pages.
    CURRENT = "current"
    #: The pinned target against the baseline: the control.
    PINNED = "pinned"
    #: Current minus pinned in the same tick: weather cancels.
    DIFFERENCE = "current-pinned"
    #: The judge's own anchors, re-judged: did the yardstick move?
    ANCHORS = "anchors"


class MetricKey(Struct, frozen=True, order=True, kw_only=True):
    """Identity of a metric."""

    watch: str
    scorer: str
    arm: Arm
    estimand: Estimand = Estimand.GOLDEN_SET
    #: Empty for all cases; otherwise only the cases with this tag.
    tag: str = ""

    def __str__(self) -> str:
        where = "" if self.estimand is Estimand.GOLDEN_SET else "@traffic"
        tag = f"[{self.tag}]" if self.tag else ""
        return f"{self.watch}/{self.scorer}{where}{tag}/{self.arm}"


class Observation(Struct, frozen=True, kw_only=True):
    """One number of one metric at one look (statistics: run summary, one row per run and metric).

    ``x`` is signed so that smaller is worse, whatever the metric's direction.
    """

    key: MetricKey
    run_id: str
    #: Unix time of the look.
    at: float
    #: Cases (or clusters) that were scored on every arm the metric needs.
    n: int
    #: Cases that were planned.
    planned: int
    #: Plain mean score of those cases, 0..1: for people and charts.
    level: float
    #: Paired mean difference: from the locked per-case baseline (current, pinned) or between the arms (difference).
    x: float
    #: Sampling variance of ``x`` within the run, as the baseline has it.
    variance: float
    #: Times by which it is larger lately; of differences of two arms, by the pinned one.
    scatter: float = 1.0
    #: Score lost over the n cases (n minus the sum of scores); None for differences of two arms.
    lost: float | None = None
    #: Uniform in (0, 1) derived from run id and metric: breaks ties, so that a replay gives the same numbers.
    u: float = 0.5
    #: Mean score of each scored case, by case id.
    case_scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def noise(self) -> float:
        """Sampling variance of ``x`` as it is lately."""
        return self.variance * self.scatter


class Admission(StrEnum):
    """Whether a look counts as an observation."""

    ADMITTED = "admitted"
    #: Too few cases, but some: stored, weighed, not held against the baseline.
    PARTIAL = "partial"
    #: Hardly anything was measured: this look says nothing.
    VOID = "void"


class Unobserved(Struct, frozen=True, kw_only=True):
    """A look at which a metric gave no observation, and why. It is held against nothing."""

    key: MetricKey
    run_id: str
    #: Unix time of the look.
    at: float
    admission: Admission
    #: Cases that were scored, and that were planned.
    n: int
    planned: int
    reason: str
