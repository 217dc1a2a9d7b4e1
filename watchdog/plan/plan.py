"""The door: what a watch will find, how soon, at what price, and what would help most."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.detect.budget import QUARTER
from watchdog.domain.case import Estimand
from watchdog.domain.metric import MetricKey
from watchdog.plan.design import DAY, Design, PlannedMetric, chance_of_a_look, found_after
from watchdog.plan.facts import Facts, gather
from watchdog.plan.gate import gate_plan
from watchdog.plan.noise import Assumptions
from watchdog.plan.search import INTERVALS, ranked
from watchdog.render.plan_view import DelayView, DesignView, GatePlanView, HorizonView, MetricPlanView, PlanView
from watchdog.render.words import stretch

#: Drops that delays are shown for, score units.
DROPS = (0.02, 0.05, 0.10, 0.20)
#: Drops of the curve, and so the steps in which the smallest detectable one is looked for: 0.5 to 60 points.
CURVE = tuple(0.005 * 120 ** (step / 95) for step in range(96))
HORIZONS = (("1 day", DAY), ("3 days", 3 * DAY), ("1 week", 7 * DAY), ("1 month", 30 * DAY))
#: A drop of less than so many times the smallest one has to wait until its estimate is no smaller: 9 of 10 in 80
#: simulated streams did, a quarter later (tests/statistical/test_delay.py). Above, none waits.
PLAIN, WAIT = 1.2, 1.25
#: Said of a watch without a pinned target.
NO_CONTROL = " And a pinned target: without one, a moved judge or harness looks like a worse model."
#: Designs shown for a budget.
BEST = 5


def plan_watch(
    app: App,
    name: str,
    *,
    assumptions: Assumptions | None = None,
    answer_cost: float | None = None,
    budget: float | None = None,
    gate: bool = False,
) -> PlanView:
    """The plan of a watch. Asks no model and writes nothing.

    ``budget``: US dollars a day, to search designs for. ``answer_cost``: of one answer, instead of what was measured.

    Raises:
        UnknownName: there is no such watch.
        UsageError: nothing of it may page, or a budget is given and the price of an answer is not known.
    """
    facts = gather(app, name, assumptions or Assumptions(), answer_cost=answer_cost)
    metrics = tuple(_metric(facts, key, metric) for key, metric in facts.metrics.items())
    slowest = max(facts.metrics.values(), key=lambda metric: _when(facts, metric, facts.today))
    today = design_view(facts, slowest, facts.today, "today")
    changes = tuple(
        sorted((design_view(facts, slowest, design, what) for what, design in _changes(facts.today)), key=soonest)
    )
    return PlanView(
        watch=name,
        source=facts.source,
        smallest_drop=slowest.smallest_drop,
        today=today,
        requested=app.settings.false_alarms.count * QUARTER / app.settings.false_alarms.seconds,
        expected=sum(metric.false_pages for metric in metrics),
        metrics=metrics,
        changes=changes,
        advice=_advice(today, changes, slowest.name) + ("" if today.pinned_every else NO_CONTROL),
        budget=budget,
        designs=() if budget is None else _designs(facts, slowest, budget),
        gate=_gate(facts) if gate else (),
    )


def _gate(facts: Facts) -> tuple[GatePlanView, ...]:
    tested = [metric for key, metric in facts.metrics.items() if key.estimand is Estimand.GOLDEN_SET and not key.tag]
    return tuple(gate_plan(facts, metric, len(tested)) for metric in tested)


def design_view(facts: Facts, metric: PlannedMetric, design: Design, what: str) -> DesignView:
    """A design with its price and the delay of the smallest drop that matters."""
    [delay] = _delays(metric, design, [metric.smallest_drop])
    return DesignView(
        what=what,
        cases=design.cases,
        repeats=design.repeats,
        every=design.every,
        pinned_every=design.pinned_every,
        calls_a_day=facts.prices.calls_a_day(design),
        money_a_day=facts.prices.money_a_day(design),
        delay=delay,
    )


def _designs(facts: Facts, metric: PlannedMetric, budget: float) -> tuple[DesignView, ...]:
    found = ranked(facts, metric, budget)[:BEST]
    return tuple(design_view(facts, metric, design, f"design {place}") for place, (design, *_) in enumerate(found, 1))


def soonest(design: DesignView) -> tuple[float, float, float]:
    """What designs are put in order by: how soon the drop is found, and then the price."""
    typical, late = design.delay.typical_seconds, design.delay.late_seconds
    money = math.inf if design.money_a_day is None else design.money_a_day
    return (math.inf if typical is None else typical, math.inf if late is None else late, money)


def _metric(facts: Facts, key: MetricKey, metric: PlannedMetric) -> MetricPlanView:
    design, noise = facts.today, metric.noise
    look = chance_of_a_look(metric, design)
    mean_runs = metric.mean_runs(design.every)
    found = _delays(metric, design, (*DROPS, *CURVE))
    delays, curve = found[: len(DROPS)], found[len(DROPS) :]
    return MetricPlanView(
        metric=metric.name,
        smallest_drop=metric.smallest_drop,
        estimand=key.estimand,
        level=noise.level,
        cases=round(design.cases * metric.share),
        spread=look.spread,
        within=math.sqrt(max(look.spread**2 - noise.runs, 0.0)),
        between=math.sqrt(noise.runs),
        correlation=look.correlation[0] if noise.neighbours > 0 else 0.0,
        looks=noise.looks,
        seen=noise.seen,
        assumed=noise.assumed,
        mean_runs=mean_runs,
        false_pages=QUARTER / design.every / mean_runs,
        delays=delays,
        horizons=tuple(_horizon(name, seconds, curve, design.every) for name, seconds in HORIZONS),
        curve=curve,
    )


def _delays(metric: PlannedMetric, design: Design, drops: Sequence[float]) -> tuple[DelayView, ...]:
    found, smallest = found_after(metric, design, drops), metric.smallest_drop
    views = []
    for drop, *looks in zip(drops, found.typical, found.late, strict=True):
        wait = WAIT if smallest <= drop < PLAIN * smallest else 1.0
        typical, late = (None if math.isinf(count) else round(wait * count) for count in looks)
        views.append(
            DelayView(
                drop=drop,
                typical=typical,
                late=late,
                typical_seconds=None if typical is None else typical * design.every,
                late_seconds=None if late is None else late * design.every,
                pages=drop >= smallest,
            )
        )
    return tuple(views)


def _horizon(name: str, seconds: float, curve: Sequence[DelayView], every: float) -> HorizonView:
    """The smallest drop of the curve that is found in time."""
    in_time = [d.drop for d in curve if (d.typical_seconds or math.inf) <= seconds]
    surely = [d.drop for d in curve if (d.late_seconds or math.inf) <= seconds]
    return HorizonView(
        name=name, looks=int(seconds / every), typical=min(in_time, default=None), late=min(surely, default=None)
    )


def _when(facts: Facts, metric: PlannedMetric, design: Design) -> float:
    return soonest(design_view(facts, metric, design, ""))[0]


def _changes(today: Design) -> list[tuple[str, Design]]:
    """Twice the effort, each in one direction."""
    sooner = max([step for step in INTERVALS if step <= today.every / 2], default=today.every / 2)
    return [
        (f"{2 * today.cases} cases a look instead of {today.cases}", replace(today, cases=2 * today.cases)),
        (f"{2 * today.repeats} answers a case instead of {today.repeats}", replace(today, repeats=2 * today.repeats)),
        (f"a look every {stretch(sooner)} instead of {stretch(today.every)}", replace(today, every=sooner)),
    ]


def _advice(today: DesignView, changes: Sequence[DesignView], metric: str) -> str:
    best, drop = changes[0], f"{100 * today.delay.drop:g} points"
    after, before = best.delay.typical_seconds, today.delay.typical_seconds
    if after is None:
        return f"Doubling cases, answers or looks does not let {metric} find a drop of {drop} within three months."
    times = best.calls_a_day / today.calls_a_day
    price = "twice the calls" if round(times, 1) == 2 else f"{times:.2g} times the calls"
    if before is None:
        return (
            f"{best.what[0].upper()}{best.what[1:]}: a drop of {drop} in {metric} is then found after about "
            f"{stretch(after)}, at {price}; today it is not found within three months."
        )
    if after >= before:
        return f"Nothing: neither more cases nor more answers nor more looks find a drop of {drop} sooner."
    return (
        f"{best.what[0].upper()}{best.what[1:]}: a drop of {drop} in {metric} is then found after about "
        f"{stretch(after)} instead of {stretch(before)}, at {price}."
    )
