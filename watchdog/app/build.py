"""From joined settings to live parts. ``App`` owns them and closes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from watchdog.app.join import Joined, join
from watchdog.correlate.situation import Judge as JudgeOf
from watchdog.detect.budget import Division, divide, paging_metrics
from watchdog.domain.alert import Alert, Audience
from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, CheckSpec, Estimand
from watchdog.domain.response import Request, Response
from watchdog.domain.score import Score
from watchdog.domain.target import Role
from watchdog.domain.watch import AnchorCadence, FalseAlarmBudget, Schedule, ScorerPlan, Watch
from watchdog.errors import UnknownName, UsageError
from watchdog.pipeline.anchors import Anchored
from watchdog.pipeline.built import AskProvider, BuiltWatch
from watchdog.pipeline.news import Channels
from watchdog.pipeline.road import Road
from watchdog.protocols import Ask, CaseSource, Clock, Notifier, Scorer
from watchdog.providers.prices import PriceTable
from watchdog.replay.caller import Caller
from watchdog.score.judge.judge import Judge
from watchdog.score.judge.spec import Anchor, JudgeSpec
from watchdog.settings.values import NotifierPlan
from watchdog.store.store import Store
from watchdog.text.cron import cron_fields
from watchdog.text.documents.suggest import did_you_mean
from watchdog.workspace.judges import JudgeFiles

if TYPE_CHECKING:
    from watchdog.notify.delivery import DeliveryLoop

#: Seconds between two looks that are taken for a schedule whose own we cannot tell.
UNKNOWN_CADENCE = 3600.0


class GoldenSource(Struct, frozen=True, kw_only=True):
    """The cases of a golden set, all of them at every look."""

    golden: tuple[Case, ...]
    estimand: Estimand = Estimand.GOLDEN_SET

    def cases(self, now: float, rng: Random) -> tuple[Case, ...]:
        """All cases, whatever the time."""
        del now, rng
        return self.golden


class Renamed(Struct, frozen=True, kw_only=True):
    """A scorer of the user's own under the name that watchdog.yaml gives its metric."""

    name: str
    scorer: Scorer

    @property
    def digest(self) -> str:
        """The scorer's own."""
        return self.scorer.digest

    async def score(self, case: Case, response: Response) -> Score:
        """The scorer's own score."""
        return await self.scorer.score(case, response)


class App:
    """Everything that a door needs, built once and closed at the end. Parts are built when first asked for."""

    def __init__(self, joined: Joined, clock: Clock) -> None:
        self.joined = joined
        self.settings = joined.settings
        self.clock = clock

    def __enter__(self) -> Self:
        """For doors that only look into the store; those that ask or deliver say ``async with``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "store" in self.__dict__:
            self.store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for caller in self.callers.values():
            await caller.aclose()
        if "notifiers" in self.__dict__:
            for notifier in self.notifiers:
                await notifier.aclose()
        self.__exit__(kind, error, trace)

    @cached_property
    def store(self) -> Store:
        """The database, its tables made."""
        store = Store(self.settings.store_url.reveal())
        try:
            store.prepare()
        except BaseException:
            store.close()
            raise
        return store

    @cached_property
    def notifiers(self) -> tuple[Notifier, ...]:
        """The channels of ``notify``.

        Raises:
            UsageError: one has another name than its channel, so what is queued for the channel would never be sent.
        """
        return tuple(channel(plan) for plan in self.settings.notifiers)

    @cached_property
    def road(self) -> Road:
        """The road over the store."""
        return Road(self.store, self.clock, channels=self.channels)

    @property
    def channels(self) -> Channels:
        """Who is told of transitions, and who of changes of a subject."""
        plans = self.settings.notifiers
        changes = [plan.name for plan in plans if getattr(plan.part.factory, "takes_changes", False)]
        people = [_audience(plan) for plan in plans if getattr(plan.part.factory, "tells_incidents", False)]
        return Channels(
            alerts=tuple(plan.name for plan in plans),
            changes=tuple(changes),
            people=tuple(audience for audience in people if audience is not None),
        )

    @property
    def asks_own_code(self) -> bool:
        """Whether a provider, a channel or a scorer is code of the user's own."""
        plans = [*self.settings.providers.values(), *self.settings.notifiers]
        specs = [plan.spec for watch in self.joined.watches.values() for plan in watch.scorers]
        cases = (case for files in self.joined.golden.values() for case in files.golden_set.cases)
        return (
            any(plan.kind == "python" or ":" in plan.kind for plan in plans)
            or any(":" in spec.name for spec in specs)
            or any(":" in spec.name for case in cases for spec in case.checks)
        )

    @cached_property
    def prices(self) -> PriceTable:
        """The price table with the user's own on top."""
        return PriceTable.bundled(self.settings.prices)

    @cached_property
    def callers(self) -> dict[str, Caller]:
        """The callers that were asked for so far, by provider."""
        return {}

    def watch(self, name: str) -> Watch:
        """The watch of that name.

        Raises:
            UnknownName: there is none.
        """
        watches = self.joined.watches
        if name not in watches:
            hint = did_you_mean(name, watches)
            known = ", ".join(watches) or "none"
            raise UnknownName(f"there is no watch {name!r}; {hint or f'watches: {known}'}")
        return watches[name]

    def delivery(self, heartbeat: Callable[[], Alert | None] | None = None, *, poll: float = 1.0) -> DeliveryLoop:
        """The delivery loop over the store's outbox."""
        from watchdog.app.outbox import StoreOutbox  # noqa: PLC0415 - only looks that deliver pay for it
        from watchdog.notify.abilities import Standby  # noqa: PLC0415
        from watchdog.notify.delivery import DeliveryLoop  # noqa: PLC0415

        notifiers = self.notifiers  # first: one that is refused must leave no database behind
        standbys = [one.name for one in notifiers if isinstance(one, Standby) and one.stands_in_for]
        outbox = StoreOutbox(self.store, self.channels.alerts, standbys, self.settings.runbook_base_url)
        return DeliveryLoop(notifiers, outbox, self.clock, heartbeat, rng=Random(), poll=poll)

    def caller(self, provider: str) -> Caller:
        """The one caller of a provider, shared by every watch and judge."""
        if provider not in self.callers:
            plan = self.settings.providers[provider]
            arguments = dict(plan.arguments)
            if "max_connections" in plan.part.parameters:
                arguments.setdefault("max_connections", plan.limits.max_concurrency)
            built = plan.part.construct(arguments, {"clock": self.clock})
            self.callers[provider] = Caller(provider, built, plan.limits, self.clock, Random(), self.prices.cost)
        return self.callers[provider]

    def built(self, name: str) -> BuiltWatch:
        """A watch with its live parts.

        Raises:
            UnknownName: there is no such watch.
            UsageError: a part refuses its arguments, or a secret is not set.
        """
        watch = self.watch(name)
        judges = self.joined.judges.get(name, {})
        providers = {target.provider for target in watch.targets.values()} | {j.provider for j in judges.values()}
        checks = {plan.name: self._check(plan) for plan in watch.scorers if plan.name not in judges}

        def scorers(ask_provider: AskProvider) -> dict[str, Scorer]:
            return {
                plan.name: checks.get(plan.name) or judge_of(judges[plan.name], plan.name, ask_provider)
                for plan in watch.scorers
            }

        pinned = watch.targets.get(Role.PINNED)
        return BuiltWatch(
            watch=watch,
            scorers=scorers,
            callers={provider: self.caller(provider) for provider in sorted(providers)},
            sources=self._sources(watch),
            instruments=Instruments(
                golden_set=watch.golden.digest if watch.golden else "",
                pinned=pinned.digest if pinned else "",
                scorers={scorer_name: scorer.digest for scorer_name, scorer in scorers(_never_asked).items()},
            ),
            anchors={metric: anchored(watch.scorer(metric), judge) for metric, judge in judges.items()},
            judges={metric: JudgeOf(provider=judge.provider, model=judge.model) for metric, judge in judges.items()},
            mean_runs_to_false_alarm=self.false_alarms.mean_runs_to_false_alarm,
        )

    @cached_property
    def false_alarms(self) -> Division:
        """The false-alarm budget, divided over every metric of the house that may page."""
        return self.divided(self.settings.false_alarms)

    def divided(self, budget: FalseAlarmBudget) -> Division:
        """Any false-alarm budget, divided over every metric of the house that may page."""
        watches = self.joined.watches.values()
        return divide(budget, [m for watch in watches for m in paging_metrics(watch, cadence(watch.schedule))])

    def _check(self, plan: ScorerPlan) -> Scorer:
        scorer: Scorer = self._build_check(plan.spec)
        return scorer if scorer.name == plan.name else Renamed(name=plan.name, scorer=scorer)

    def _build_check(self, spec: CheckSpec) -> Scorer:
        built: Scorer = self.settings.parts.build("scorer", spec.name, spec.arguments, build=self._build_check)
        return built

    def _sources(self, watch: Watch) -> list[CaseSource]:
        sources: list[CaseSource] = []
        if watch.golden is not None:
            sources.append(GoldenSource(golden=watch.golden.cases))
        if watch.traffic is not None:
            from watchdog.traffic.source import TrafficSource  # noqa: PLC0415 - only watches with traffic pay for it

            sources.append(TrafficSource(watch.traffic.path, watch.traffic.per_run, feature=watch.feature))
        return sources


def channel(plan: NotifierPlan) -> Notifier:
    """A channel of ``notify``; whoever asks for it closes it.

    Raises:
        UsageError: a secret is not set, or it has another name than its channel.
    """
    built: Notifier = plan.build()
    if built.name != plan.name:
        remedy = "let its constructor take 'name', and 'name' return that"
        raise UsageError(f"notify: {plan.kind} calls itself {built.name!r}, its channel is {plan.name!r}; {remedy}")
    return built


def _audience(plan: NotifierPlan) -> Audience | None:
    """What people read on a channel; None for one that only stands in for another, which is told of every alert."""
    given = {name: parameter.default for name, parameter in plan.part.parameters.items()} | dict(plan.arguments)
    if given.get("when_down"):
        return None
    return Audience(
        channel=plan.name, severities=tuple(given.get("severities") or ()), only=dict(given.get("only") or {})
    )


def cadence(schedule: Schedule) -> float:
    """Seconds between two looks on average."""
    if schedule.every is not None:
        return schedule.every
    if schedule.cron is None:
        return UNKNOWN_CADENCE
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - a tenth of a second that only cron lines pay

    trigger = CronTrigger(**cron_fields(schedule.cron), timezone=ZoneInfo(schedule.timezone))
    # Counted over four weeks from a fixed Monday: the answer must not depend on the day it is asked.
    at, end, count = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC), 0
    while count < 50_000 and (at := trigger.get_next_fire_time(None, at)) is not None and at < end:
        count += 1
        at += timedelta(seconds=1)
    return (end - datetime(2026, 1, 5, tzinfo=UTC)).total_seconds() / max(1, count)


def anchored(plan: ScorerPlan, judge: JudgeFiles) -> Anchored:
    """The anchors of a judge, as often as the watch wants them graded."""
    return Anchored(
        anchors=tuple(
            Anchor(id=a.id, input=a.input, answer=a.answer, human=a.human, expected=a.expected, contexts=a.contexts)
            for a in judge.anchors
        ),
        cadence=AnchorCadence(plan.spec.arguments.get("anchors", AnchorCadence.DAILY)),
    )


def judge_of(judge: JudgeFiles, metric: str, ask_provider: AskProvider) -> Judge:
    """The judge that feeds a metric."""
    spec = JudgeSpec(
        name=judge.name,
        version=judge.version,
        provider=judge.provider,
        model=judge.model,
        parameters=judge.parameters,
        rubric=judge.rubric,
        scale=judge.scale,
        bar=judge.bar,
    )
    return Judge(spec=spec, ask=ask_provider(judge.provider), name=metric)


def _never_asked(provider: str) -> Ask:
    async def ask(request: Request) -> Response:
        del request
        raise UsageError(f"{provider} may not be asked outside a run")

    return ask


def open_app(path: Path, environ: Mapping[str, str], clock: Clock) -> App:
    """The app of a workspace.

    Raises:
        InvalidInput: something in its files is wrong; the error holds every problem.
    """
    return App(join(path, environ).checked(), clock)
