"""What is shown: plain frozen values that the doors fill and the renderers draw.

Times are Unix seconds, scores 0 to 1, money US dollars. None means *not known*, which is never drawn as 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from watchdog.detect.second import SecondOpinion
from watchdog.domain.alert import AlertState, AlertType, Severity
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Guarantee, Level
from watchdog.domain.metric import Arm, Better, Layer
from watchdog.domain.run import RunStatus
from watchdog.domain.score import Outcome


class Tone(StrEnum):
    """How a sentence is meant; also its colour and its sign."""

    CALM = "calm"
    #: Something was done or changed; neither good nor bad by itself.
    CHANGE = "change"
    #: Not the model's fault: an outage, a tool.
    INFRA = "infra"
    WORSE = "worse"
    BETTER = "better"


# -- one run -----------------------------------------------------------------------------------------------------------


class OutcomeRow(Struct, frozen=True, kw_only=True):
    """What became of the planned answers of one role under one scorer."""

    role: str
    scorer: str
    counts: Mapping[Outcome, int]
    #: Mean score of what was scored.
    level: float | None = None


class MetricRow(Struct, frozen=True, kw_only=True):
    """One metric at one look."""

    metric: str
    arm: Arm
    #: None: not measured at this look, which is neither calm nor drift; ``reason`` says why.
    level: Level | None
    #: Mean score of this look, and how many cases stand behind it.
    score: float | None = None
    n: int = 0
    planned: int = 0
    #: Change against the baseline in score units (negative is worse), with its 90 % interval.
    effect: float | None = None
    interval: tuple[float, float] | None = None
    #: log R and log A.
    evidence: float | None = None
    threshold: float | None = None
    layer: Layer = Layer.QUALITY
    #: Unit of a measure, whose effects are log-ratios; empty for scores.
    unit: str = ""
    estimand: Estimand = Estimand.GOLDEN_SET
    guarantee: Guarantee = Guarantee.BUDGETED
    since: float | None = None
    #: Named reason of the level, or why there is no observation.
    reason: str = ""


class CaseRow(Struct, frozen=True, kw_only=True):
    """A case that changed since the baseline."""

    case_id: str
    metric: str
    #: ``newly failing``, ``flapping`` or ``recovered``.
    turn: str
    #: Mean score in the baseline, and over the newest ``looks`` looks, since a Unix time.
    before: float
    now: float
    looks: int
    since: float
    e_value: float


class RunView(Struct, frozen=True, kw_only=True):
    """One run of one watch, as ``run`` prints it."""

    watch: str
    run_id: str
    at: float
    status: RunStatus
    outcomes: tuple[OutcomeRow, ...] = ()
    metrics: tuple[MetricRow, ...] = ()
    #: Seconds from start to end.
    duration: float | None = None
    cost: float | None = None
    #: Calls whose price is unknown.
    unpriced: int = 0
    #: Models that really answered, by role.
    served_models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Sentences: why something was not measured, what changed, what was skipped.
    problems: tuple[str, ...] = ()
    #: Cases that no longer answer as at the baseline, surest first.
    cases: tuple[CaseRow, ...] = ()


# -- the life of a metric ----------------------------------------------------------------------------------------------


class MarkerKind(StrEnum):
    """What happened at a moment of a chart."""

    OUTAGE = "outage"
    CHANGE = "change"
    FIRED = "fired"
    RESOLVED = "resolved"
    NOTE = "note"


class Marker(Struct, frozen=True, kw_only=True):
    """An event on the time axis; a span when ``until`` is given."""

    at: float
    kind: MarkerKind
    label: str
    until: float | None = None


class NoiseView(Struct, frozen=True, kw_only=True):
    """How a metric varies while nothing is wrong, as its detector has measured it."""

    #: Looks in the reference, and how many of them are locked.
    looks: int
    locked: int
    #: Mean score of the locked looks, and of all looks of the reference, which grows while all is calm.
    locked_level: float
    current_level: float
    #: Standard deviation of a look, and the part of it that asking the same cases again explains.
    spread: float
    within: float
    #: Correlation of neighbouring looks, 0 while not significant; what it makes of the variance of a long mean.
    correlation: float
    inflation: float
    #: Smallest drop that matters: no smaller one rings.
    smallest_drop: float
    #: Smallest drop that can be found, by how long it has lasted (in words).
    detectable: Mapping[str, float] = field(default_factory=dict)


class MetricSeriesView(Struct, frozen=True, kw_only=True):
    """One metric over time. All sequences are as long as ``times``; None is a look without an observation."""

    name: str
    times: tuple[float, ...]
    #: Mean score of the current target at each look.
    level: tuple[float | None, ...]
    #: The same of the pinned target; empty when there is none.
    pinned: tuple[float | None, ...] = ()
    #: Paired difference from the baseline at each look; what the detector eats.
    x: tuple[float | None, ...] = ()
    #: Range that the score kept to while the baseline was measured, and its mean.
    band: tuple[float, float] | None = None
    baseline: float | None = None
    #: log R at each look, and log A.
    evidence: tuple[float | None, ...] = ()
    threshold: float | None = None
    markers: tuple[Marker, ...] = ()
    better: Better = Better.HIGHER
    #: Unit of a measure; empty for scores.
    unit: str = ""
    estimand: Estimand = Estimand.GOLDEN_SET
    #: The metric as it stands now.
    now: MetricRow | None = None
    noise: NoiseView | None = None
    #: What holding current against pinned case by case says, without the baseline.
    second: SecondOpinion | None = None


# -- alerts, cases, the report -----------------------------------------------------------------------------------------


class AlertView(Struct, frozen=True, kw_only=True):
    """One alert episode."""

    name: str
    alert_type: AlertType
    severity: Severity
    state: AlertState
    starts_at: float
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    reason: str = ""
    fired_at: float | None = None
    resolved_at: float | None = None
    incident_id: str = ""


class ScoreChange(Struct, frozen=True, kw_only=True):
    """What one scorer said of a case before and after; None is unscored."""

    scorer: str
    before: float | None
    after: float | None
    #: Why the later score is what it is.
    reason: str = ""


class FlippedCaseView(Struct, frozen=True, kw_only=True):
    """A case that used to pass and now fails, or the other way round."""

    case_id: str
    input: str
    before: str
    after: str
    scores: tuple[ScoreChange, ...] = ()
    tags: tuple[str, ...] = ()
    #: Models that gave the two answers.
    before_model: str = ""
    after_model: str = ""


class RunRow(Struct, frozen=True, kw_only=True):
    """One line of a list of runs."""

    at: float
    run_id: str
    status: RunStatus
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    cost: float | None = None
    note: str = ""


class StoryLine(Struct, frozen=True, kw_only=True):
    """One sentence of what happened."""

    at: float
    sentence: str
    tone: Tone = Tone.CALM


class ReportView(Struct, frozen=True, kw_only=True):
    """Everything about one watch over some time, on one page."""

    title: str
    #: The answer to "is it fine?", one sentence.
    verdict: str
    tone: Tone
    generated_at: float
    #: Short facts under the headline, by name: looks, calls, cost, period.
    facts: Mapping[str, str] = field(default_factory=dict)
    story: tuple[StoryLine, ...] = ()
    metrics: tuple[MetricSeriesView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    flipped: tuple[FlippedCaseView, ...] = ()
    #: Flipped cases beyond those shown.
    flipped_left_out: int = 0
    runs: tuple[RunRow, ...] = ()
    #: What the numbers promise, one sentence each (false-alarm budget, estimand, ...).
    guarantees: tuple[str, ...] = ()
