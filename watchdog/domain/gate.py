"""Gates: may a candidate go out? What was compared, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

#: Tag of the cases that a candidate must pass, whatever the statistics say.
MUST_PASS = "must-pass"  # noqa: S105 - a tag


class GateVerdict(StrEnum):
    """What a gate says of a candidate."""

    #: Not worse than the margin, on every metric.
    PASS = "pass"  # noqa: S105 - a verdict
    #: Worse by more than the margin on a metric, or a hard rule is broken.
    REGRESSION = "regression"
    #: Neither can be said.
    INCONCLUSIVE = "inconclusive"
    #: Too much failed for the rest to be a fair sample.
    NOT_MEASURED = "not measured"

    @property
    def exit_code(self) -> int:
        """What the command returns to the shell."""
        return {"pass": 0, "regression": 1, "inconclusive": 3, "not measured": 4}[self.value]


class Standing(StrEnum):
    """What is said of one metric."""

    #: Surely better than the baseline.
    BETTER = "better"
    #: Surely not worse by more than the margin.
    NOT_WORSE = "not worse"
    #: Surely worse, and surely by less than the margin.
    SLIGHTLY_WORSE = "worse within the margin"
    #: Surely worse by more than the margin.
    WORSE = "worse"
    UNDECIDED = "undecided"
    #: Too many cases were lost.
    NOT_MEASURED = "not measured"

    @property
    def passes(self) -> bool:
        """Whether a candidate may go out with it."""
        return self in (Standing.BETTER, Standing.NOT_WORSE, Standing.SLIGHTLY_WORSE)


class Unit(StrEnum):
    """How a metric's change is to be read."""

    #: Score units: -0.03 is three points worse.
    SCORE = "score"
    #: Minus the logarithm of candidate / baseline: -0.18 is 20 % more (slower, longer, dearer).
    RATIO = "ratio"


class GateMetric(Struct, frozen=True, kw_only=True):
    """One metric, on all cases or those of one tag."""

    name: str
    tag: str
    unit: Unit
    standing: Standing
    #: Whether the candidate must be not worse on it to pass; the others can only fail it, or are told alone.
    required: bool
    #: The drop that is still acceptable, in ``unit``; None when the metric is only told.
    margin: float | None
    #: Means over the paired cases: scores 0..1, or seconds, characters, tokens and US dollars an answer.
    baseline: float | None
    candidate: float | None
    #: Paired mean change and its interval, widened for the looks; negative is worse.
    effect: float | None
    interval: tuple[float, float] | None
    #: Cases (clusters) compared, asked for so far, and planned.
    n: int
    asked: int
    planned: int
    #: The smallest drop that would have been caught in 4 of 5 gates, in ``unit``.
    detectable: float | None = None
    #: Cases, or answers a case and arm, with which 4 of 5 such candidates would be decided; None: no number would.
    cases_needed: int | None = None
    repeats_needed: int | None = None


class Flip(Struct, frozen=True, kw_only=True):
    """A case whose score fell or rose, with an answer of each arm."""

    case_id: str
    metric: str
    #: Mean scores over the repeats, 0..1.
    before: float
    after: float
    #: Whether the candidate is the worse one (of some metrics less is better).
    fell: bool
    baseline_text: str
    candidate_text: str
    #: Why the candidate's answer has its score.
    reason: str
    tags: tuple[str, ...] = ()
    #: File of the golden set and line of the case, when known.
    file: str = ""
    line: int | None = None


class BrokenRule(Struct, frozen=True, kw_only=True):
    """A case that must pass and did not."""

    case_id: str
    metric: str
    reason: str
    #: The baseline does not pass it either.
    baseline_fails_too: bool


class GateArm(Struct, frozen=True, kw_only=True):
    """What one arm was, and what it took."""

    provider: str
    model: str
    prompt: str
    prompt_digest: str
    parameters: Mapping[str, Any]
    #: Where it comes from: ``current``, ``pinned``, ``git:main``, a file.
    source: str
    calls: int = 0
    errors: int = 0
    #: US dollars, judges left out; None when some price is unknown.
    cost: float | None = None
    served_models: tuple[str, ...] = ()


class SelfTest(Struct, frozen=True, kw_only=True):
    """A gate of the baseline against itself: how often it would have answered what, had chance dealt anew."""

    gates: int
    regressions: int
    passes: int
    #: 95 % limits of the share of false regressions.
    low: float
    high: float


class GateReport(Struct, frozen=True, kw_only=True):
    """A gate, from its question to its answer."""

    id: str
    watch: str
    #: Unix time it began.
    at: float
    verdict: GateVerdict
    #: In sentences: why, most important first.
    reasons: tuple[str, ...]
    baseline: GateArm
    candidate: GateArm
    #: What differs between the arms: ``prompt``, ``model``, ``parameters``, ``provider``.
    changed: tuple[str, ...]
    #: How the baseline's answers came about: ``concurrent``, or whose they are and how old.
    control: str
    metrics: tuple[GateMetric, ...]
    flips: tuple[Flip, ...]
    broken: tuple[BrokenRule, ...]
    #: Error rates on each side, and the acceptable drop in score units.
    alpha: float
    margin: float
    #: Looks taken, and planned.
    look: int
    looks: int
    cases: int
    cases_planned: int
    #: Calls made now and earlier, judges' included, and those of a full run.
    calls: int
    calls_full: int
    #: US dollars, judges included; None when nothing has a known price.
    cost: float | None
    unpriced: int
    seconds: float
    seed: int
    #: What the numbers are a statement about.
    estimand: str
    #: Whether a gate that had been interrupted was continued.
    resumed: bool = False
    self_test: SelfTest | None = None
    #: What to do next, in sentences.
    advice: tuple[str, ...] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        """Whether the candidate may go out."""
        return self.verdict is GateVerdict.PASS
