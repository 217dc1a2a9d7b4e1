"""Triage: three questions, what they point at, whose it is, and what to type next."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Reply(StrEnum):
    """Answer to one of the three questions."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


class Domain(StrEnum):
    """Where a failure lives."""

    PROVIDER = "model provider"
    MODEL = "prompt or model"
    RETRIEVAL = "infrastructure or retrieval"
    TOOL = "tool"
    #: Users are not affected: what measures them is.
    EVALUATION = "our own evaluation"
    NONE = "nothing"
    UNKNOWN = "cannot tell"


class Diagnosis(StrEnum):
    """The suspected cause: those of an incident (``Cause``), and what only a live question can tell apart."""

    PROVIDER_DOWN = "the provider is failing"
    RATE_LIMITED = "the provider answers 429: too many requests"
    QUOTA = "our quota at the provider is used up"
    KEY_REFUSED = "the provider refuses our key"
    OUR_PACE = "the watchdog itself asks faster than the provider allows"
    MODEL_GONE = "the provider no longer knows the current model"
    OURS = "our prompt or parameters changed"
    PROVIDER_MODEL = "the provider changed the model"
    SHARED = "shared by current and pinned: provider fleet, retrieval or our own harness"
    UNATTRIBUTED = "quality dropped, and no control arm tells why"
    COVERAGE = "production inputs changed: coverage gap or input drift"
    JUDGE = "the judge moved"
    PINNED_MOVED = "the pinned snapshot moved or was retired"
    TOOL_FAILING = "a tool is failing"
    RETRIEVAL_STALE = "retrieval no longer finds the right documents"
    CONTEXT_LONGER = "the context became longer"
    PROVIDER_SLOW = "answers take longer although quality holds"
    ANSWERS_LONGER = "answers became longer"
    NOTHING_WRONG = "nothing wrong is to be found"
    TOO_LITTLE = "too little could be measured"


class Confidence(StrEnum):
    """How sure a diagnosis is, in words that people act upon."""

    CERTAIN = "almost certain"
    LIKELY = "likely"
    GUESS = "a guess"


class Act(StrEnum):
    """What to do next."""

    PIN = "pin"
    ROLL_BACK = "roll back"
    FAIL_OVER = "fail over"
    DISABLE = "disable"
    ESCALATE = "escalate"
    #: Put the yardstick right: judge, pinned snapshot, golden set.
    REPAIR = "repair the evaluation"
    #: Ask less, or more slowly.
    SLOW_DOWN = "slow down"
    #: Measure (more) before anything is done.
    MEASURE = "measure"
    NOTHING = "nothing"


class Question(Struct, frozen=True, kw_only=True):
    """One of the three questions, answered."""

    asks: str
    reply: Reply
    #: Named reason of the reply, one sentence.
    reason: str
    #: What it rests on, the most telling first; one line each, no prompt and no answer in it.
    evidence: tuple[str, ...] = ()


class Owner(Struct, frozen=True, kw_only=True):
    """Who is to be woken."""

    #: ``platform``, ``AI engineering`` or ``integration owner``.
    kind: str
    #: Name of the team, where one is configured.
    team: str = ""
    #: Tool whose owner it is.
    tool_name: str = ""

    def __str__(self) -> str:
        of = f" of {self.tool_name}" if self.tool_name else ""
        return f"{self.kind}{of} ({self.team})" if self.team and self.team != self.kind else f"{self.kind}{of}"


class Finding(Struct, frozen=True, kw_only=True):
    """A suspected cause, and all that follows from it."""

    diagnosis: Diagnosis
    domain: Domain
    confidence: Confidence
    because: str
    owner: Owner
    runbook: str
    act: Act
    #: What to do, in words.
    advice: str
    #: The exact command to type next.
    command: str
    #: What would speak against it.
    would_change: str


class TriageReport(Struct, frozen=True, kw_only=True):
    """The three answers and what they amount to."""

    id: str
    watch: str
    feature: str
    #: Incident it was asked about; empty for none.
    incident: str
    #: Unix time.
    at: float
    questions: tuple[Question, ...]
    #: The suspected causes, the one to act on first.
    findings: tuple[Finding, ...]
    #: What was left out, one sentence each.
    not_asked: tuple[str, ...] = ()
    offline: bool = False
    #: Calls made, judges' included, and what they cost in US dollars; None when no price is known.
    calls: int = 0
    cost: float | None = 0.0
    unpriced: int = 0
    seconds: float = 0.0

    @property
    def first(self) -> Finding:
        """The finding to act on."""
        return self.findings[0]

    @property
    def exit_code(self) -> int:
        """0 nothing wrong, 1 something is, 3 cannot tell."""
        return {Domain.NONE: 0, Domain.UNKNOWN: 3}.get(self.first.domain, 1)
