"""Baselines: the frozen reference a metric is held against."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from watchdog.domain.metric import MetricKey


class BaselineStatus(StrEnum):
    """Life of a baseline: ``learning`` or ``candidate`` or ``locked``, and ``superseded`` in the end."""

    #: Fewer runs than a detector needs: watched, cannot page.
    LEARNING = "learning"
    #: Something is wrong with it: in force for nobody until somebody locks it in spite of that.
    CANDIDATE = "candidate"
    LOCKED = "locked"
    #: A newer version took its place.
    SUPERSEDED = "superseded"


class Verdict(StrEnum):
    """What the check before the lock says of a baseline."""

    SOUND = "sound"
    #: The level moved while it was taken.
    MOVED = "its level moved"
    #: Neighbouring runs are alike.
    DEPENDENT = "its runs hang together"
    BACK_TO_BACK = "its runs are back to back"
    VOID_RUNS = "many of its runs measured too little"


class Remark(Struct, frozen=True, kw_only=True):
    """Something the check had to say."""

    verdict: Verdict
    #: One sentence with the numbers.
    said: str
    #: Whether the baseline is not locked because of it.
    blocks: bool = False


class StepKind(StrEnum):
    """What somebody did to a baseline."""

    FROZEN = "frozen"
    #: Locked in spite of what the check said.
    LOCKED = "locked"
    #: Later runs were added.
    EXTENDED = "extended"
    #: Carried on for a candidate that passed a gate.
    PROMOTED = "promoted"


class Step(Struct, frozen=True, kw_only=True):
    """Who did what to a baseline, and why."""

    kind: StepKind
    #: Unix time.
    at: float
    by: str
    because: str


class Instruments(Struct, frozen=True, kw_only=True):
    """Digests of everything that measures. A difference stops detection until somebody freezes anew."""

    golden_set: str = ""
    pinned: str = ""
    #: Digest of each scorer by name (a judge's covers its model, rubric and parameters).
    scorers: Mapping[str, str] = field(default_factory=dict)

    def differences(self, other: Instruments) -> tuple[str, ...]:
        """Names of the instruments that differ, e.g. ``("golden set", "scorer helpfulness")``."""
        found = []
        if self.golden_set != other.golden_set:
            found.append("golden set")
        if self.pinned != other.pinned:
            found.append("pinned target")
        names = sorted({*self.scorers, *other.scorers})
        found += [f"scorer {name}" for name in names if self.scorers.get(name) != other.scorers.get(name)]
        return tuple(found)


class MetricBaseline(Struct, frozen=True, kw_only=True):
    """Reference of one metric: per-case means and the run summaries they give."""

    key: MetricKey
    #: Mean score of each case over the baseline runs.
    case_means: Mapping[str, float]
    #: Scored responses behind each mean.
    case_counts: Mapping[str, int]
    #: Within-case variance of one response's score (shrunk), by case.
    case_variances: Mapping[str, float]
    #: Digest of each case as it was when measured.
    case_digests: Mapping[str, str]
    #: ``x`` of each baseline run, oldest first.
    x: tuple[float, ...]
    #: Sampling variance of each ``x``.
    variances: tuple[float, ...]
    #: Score lost in each baseline run; empty for differences of two arms.
    lost: tuple[float, ...] = ()
    #: Cases scored in each baseline run.
    n: tuple[int, ...] = ()
    #: Mean level over the baseline runs, 0..1.
    level: float = 0.0


class Baseline(Struct, frozen=True, kw_only=True):
    """An immutable version of the reference of a watch."""

    id: str
    watch: str
    version: int
    status: BaselineStatus
    #: Unix time since when it is (or would be) in force, and whose word that was: the last of ``steps``.
    frozen_at: float
    frozen_by: str
    reason: str
    run_ids: tuple[str, ...]
    instruments: Instruments
    metrics: Mapping[MetricKey, MetricBaseline]
    #: What the check before the lock said, the worst first; empty when it is sound.
    remarks: tuple[Remark, ...] = ()
    #: Its life, oldest first.
    steps: tuple[Step, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst that the check said."""
        return self.remarks[0].verdict if self.remarks else Verdict.SOUND

    @property
    def extended(self) -> bool:
        """Whether later runs were added, which is done once."""
        return any(step.kind is StepKind.EXTENDED for step in self.steps)
