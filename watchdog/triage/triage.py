"""Triage: ask what is wrong, in the order in which it pays to ask.

read      what the store knows: the last hour, the last good look, changes, the baseline
probe     tiny requests to every provider
sample    recent inputs and golden cases on current, pinned and the judges' anchors, if anybody answers
diagnose  three answers, causes, owners, commands; remembered, and no detector state is touched
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.app.join import Joined
from watchdog.domain.case import Estimand
from watchdog.domain.digest import digest
from watchdog.domain.metric import Arm
from watchdog.domain.target import Role
from watchdog.domain.triage import TriageReport
from watchdog.errors import StoreError, WatchdogError
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measuring import Progress
from watchdog.render.as_json import plain
from watchdog.replay.budget import Budget
from watchdog.store.triages import TriageRow
from watchdog.triage.advice import Setup
from watchdog.triage.diagnose import Diagnosed, diagnose
from watchdog.triage.facts import Facts
from watchdog.triage.gather import Asked, facts_now
from watchdog.triage.history import History, read_history
from watchdog.triage.probing import probe_all
from watchdog.triage.sampling import ask_sample, traffic_now

#: Golden cases and recent inputs asked at the most.
GOLDEN, RECENT = 40, 20
#: Golden cases asked where that is enough to see calls and tools fail, and no more is to be seen.
_SMALL = 10
#: Attempts of a call of the sample, and seconds for each.
_ATTEMPTS, _LONGEST = 2, 25.0


class Options(Struct, frozen=True, kw_only=True):
    """How a triage is to be made."""

    #: US dollars at the most; None: what the watch allows a run.
    budget: float | None = None
    #: Ask nobody.
    offline: bool = False
    golden: int = GOLDEN
    recent: int = RECENT
    #: Incident it is about.
    incident: str = ""


class People(Struct, frozen=True, kw_only=True):
    """Who is who: teams of teams.yaml, and the hooks that there are."""

    platform: str = ""
    ai: str = ""
    integration: str = ""
    #: Team by pattern of tool names.
    tools: Sequence[tuple[str, str]] = ()
    hooks: Sequence[str] = ()


def hurried(joined: Joined) -> Joined:
    """The same workspace, with providers that are not waited for: nobody at 3 a.m. wants the fifth attempt."""
    settings = joined.settings
    providers = {
        name: replace(
            plan,
            limits=replace(
                plan.limits,
                attempts=min(plan.limits.attempts, _ATTEMPTS),
                timeout=min(plan.limits.timeout, _LONGEST),
                backoff_cap=min(plan.limits.backoff_cap, 2.0),
            ),
        )
        for name, plan in settings.providers.items()
    }
    return replace(joined, settings=replace(settings, providers=providers))


async def triage(
    app: App,
    name: str,
    options: Options,
    people: People,
    *,
    stop: asyncio.Event | None = None,
    progress: Progress | None = None,
) -> TriageReport:
    """Ask the three questions of a watch. ``app``: see ``hurried``."""
    clock = app.clock
    began, now = clock.monotonic(), clock.now()
    built = app.built(name)
    history = await asyncio.to_thread(_history, app, built, now)
    asked = Asked(notes=["providers, sample and anchors were not asked (--offline)"]) if options.offline else None
    if asked is None:
        asked = await _ask(app, built, history, options, stop or asyncio.Event(), progress)
    facts = facts_now(built, history, asked, now, offline=options.offline)
    found = diagnose(facts, _setup(facts, people))
    report = _report(built, options, asked, found, now, clock.monotonic() - began)
    try:
        await asyncio.to_thread(_remember, app, report)
    except StoreError as error:
        report = replace(report, not_asked=(*report.not_asked, f"not remembered: {error}"))
    return report


def _history(app: App, built: BuiltWatch, now: float) -> History:
    with app.store.read() as session:
        return read_history(session, built, now)


async def _ask(
    app: App, built: BuiltWatch, history: History, options: Options, stop: asyncio.Event, progress: Progress | None
) -> Asked:
    watch = built.watch
    fallback = watch.targets.get(Role.FALLBACK)
    if fallback is not None and fallback.provider not in built.callers:
        built = replace(built, callers={**built.callers, fallback.provider: app.caller(fallback.provider)})
    budget = Budget(options.budget if options.budget is not None else watch.budget.per_run)
    asked = Asked(notes=[], budget=budget)
    asked.probes, asked.pinned = await probe_all(app, built, budget)
    current = asked.probes[watch.targets[Role.CURRENT].provider]
    recent, problems = await asyncio.to_thread(traffic_now, built, app.clock.now())
    asked.recent = recent
    asked.notes += problems if watch.traffic else ["no traffic is configured: recent inputs were not asked"]
    if not current.calls:
        asked.notes.append(f"nobody was asked: {current.said or 'the budget is used up'}")
    elif not current.works:
        asked.notes.append(f"no sample was asked, because {current.provider} does not answer")
    if not current.works or stop.is_set():
        return asked
    target = watch.targets.get(Role.PINNED)
    control = asked.pinned or (asked.probes.get(target.provider) if target else None)
    # A provider that stumbles makes every call take its retries: then a small sample says enough.
    small = current.errors or not history.baseline
    try:
        asked.sample = await ask_sample(
            app,
            built,
            history.baseline,
            [] if small else recent[: options.recent],
            golden=min(options.golden, _SMALL) if small else options.golden,
            pinned=control is None or control.works,
            budget=budget,
            stop=stop,
            progress=progress,
        )
    except WatchdogError as error:
        asked.notes.append(f"the sample could not be asked: {error}")
        return asked
    asked.attempts = {name: dict(caller.attempts) for name, caller in built.callers.items()}
    skipped = {
        answer.error for answer in asked.sample.measured.responses.values() if answer.error and not answer.attempts
    }
    asked.notes += [
        *asked.sample.problems,
        *(f"part of the sample was not asked: {why}" for why in sorted(skipped)[:2]),
    ]
    return asked


def _setup(facts: Facts, people: People) -> Setup:
    watch = facts.watch
    fallback = facts.probe(Role.FALLBACK)
    target = watch.targets.get(Role.FALLBACK)
    # Of one provider the current model was asked; whether it also serves the fallback's is not known.
    known = fallback is not None and target is not None and fallback.model == target.model
    control = facts.pinned_probe or facts.probe(Role.PINNED)
    fallen = any(
        standing.level.value == "drift"
        for key, standing in facts.standings.items()
        if key.arm is Arm.PINNED and key.estimand is Estimand.GOLDEN_SET
    )
    return Setup(
        watch=watch,
        hooks=people.hooks,
        fallback_works=fallback.works if fallback is not None and (known or not fallback.works) else None,
        pinned_works=(control is None or control.works) and not fallen,
        platform=people.platform,
        ai=people.ai or watch.owner.team,
        integration=people.integration,
        tools=people.tools,
        dimensions=[*(shift.dimension for shift in facts.shifts), *(drop.row.dimension for drop in facts.drops)],
        has_baseline=facts.referenced,
    )


def _report(
    built: BuiltWatch, options: Options, asked: Asked, found: Diagnosed, now: float, seconds: float
) -> TriageReport:
    measured = asked.sample.measured if asked.sample else None
    probes = [*(asked.probes or {}).values(), *([asked.pinned] if asked.pinned else [])]
    calls = sum(probe.calls for probe in probes)
    if measured is not None:
        calls += sum(health.calls for health in measured.health)
    budget = asked.budget
    return TriageReport(
        id=measured.run.id if measured else digest(["triage", built.watch.name, now]),
        watch=built.watch.name,
        feature=built.watch.feature,
        incident=options.incident,
        at=now,
        questions=found.questions,
        findings=found.findings,
        not_asked=tuple(asked.notes),
        offline=options.offline,
        calls=calls,
        cost=(budget.spent if budget.spent or not budget.unpriced else None) if budget else 0.0,
        unpriced=budget.unpriced if budget else 0,
        seconds=seconds,
    )


def _remember(app: App, report: TriageReport) -> None:
    row = TriageRow(
        id=report.id,
        watch=report.watch,
        incident=report.incident,
        at=report.at,
        diagnosis=report.first.diagnosis.value,
        report=plain(report),
    )
    with app.store.begin() as session:
        session.triages.save(row)
