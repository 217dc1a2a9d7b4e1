"""What triage decides on: facts from the provider as it is now, from a sample asked now, and from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from watchdog.correlate.situation import ProviderHealth, Situation, ToolHealth
from watchdog.detect.slices import Shift, SliceDrop
from watchdog.domain.metric import MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import ErrorKind
from watchdog.triage.headroom import Headroom
from watchdog.triage.standing import Standing


class Probe(Struct, frozen=True, kw_only=True):
    """Some tiny requests to one provider, one attempt each."""

    provider: str
    model: str
    role: Role
    calls: int
    answered: int
    errors: Mapping[ErrorKind, int] = field(default_factory=dict)
    #: What it said when it failed, secrets removed.
    said: str = ""
    #: Median seconds of the answers.
    latency: float | None = None
    headroom: tuple[Headroom, ...] = ()

    @property
    def works(self) -> bool:
        """Most of them were answered."""
        return self.answered * 2 > self.calls


class Ratio(Struct, frozen=True, kw_only=True):
    """How much more something is than at the baseline, paired by case: geometric mean, with a 98 % interval."""

    value: float
    low: float
    high: float
    cases: int
    #: Medians over the cases.
    before: float
    now: float


class Recall(Struct, frozen=True, kw_only=True):
    """Share of the right documents that were retrieved on known queries, at the baseline and now."""

    before: float
    now: float
    #: 98 % interval of the paired difference.
    low: float
    high: float
    cases: int
    #: Documents retrieved for a query (the k of recall@k), on average.
    k: float


class Takes(Struct, frozen=True, kw_only=True):
    """What an arm's answers take, against the baseline. None where nothing is known."""

    latency: Ratio | None = None
    input_tokens: Ratio | None = None
    output_tokens: Ratio | None = None
    #: Characters of the retrieved documents.
    context: Ratio | None = None
    recall: Recall | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that the three questions are answered from."""

    watch: Watch
    #: Unix time.
    now: float
    #: Nothing was asked of anybody.
    offline: bool
    #: By provider: of the current target, the pinned, the fallback and the judges.
    probes: Mapping[str, Probe] = field(default_factory=dict)
    #: The pinned model's own probe, where it is another than the current one's.
    pinned_probe: Probe | None = None
    #: Calls of the last hour's runs, by role.
    last_hour: Sequence[ProviderHealth] = ()
    #: The sample's calls; empty when none was asked.
    health: Sequence[ProviderHealth] = ()
    #: Attempts made now by provider: how many ended ``answered`` or in which class of failure, retried or not.
    attempts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: Tools of the sample, or of the newest look.
    tools: Mapping[str, ToolHealth] = field(default_factory=dict)
    #: Whether there is a baseline to hold anything against.
    referenced: bool = False
    #: Where each metric stands, by metric (all cases; arms and estimands of their own).
    standings: Mapping[MetricKey, Standing] = field(default_factory=dict)
    #: Why a metric could not be held against the baseline.
    not_observed: Mapping[MetricKey, str] = field(default_factory=dict)
    #: What of the subject is not as it was when all was well; what was first seen when.
    changes: Sequence[Change] = ()
    #: Unix time of the newest look at which all was calm; None when there is none.
    last_good: float | None = None
    #: Finished looks in the store.
    looks: int = 0
    #: What became of the newest look, where it never finished; empty when it did, or is at work.
    unfinished: str = ""
    takes: Mapping[Role, Takes] = field(default_factory=dict)
    #: What the recent inputs have more or less of than those of the baseline.
    shifts: Sequence[Shift] = ()
    #: Slices of traffic whose level fell, worst first.
    drops: Sequence[SliceDrop] = ()
    #: The same as ``correlate`` decides on.
    situation: Situation | None = None

    def probe(self, role: Role) -> Probe | None:
        """The probe of the provider of a role."""
        target = self.watch.targets.get(role)
        return self.probes.get(target.provider) if target else None
