"""A plan as a self-contained page with its chart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchdog.render.drawing import COLOURS, drawing
from watchdog.render.plan_terminal import facts, in_words, named, points, remark, setting, slowest, smallest
from watchdog.render.plan_view import MetricPlanView, PlanView
from watchdog.render.report import templates
from watchdog.render.words import money, stretch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Seconds that get a line of their own.
_TIMES = (300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 86_400.0, 3 * 86_400.0, 604_800.0, 4 * 604_800.0)
#: Drops that get one, score units.
_DROPS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4)


def plan_html(view: PlanView) -> str:
    """The page. Every text from outside is escaped; nothing is loaded from anywhere."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    metric = slowest(view)
    words = {"in_words": in_words, "named": named, "points_of": points, "setting": setting, "smallest": smallest}
    return (
        templates()
        .get_template("plan.html")
        .render(
            view=view,
            metric=metric,
            wide=Markup(delay_chart(metric)),  # noqa: S704 - drawn by us, from numbers
            narrow=Markup(delay_chart(metric, width=4.1, height=3.7)),  # noqa: S704
            facts=facts(view),
            remark=remark(view),
            tables=[
                *(
                    [(f"The best designs for {money(view.budget)} a day", [*view.designs, view.today])]
                    * bool(view.budget)
                ),
                ("Twice the effort, each in one direction", [view.today, *view.changes]),
            ],
            **words,
        )
    )


def delay_chart(metric: MetricPlanView, *, width: float = 9.0, height: float = 3.9) -> str:
    """Time until a drop is found over its size, both on logarithmic scales: half of the times, and nine of ten."""
    found = [(delay.drop, delay.typical_seconds) for delay in metric.curve if delay.typical_seconds is not None]
    sure = [(delay.drop, delay.late_seconds) for delay in metric.curve if delay.late_seconds is not None]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.fill_between(
            [drop for drop, _ in sure],
            [seconds for _, seconds in found[len(found) - len(sure) :]],
            [seconds for _, seconds in sure],
            color=COLOURS["band"],
            linewidth=0,
        )
        for line, colour, style in ((sure, "pinned", (0, (3, 1.4))), (found, "current", "solid")):
            axes.plot(
                [drop for drop, _ in line],
                [seconds for _, seconds in line],
                color=COLOURS[colour],
                linewidth=1.6,
                linestyle=style,
            )
        axes.axvline(metric.smallest_drop, color=COLOURS["worse"], linewidth=1.0, linestyle=(0, (6, 2)))
        axes.annotate(
            "smallest drop that pages",
            (metric.smallest_drop, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4),
            textcoords="offset points",
            va="top",
            fontsize=8.5,
            color=COLOURS["worse"],
        )
        _ticks(axes, found, sure)

    name = re.sub(r"[^\w .:/@-]", "", metric.metric)
    description = f"Time until a drop of {name} is found, by the size of the drop"
    return drawing(draw, width=width, height=height, salt=f"{name}plan", description=description)


def _ticks(axes: Axes, found: Sequence[tuple[float, float]], sure: Sequence[tuple[float, float]]) -> None:
    if found:
        times = [seconds for _, seconds in (*found, *sure)]
        low, high = min(times) / 1.3, max(times) * 1.3
        axes.set_ylim(low, high)
        shown = [time for time in _TIMES if low <= time <= high]
        axes.set_yticks(shown, [stretch(time) for time in shown])
        smallest_found, largest = found[0][0], found[-1][0]
        if largest > smallest_found:
            axes.set_xlim(smallest_found, largest)
        marked = [drop for drop in _DROPS if smallest_found <= drop <= largest]
        axes.set_xticks(marked, [points(drop) for drop in marked])
    axes.minorticks_off()
    axes.set_xlabel("drop, points")
    axes.grid()
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
