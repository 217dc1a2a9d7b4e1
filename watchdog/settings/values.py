"""What watchdog.yaml says, typed. Files it names are not opened here: they stay references until the app joins them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct, field

from watchdog.domain.case import GoldenSet
from watchdog.domain.digest import digest
from watchdog.domain.drill import DrillPlan
from watchdog.domain.metric import Better, Layer
from watchdog.domain.policy import Policy
from watchdog.domain.target import Prompt, Role, Target
from watchdog.domain.watch import (
    AnchorCadence,
    FalseAlarmBudget,
    Limits,
    MeasurePlan,
    Money,
    Owner,
    Schedule,
    ScorerPlan,
    TrafficPlan,
    Watch,
)
from watchdog.settings.parts import Part, Parts
from watchdog.settings.secret import Secret, revealed, secrets_in
from watchdog.text.documents.problems import Reference


class PartPlan(Struct, frozen=True, kw_only=True):
    """A provider or a notifier as configured, not yet built."""

    name: str
    #: Short name from the catalog, or ``package.module:Name``.
    kind: str
    #: Arguments by name; what came from the environment or a file is a Secret.
    arguments: Mapping[str, Any]
    part: Part

    def build(self, **injected: Any) -> Any:
        """The part itself. Injected arguments that its constructor does not take are left out.

        Raises:
            UsageError: a secret is not set, or the part refuses its arguments.
        """
        return self.part.construct(self.arguments, injected)


class ProviderPlan(PartPlan, frozen=True, kw_only=True):
    """A provider and how calls to it are paced."""

    limits: Limits = Limits()

    @property
    def endpoint(self) -> str:
        """Digest of what answers and where, without keys; empty while a variable of its address is not set."""
        given = {name: value for name, value in self.arguments.items() if name in self.part.address}
        if not all(secret.is_set for secret in secrets_in(given)):
            return ""
        return digest([self.kind, revealed(given)])


class NotifierPlan(PartPlan, frozen=True, kw_only=True):
    """A channel that alerts are delivered to."""


class TargetPlan(Struct, frozen=True, kw_only=True):
    """A target whose prompt file is not read yet."""

    role: Role
    provider: str
    model: str
    prompt: Reference | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def target(self, prompt: Prompt | None) -> Target:
        """The target with its prompt."""
        return Target(
            role=self.role, provider=self.provider, model=self.model, prompt=prompt, parameters=self.parameters
        )


class JudgeUse(Struct, frozen=True, kw_only=True):
    """``- judge: helpfulness``: a folder of judges/, and what this watch changes about it."""

    #: Name of the judge's folder, or a path to it.
    use: str
    provider: str | None = None
    model: str | None = None
    parameters: dict[str, Any] | None = None
    #: How often it grades its own anchors again, which tells a judge that moved from a feature that did.
    anchors: AnchorCadence = AnchorCadence.DAILY
    #: Name of the metric; the judge's by default.
    name: str = ""

    scalar: ClassVar[str] = "use"
    better: ClassVar[Better] = Better.HIGHER
    layer: ClassVar[Layer] = Layer.QUALITY


class JudgeReference(Struct, frozen=True, kw_only=True):
    """A judge that a watch uses, and where it says so."""

    #: Name of the metric it feeds.
    metric: str
    judge: Reference
    #: What the watch sets instead of judge.yaml; None leaves it.
    provider: str | None = None
    model: str | None = None
    parameters: Mapping[str, Any] | None = None


class WatchPlan(Struct, frozen=True, kw_only=True):
    """A watch whose files are not read yet."""

    name: str
    feature: str
    owner: Owner
    targets: Mapping[Role, TargetPlan]
    scorers: tuple[ScorerPlan, ...]
    measures: tuple[MeasurePlan, ...] = ()
    judges: tuple[JudgeReference, ...] = ()
    golden: Reference | None = None
    traffic: TrafficPlan | None = None
    schedule: Schedule = Schedule(every=1800.0)
    tags: tuple[str, ...] = ()
    paging_tags: tuple[str, ...] = ()
    repeats: int = 1
    cases_per_look: int | None = None
    pinned_every: int = 1
    smallest_drop: float = 0.03
    budget: Money = Money()
    deadline: float = 3600.0
    runbook: Reference | None = None
    min_baseline_runs: int = 8
    floor: float = 0.5
    blind_after: int = 3
    verify_fallback_every: float | None = None
    fallback_drop: float = 0.1
    policy: Policy = Policy()
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: Line of the watch in watchdog.yaml.
    line: int = 1

    def watch(self, *, golden: GoldenSet | None, prompts: Mapping[Role, Prompt]) -> Watch:
        """The watch, with its golden set and the prompts that its targets name."""
        return Watch(
            name=self.name,
            feature=self.feature,
            owner=self.owner,
            targets={role: plan.target(prompts.get(role)) for role, plan in self.targets.items()},
            scorers=self.scorers,
            measures=self.measures,
            golden=golden,
            traffic=self.traffic,
            schedule=self.schedule,
            tags=self.tags,
            paging_tags=self.paging_tags,
            repeats=self.repeats,
            cases_per_look=self.cases_per_look,
            pinned_every=self.pinned_every,
            smallest_drop=self.smallest_drop,
            budget=self.budget,
            deadline=self.deadline,
            runbook=self.runbook.path if self.runbook else "",
            min_baseline_runs=self.min_baseline_runs,
            floor=self.floor,
            blind_after=self.blind_after,
            verify_fallback_every=self.verify_fallback_every,
            fallback_drop=self.fallback_drop,
            policy=self.policy,
            metadata=self.metadata,
        )


class Server(Struct, frozen=True, kw_only=True):
    """Where ``serve`` listens."""

    host: str = "127.0.0.1"
    port: int = 8790
    #: Names it is asked for under, beside ``localhost``, addresses and the one of ``runbook_base_url``.
    names: tuple[str, ...] = ()


class Heartbeat(Struct, frozen=True, kw_only=True):
    """A dead man's switch outside the house."""

    #: Address asked with GET after each successful look; None for none.
    ping_url: Secret | None = None


class Retention(Struct, frozen=True, kw_only=True):
    """How long raw text is kept; observations stay."""

    #: Seconds that prompts and answers are kept.
    text: float = 30 * 86400.0


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that watchdog.yaml says."""

    #: The file, and the folder that its relative paths start from.
    path: Path
    folder: Path
    #: Database URL; a relative SQLite file is made absolute. Secret, because it may hold a password.
    store_url: Secret
    parts: Parts
    watches: Mapping[str, WatchPlan] = field(default_factory=dict)
    providers: Mapping[str, ProviderPlan] = field(default_factory=dict)
    notifiers: tuple[NotifierPlan, ...] = ()
    false_alarms: FalseAlarmBudget = FalseAlarmBudget()
    #: Address under which people reach the pages of ``serve``, without a slash at its end; empty when there is none.
    runbook_base_url: str = ""
    server: Server = Server()
    heartbeat: Heartbeat = Heartbeat()
    retention: Retention = Retention()
    #: None: nobody asks for drills.
    drills: DrillPlan | None = None
    #: US dollars per million tokens (``input``, ``output``, ``cached``) by model name: go before the price table.
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: Programs of the user's own, as words, by what they do (``pin``, ``rollback``, ``failover``, ``disable``, ...).
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
