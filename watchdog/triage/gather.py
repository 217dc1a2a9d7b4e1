"""Everything that was asked and read, as the facts that triage decides on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchdog.correlate.situation import Reference, Situation
from watchdog.detect.slices import Shift, Sliced, SliceDrop, drops, facts_of, shifts, slices
from watchdog.domain.case import Case
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.pipeline.built import BuiltWatch
from watchdog.replay.budget import Budget
from watchdog.triage.facts import Facts, Probe
from watchdog.triage.history import History
from watchdog.triage.sampling import Sample
from watchdog.triage.standing import standings
from watchdog.triage.takes import takes_of

#: Facts about production inputs that are compared with the baseline's.
DIMENSIONS = ("prompt_version", "segment", "experiment", "flags", "vertical", "stratum", "request_model")


@dataclass(slots=True)
class Asked:
    """What was asked of whom."""

    notes: list[str]
    probes: Mapping[str, Probe] | None = None
    pinned: Probe | None = None
    sample: Sample | None = None
    attempts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    recent: Sequence[Case] = ()
    budget: Budget | None = None


def facts_now(built: BuiltWatch, history: History, asked: Asked, now: float, *, offline: bool) -> Facts:
    """What is known now. Without a sample the newest look, if it is not too old, stands in for it."""
    watch, sample, baseline = built.watch, asked.sample, history.baseline
    observed = sample.observed if sample else history.newest_observed if asked.probes is None else None
    changes = history.changes(watch, sample.measured.run.subject if sample else None, now)
    scored = {plan.name for plan in watch.scorers}
    found = standings(
        [one for one in observed.observations if one.key.scorer in scored] if observed else [],
        baseline.metrics if baseline else {},
        history.said,
        smallest_drop=watch.smallest_drop,
        sampled=sample is not None,
        changed=any(change.role is Role.CURRENT for change in changes),
    )
    health = list(sample.measured.health) if sample else []
    tools = sample.measured.tools if sample else history.newest_tools
    not_observed = {look.key: look.reason for look in observed.unobserved} if observed else {}
    situation = Situation(
        watch=watch,
        at=now,
        signals=[standing.signal(now) for standing in found.values()],
        not_observed={key: why for key, why in not_observed.items() if key not in found},
        changes=[*history.known, *(change for change in changes if change not in history.known)],
        health=health,
        tools=tools,
        baseline=None if baseline is None else Reference(version=baseline.version, status=baseline.status),
        judges=built.judges,
    )
    responses = list(sample.measured.responses.values()) if sample else list(history.newest_responses)
    shifted, dropped = _slices(watch, history, asked, sample)
    return Facts(
        watch=watch,
        now=now,
        offline=offline,
        probes=asked.probes or {},
        pinned_probe=asked.pinned,
        last_hour=history.last_hour,
        health=health,
        attempts=asked.attempts,
        tools=tools,
        referenced=baseline is not None,
        standings=found,
        not_observed=not_observed,
        changes=changes,
        last_good=history.last_good,
        looks=history.looks,
        unfinished=history.unfinished,
        takes=takes_of(
            responses, history.before, {case.id: case for case in watch.golden.cases} if watch.golden else {}
        ),
        shifts=shifted,
        drops=dropped,
        situation=situation,
    )


def _slices(
    watch: Watch, history: History, asked: Asked, sample: Sample | None
) -> tuple[Sequence[Shift], Sequence[SliceDrop]]:
    """How the mix of recent inputs differs from the baseline's, and which slices of them fell."""
    mix = shifts(
        [facts_of(case) for case in asked.recent], [facts_of(case) for case in history.traffic.values()], DIMENSIONS
    )
    if sample is None:
        return mix, ()
    cases = {case.id: case for case in asked.recent}
    now = [
        Sliced(facts=facts_of(case), scorer=row.scorer, value=row.score.value, weight=case.weight, origin=case.origin)
        for row in sample.measured.scores
        if row.key.role is Role.CURRENT and row.score.value is not None and (case := cases.get(row.key.case_id))
    ]
    return mix, drops(slices(now, history.traffic_scores, DIMENSIONS), lower_is_better=watch.lower_is_better)
