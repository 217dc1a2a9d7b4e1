"""One watch of watchdog.yaml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from watchdog.domain.measure import Measure
from watchdog.domain.policy import Policy
from watchdog.domain.target import Role
from watchdog.domain.watch import MeasurePlan, Money, Owner, Schedule, ScorerPlan, TrafficPlan
from watchdog.settings.parts import Parts
from watchdog.settings.scorers import ScorerReading, read_scorer, reads_expected
from watchdog.settings.shapes import CasesShape, MeasuresShape, WatchShape
from watchdog.settings.values import TargetPlan, WatchPlan
from watchdog.text.cron import cron_fields
from watchdog.text.documents.fit import dotted, fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems, Reference
from watchdog.text.documents.suggest import did_you_mean

#: Stands in for an owner that is missing, which is told.
_NOBODY = Owner(team="")
#: Whether the time of a cron line ever comes does not depend on the day it is asked.
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_ROLES = (Role.CURRENT, Role.PINNED, Role.FALLBACK)


class House(Struct, frozen=True, kw_only=True):
    """What a watch may refer to."""

    parts: Parts
    providers: Collection[str]
    #: None when the file does not name one.
    owner: Owner | None
    #: Whether the file names one (it may be unusable, which is told there).
    owner_given: bool
    folder: Path
    problems: Problems
    #: What wakes whom, and in which verticals it is another.
    policy: Policy = Policy()
    verticals: Mapping[str, Policy] = field(default_factory=dict)


def read_watch(name: str, node: Node, line: int, house: House) -> WatchPlan | None:
    """The watch, every problem noted; None when it has not even the shape of one.

    With problems it is partial: enough to open the files it names and tell what is wrong with those too.
    """
    problems, field = house.problems, dotted("watches", name)
    shape = fit(WatchShape, node, problems, field=field, line=line)
    scorers = _scorers(node, house, field)
    for role in _ROLES:
        _known_provider(node.get(role), house, dotted(field, role))
    if shape is None:
        return None
    schedule = _schedule(shape, node, problems, field)
    owner = Owner(team=shape.owner.team, vertical=shape.owner.vertical) if shape.owner else house.owner
    if owner is None and not house.owner_given:
        problems.add("has no owner", at=line, field=field, hint="write owner: {team: ...} here or at the top")
    _cases(shape.cases, [plan.plan for plan in scorers], node, problems, field)
    _tags(shape, problems, node, field)
    if shape.verify_fallback_every is not None and shape.fallback is None:
        place, hint = dotted(field, "verify_fallback_every"), "add fallback: to the watch"
        problems.add("has no fallback to verify", at=node.line_of("verify_fallback_every"), field=place, hint=hint)
    free = _without_reference([scorer.plan for scorer in scorers], house.parts)
    if shape.cases.traffic and not shape.cases.traffic.scorers and scorers and not free:
        message = "no scorer of this watch can score traffic, which has no reference"
        at, place = _line(node, ("cases", "traffic")), dotted(field, "cases", "traffic")
        problems.add(message, at=at, field=place, hint="add one, like not-refusal or a judge")

    def reference(path: str | None, *keys: str) -> Reference | None:
        return None if path is None else Reference(path, problems.file, _line(node, keys), dotted(field, *keys))

    targets = {role: target for role in _ROLES if (target := getattr(shape, role)) is not None}
    return WatchPlan(
        name=name,
        feature=shape.feature or name,
        owner=owner or _NOBODY,
        targets={
            role: TargetPlan(
                role=role,
                provider=target.provider,
                model=target.model,
                prompt=reference(target.prompt, role, "prompt"),
                parameters=target.parameters,
            )
            for role, target in targets.items()
        },
        scorers=tuple(scorer.plan for scorer in scorers),
        measures=_measures(shape.measures),
        judges=tuple(scorer.judge for scorer in scorers if scorer.judge),
        golden=reference(shape.cases.golden, "cases", "golden"),
        traffic=_traffic(shape.cases, house.folder, free),
        schedule=schedule,
        tags=tuple(dict.fromkeys(shape.tags)),
        paging_tags=tuple(dict.fromkeys(shape.paging_tags)),
        repeats=shape.repeats,
        cases_per_look=shape.cases_per_look,
        pinned_every=shape.pinned_every,
        smallest_drop=shape.smallest_drop,
        budget=Money(per_run=shape.budget.per_run, per_day=shape.budget.per_day),
        deadline=shape.deadline,
        runbook=reference(shape.runbook, "runbook"),
        min_baseline_runs=shape.min_baseline_runs,
        floor=shape.floor,
        blind_after=shape.blind_after,
        verify_fallback_every=shape.verify_fallback_every,
        fallback_drop=shape.fallback_drop,
        policy=house.verticals.get((owner or _NOBODY).vertical, house.policy),
        metadata=shape.metadata,
        line=line,
    )


def _measures(shape: MeasuresShape) -> tuple[MeasurePlan, ...]:
    given = ((measure, getattr(shape, measure.name.lower())) for measure in Measure)
    return tuple(
        MeasurePlan.of(measure, pages=one.pages, smallest_rise=one.smallest_rise)
        for measure, one in given
        if one is not None
    )


def _scorers(node: Node, house: House, field: str) -> list[ScorerReading]:
    written = node.mapping.get("scorers")
    entries = written.value if written is not None and isinstance(written.value, list) else []
    found: list[ScorerReading] = []
    seen: dict[str, int] = {}
    for at, entry in enumerate(entries):
        place = dotted(field, "scorers", at)
        scorer = read_scorer(entry, house.parts, house.folder, house.problems, place)
        if scorer is None:
            continue
        first = seen.setdefault(scorer.plan.name, entry.line)
        if any(other.plan.name == scorer.plan.name for other in found):
            message = f"a second scorer is called {scorer.plan.name!r} (the first is on line {first})"
            house.problems.add(message, at=entry, field=place, hint="give one of them a name:")
        if scorer.plan.name in set(Measure):
            message = f"{scorer.plan.name!r} is the name of a measure that every watch has"
            house.problems.add(message, at=entry, field=place, hint="give the scorer another name:")
        if scorer.judge is not None and scorer.judge.provider is not None:
            _known_name(scorer.judge.provider, entry, house, place)
        found.append(scorer)
    return found


def _known_provider(target: Node | None, house: House, field: str) -> None:
    provider = target.get("provider") if target is not None else None
    if provider is not None and isinstance(provider.value, str):
        _known_name(provider.value, provider, house, dotted(field, "provider"))


def _known_name(name: str, node: Node, house: House, field: str) -> None:
    if name not in house.providers:
        hint = did_you_mean(name, house.providers)
        house.problems.add(f"there is no provider {name!r}", at=node, field=field, hint=hint)


def _cases(cases: CasesShape, plans: list[ScorerPlan], node: Node, problems: Problems, field: str) -> None:
    if cases.golden is None and cases.traffic is None:
        problems.add(
            "names no cases",
            at=_line(node, ("cases",)),
            field=dotted(field, "cases"),
            hint="golden:, traffic:, or both",
        )
    names = [plan.name for plan in plans]
    for name in cases.traffic.scorers if cases.traffic else ():
        if name not in names:
            line = _line(node, ("cases", "traffic", "scorers"))
            place = dotted(field, "cases", "traffic", "scorers")
            message, hint = f"there is no scorer {name!r} in this watch", did_you_mean(name, names)
            problems.add(message, at=line, field=place, hint=hint)


def _tags(shape: WatchShape, problems: Problems, node: Node, field: str) -> None:
    if shape.tags and shape.cases.golden is None:
        message = "need a golden set: traffic has no tags"
        problems.add(message, at=node.line_of("tags"), field=dotted(field, "tags"))
    for tag in shape.paging_tags:
        if tag not in shape.tags:
            place, hint = dotted(field, "paging_tags"), did_you_mean(tag, shape.tags) or "add it to tags"
            problems.add(f"{tag!r} is not in tags", at=node.line_of("paging_tags"), field=place, hint=hint)


def _without_reference(plans: list[ScorerPlan], parts: Parts) -> tuple[str, ...]:
    """Scorers that can score an answer to which nobody wrote a reference."""
    compares = reads_expected(parts)
    return tuple(plan.name for plan in plans if plan.spec.name != "case-checks" and not compares(plan.spec))


def _traffic(cases: CasesShape, folder: Path, free: tuple[str, ...]) -> TrafficPlan | None:
    """The production samples, scored by the named scorers or else by all that need no reference."""
    traffic = cases.traffic
    if traffic is None:
        return None
    scorers = tuple(traffic.scorers) or free
    return TrafficPlan(path=str(folder / traffic.path), per_run=traffic.per_run, scorers=scorers)


def _schedule(shape: WatchShape, node: Node, problems: Problems, field: str) -> Schedule:
    before = len(problems.found)
    if shape.every is not None and shape.cron is not None:
        message = "has both every and cron"
        problems.add(message, at=node.line_of("cron"), field=dotted(field, "cron"), hint="keep one")
    try:
        ZoneInfo(shape.timezone)
    except (KeyError, ValueError, OSError):
        message, place = f"there is no timezone {shape.timezone!r}", dotted(field, "timezone")
        problems.add(message, at=node.line_of("timezone"), field=place, hint="a name such as Europe/Berlin")
    if shape.cron is not None and len(problems.found) == before:
        from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - only a watch with a cron line pays for it

        trouble = ""
        try:
            trigger = CronTrigger(**cron_fields(shape.cron), timezone=shape.timezone)
        except (ValueError, TypeError) as error:
            trouble = f"is not a cron line: {error}"
        else:
            if trigger.get_next_fire_time(None, _ANY_DAY) is None:
                trouble = "names a time that never comes"
        if trouble:
            problems.add(trouble, at=node.line_of("cron"), field=dotted(field, "cron"), hint='"0 7 * * 1-5"')
    every = shape.every if shape.every is not None or shape.cron is not None else 1800.0
    return Schedule(every=every, cron=shape.cron, timezone=shape.timezone, jitter=shape.jitter)


def _line(node: Node, keys: tuple[str, ...]) -> int:
    """Line of a key some levels down."""
    line = node.line
    for key in keys:
        line = node.line_of(key)
        node = node.mapping.get(key, node)
    return line
