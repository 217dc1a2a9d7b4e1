"""A watch with its live parts, as the composition root hands it to the road."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from watchdog.correlate.situation import Judge
from watchdog.domain.baseline import Instruments
from watchdog.domain.metric import MetricKey
from watchdog.domain.watch import Watch
from watchdog.pipeline.anchors import Anchored
from watchdog.protocols import Ask, CaseSource, Scorer
from watchdog.replay.caller import Caller

#: Gives a provider's name to whoever wants to ask it something within a run.
AskProvider = Callable[[str], Ask]


class BuiltWatch(Struct, frozen=True, kw_only=True):
    """A watch and what it needs to walk the road."""

    watch: Watch
    #: The scorers of one run by the metric's name, in the watch's order: a judge's calls belong to the run that pays.
    scorers: Callable[[AskProvider], Mapping[str, Scorer]]
    #: By provider name, shared with the other watches.
    callers: Mapping[str, Caller]
    sources: Sequence[CaseSource]
    instruments: Instruments
    #: Judges by the name of the scorer that asks them.
    judges: Mapping[str, Judge]
    #: Anchors of those judges, by the same name.
    anchors: Mapping[str, Anchored] = field(default_factory=dict)
    #: A: looks between two false alarms of a metric.
    mean_runs_to_false_alarm: Callable[[MetricKey], float]
