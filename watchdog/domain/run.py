"""Runs: one walk of the road for one watch."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from watchdog.domain.baseline import Instruments
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role


class Trigger(StrEnum):
    """Why a run was started."""

    SCHEDULE = "schedule"
    #: A look out of turn at what is suspect.
    CONFIRM = "confirm"
    MANUAL = "manual"
    GATE = "gate"
    TRIAGE = "triage"
    DRILL = "drill"

    @property
    def is_look(self) -> bool:
        """Whether such a run is a look, which detectors eat; a gate or a triage asks for its own ends."""
        return self not in (Trigger.GATE, Trigger.TRIAGE)


#: What looks at a watch as it is now; one such look may continue another.
LOOKS = frozenset({Trigger.SCHEDULE, Trigger.CONFIRM, Trigger.MANUAL})


class RunStatus(StrEnum):
    """Life of a run."""

    #: Written down before it starts, so that a missed run is known.
    PLANNED = "planned"
    RUNNING = "running"
    #: Measured, not yet decided upon.
    MEASURED = "measured"
    FINISHED = "finished"
    #: Stopped half-way; what was recorded is kept and a re-run pays only for the rest.
    INTERRUPTED = "interrupted"
    #: Its time passed while nobody was running.
    MISSED = "missed"
    #: It could not be carried out; ``note`` says why.
    FAILED = "failed"


class Subject(Struct, frozen=True, kw_only=True):
    """Digests of what is being measured. A difference is a dated *change*: evidence, not an obstacle."""

    #: Name of the current target's provider, and a digest of what and where that is; each empty when it is not known.
    provider: str = ""
    endpoint: str = ""
    prompt: str = ""
    model: str = ""
    parameters: str = ""
    #: Model names that really answered, per role.
    served_models: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    fingerprints: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)

    def same_target(self, other: Subject) -> bool:
        """Whether the current target is the same in both, whoever answered for it."""
        return self.same_provider(other) and (self.prompt, self.model, self.parameters) == (
            other.prompt,
            other.model,
            other.parameters,
        )

    def same_provider(self, other: Subject) -> bool:
        """Whether both ask the same provider at the same address, as far as that is known."""
        pairs = ((self.provider, other.provider), (self.endpoint, other.endpoint))
        return all(ours == theirs for ours, theirs in pairs if ours and theirs)


#: ``alertname`` of the news of a change, on its way to channels that show changes beside incidents.
CHANGED = "SubjectChanged"
#: Changes that we make ourselves; the others (served model, fingerprint) are the provider's.
_OURS = frozenset({"prompt", "parameters", "provider", "model"})


class Change(Struct, frozen=True, kw_only=True):
    """Something about the subject that is no longer as it was at the baseline."""

    #: ``provider``, ``prompt``, ``model``, ``parameters``, ``served model`` or ``fingerprint``.
    what: str
    role: Role
    before: str
    after: str
    #: Unix time of the first run that saw it.
    at: float

    @property
    def ours(self) -> bool:
        """Whether we made it, not the provider."""
        return self.what in _OURS

    def __str__(self) -> str:
        return f"{self.role} {self.what} changed from {self.before} to {self.after}"


class Tally(Struct, frozen=True, kw_only=True):
    """How many (case, repeat, scorer) ended in which outcome, for one role."""

    counts: Mapping[Outcome, int]

    def __getitem__(self, outcome: Outcome) -> int:
        return self.counts.get(outcome, 0)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


class Part(Struct, frozen=True, kw_only=True):
    """The turn of a look in going round a large golden set."""

    #: Number of the turn, from 0 on.
    turn: int
    #: Cases of one look at the most.
    size: int


class Scope(Struct, frozen=True, kw_only=True):
    """What a run asks of all that its watch has. Settled when it begins: whoever continues it asks the same."""

    #: None: the whole golden set.
    part: Part | None = None
    #: Whether the pinned target is asked, where there is one.
    pinned: bool = True


class Run(Struct, frozen=True, kw_only=True):
    """One walk of the road."""

    id: str
    watch: str
    trigger: Trigger
    status: RunStatus
    #: Unix time it was planned for.
    planned_for: float
    started_at: float | None = None
    finished_at: float | None = None
    #: Seed of every random choice in the run (order of calls, sampling, tie-breaking).
    seed: int = 0
    instruments: Instruments = Instruments()
    subject: Subject = Subject()
    scope: Scope = Scope()
    #: US dollars over target, judge and retries; None when some price was unknown.
    cost: float | None = None
    #: Calls whose cost is unknown.
    unpriced: int = 0
    note: str = ""
