"""A plan on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchdog.domain.case import Estimand
from watchdog.render.plan_view import DelayView, DesignView, HorizonView, MetricPlanView, PlanView
from watchdog.render.terminal import show_table
from watchdog.render.words import harmless, money, percent, stretch

if TYPE_CHECKING:
    from rich.console import Console

NEVER = "over 3 months"
#: Drops that get a bar, score units.
_BARS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20, 0.30)


def show_plan(view: PlanView, to: Console) -> None:
    """What it finds, how soon, for how many false pages and how much money, and what would help."""
    to.print(harmless(f"{view.watch}: {setting(view.today)}"), style="bold")
    to.print(view.source)
    to.print()
    drops = [f"{points(delay.drop)} points" for delay in view.metrics[0].delays]
    rows = [[named(metric), *(in_words(delay) for delay in metric.delays)] for metric in view.metrics]
    show_table(["a drop of", *drops], rows, to, title="How soon it is found: half of the times, nine of ten")
    to.print(remark(view))
    to.print()
    horizons = [horizon.name for horizon in view.metrics[0].horizons]
    rows = [[named(metric), *(smallest(horizon) for horizon in metric.horizons)] for metric in view.metrics]
    show_table(["found within", *horizons], rows, to, title="The smallest drop that is found, in points")
    _show_bars(view, to)
    for name, value in facts(view):
        to.print(f"{name:<24}{value}")
    to.print()
    to.print(f"What helps most: {view.advice}")
    if view.changes:
        to.print()
        _show_designs([view.today, *view.changes], to, "Twice the effort, each in one direction")
    if view.budget is not None:
        title = f"The designs for {money(view.budget)} a day that find {points(view.smallest_drop)} points soonest"
        _show_designs([*view.designs, view.today], to, title)
        if not view.designs:
            to.print(f"No design for {money(view.budget)} a day finds {points(view.smallest_drop)} points in 3 months.")
    if view.gate:
        _show_gate(view, to)


def facts(view: PlanView) -> list[tuple[str, str]]:
    """The rest, in pairs of words; for terminal and page alike."""
    slowest = max(view.metrics, key=lambda metric: metric.spread)
    parts = f"{points(slowest.within)} within its {slowest.cases} cases, {points(slowest.between)} shared by the run"
    pages = f"{view.requested:.2g} allowed over all watches; at most {view.expected:.2g} from this one"
    found = [
        ("false pages a quarter", pages),
        ("calls a day", f"{view.today.calls_a_day:,.0f}, judges included"),
        ("money a day", money(view.today.money_a_day)),
        (f"chance in {slowest.metric}", f"a look varies by {points(slowest.spread)} points: {parts}"),
    ]
    if slowest.seen is not None:
        spread, low, high = slowest.seen
        varied = f"varied by {points(spread)} points (90 % interval {points(low)} to {points(high)})"
        found.append((f"{slowest.looks} looks so far", f"{varied}, neighbours correlate by {slowest.correlation:.2f}"))
    return found


def remark(view: PlanView) -> str:
    """What the ranges are and are not."""
    return (
        f"Drops in brackets are under the smallest_drop of their metric ({_smallest_drops(view)} points): they are "
        "suspected but page nobody; of drops just that large one in ten is taken for smaller. For a change after two "
        "weeks of looks."
    )


def _smallest_drops(view: PlanView) -> str:
    return " or ".join(points(drop) for drop in sorted({metric.smallest_drop for metric in view.metrics}))


def named(metric: MetricPlanView) -> str:
    """A metric's name; what it is a statement about where that is not the golden set."""
    return metric.metric if metric.estimand is Estimand.GOLDEN_SET else f"{metric.metric} @traffic"


def points(drop: float) -> str:
    """A drop of score units as points: ``2``, ``4.3``."""
    return f"{100 * drop:.1f}".removesuffix(".0")


def setting(design: DesignView) -> str:
    """A design in words."""
    answers = "" if design.repeats == 1 else f" x {design.repeats} answers"
    return f"{design.cases} cases{answers} every {stretch(design.every)}{_control(design)}"


def in_words(delay: DelayView) -> str:
    """``9 to 16 looks`` and the hours below; whether it pages at all."""
    if delay.typical is None:
        return NEVER
    looks = _count(delay)
    late = NEVER if delay.late_seconds is None else stretch(delay.late_seconds)
    time = stretch(delay.typical_seconds)
    said = f"{looks} looks\n{time}" if late == time else f"{looks} looks\n{time} to {late}"
    return said if delay.pages else f"({said})"


def smallest(horizon: HorizonView) -> str:
    """``4.3 to 6.1``: found in half of the cases, in nine of ten."""
    if horizon.typical is None:
        return "nothing"
    if horizon.late is None:
        return f"{points(horizon.typical)} at best"
    same = points(horizon.typical) == points(horizon.late)
    return points(horizon.late) if same else f"{points(horizon.typical)} to {points(horizon.late)}"


def _count(delay: DelayView) -> str:
    if delay.late is None:
        return f"{delay.typical} or more"
    return f"{delay.typical}" if delay.late == delay.typical else f"{delay.typical} to {delay.late}"


def _control(design: DesignView) -> str:
    if not design.pinned_every:
        return ", no pinned control"
    return ", pinned in each" if design.pinned_every == 1 else f", pinned in 1 of {design.pinned_every}"


def _show_bars(view: PlanView, to: Console) -> None:
    """The metric that finds the smallest drop last: bars of looks on a logarithmic scale."""
    metric = slowest(view)
    shown = [min(metric.curve, key=lambda delay: abs(delay.drop - drop)) for drop in _BARS]
    shown = [delay for delay in shown if delay.typical is not None]
    if not shown:
        return
    to.print(
        f"{named(metric)}: looks until a drop is found (full: half of the times, shaded: nine of ten)", style="bold"
    )
    room, longest = min(60, max(20, to.width - 30)), max(delay.late or delay.typical or 1 for delay in shown)
    scale = room / math.log(longest + 1)
    for delay in shown:
        full = round(scale * math.log((delay.typical or 1) + 1))
        rest = (room if delay.late is None else round(scale * math.log(delay.late + 1))) - full
        number = _count(delay)
        to.print(f"{points(delay.drop):>5} {'█' * full}{'░' * rest} {number}")
    to.print()


def slowest(view: PlanView) -> MetricPlanView:
    """The metric that finds the smallest drop last."""

    def key(metric: MetricPlanView) -> tuple[float, float]:
        return sum(delay.typical_seconds or math.inf for delay in metric.curve if delay.pages), metric.spread

    return max(view.metrics, key=key)


def _show_designs(designs: Sequence[DesignView], to: Console, title: str) -> None:
    rows = [
        [design.what, setting(design), in_words(design.delay), f"{design.calls_a_day:,.0f}", money(design.money_a_day)]
        for design in designs
    ]
    drop = points(designs[0].delay.drop) if designs else ""
    columns = ["", "design", f"{drop} points found after", "calls a day", "money a day"]
    show_table(columns, rows, to, right=columns[3:], title=title)


def _show_gate(view: PlanView, to: Console) -> None:
    rows = [
        [
            gate.metric,
            f"{gate.cases} x {gate.repeats}",
            points(gate.margin),
            points(gate.catches),
            percent(gate.passes),
            f"{gate.cases_needed:,}",
        ]
        for gate in view.gate
    ]
    columns = ["metric", "cases x answers", "margin", "refused (4 of 5)", "as good passes", "cases for 4 of 5"]
    show_table(columns, rows, to, right=columns[1:], title="A CI gate of one look at this set, drops in points")
