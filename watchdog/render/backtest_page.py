"""A backtest as a self-contained page with charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from watchdog.domain.metric import Arm
from watchdog.render.backtest_text import FOUND, caveats, headline, reach, rules
from watchdog.render.backtest_view import BacktestView, CalmRow, FoundRow
from watchdog.render.drawing import COLOURS, drawing
from watchdog.render.report import charts, templates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colour and line of the drops, smallest first: they differ in both.
_LINES: tuple[tuple[str, Any], ...] = (
    ("infra", (0, (1, 1.4))),
    ("pinned", (0, (3, 1.4))),
    ("change", (0, (6, 1.6))),
    ("current", "solid"),
    ("worse", (0, (5, 1.2, 1.2, 1.2))),
)


def backtest_html(view: BacktestView) -> str:
    """The page. Every text from outside is escaped; nothing is loaded from anywhere."""
    return (
        templates()
        .get_template("backtest.html")
        .render(
            view=view,
            headline=headline(view),
            rules=f"{reach(view)} {rules(view)}",
            caveats=caveats(view),
            series=[charts(series, salt=f"s{number}") for number, series in enumerate(view.series)],
            calm=_calm_chart((*view.calm, view.total)) if view.total is not None else None,
            delays=_delay_charts(view),
            tables={title: [row for row in view.found if row.kind in kinds] for title, kinds in FOUND.items()},
        )
    )


def _delay_charts(view: BacktestView) -> list[tuple[str, Any]]:
    """One drawing a metric: share of the histories that had rung, by looks since the drop."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    found = []
    for metric in dict.fromkeys(row.metric for row in view.found):
        rows = [row for row in view.found if (row.metric, row.kind, row.arm) == (metric, "drop", Arm.CURRENT)]
        if rows:
            found.append((metric, Markup(_delay_chart(rows, metric))))  # noqa: S704 - drawn by us, from numbers
    return found


def _delay_chart(rows: Sequence[FoundRow], metric: str) -> str:
    def draw(figure: Figure) -> None:
        axes: Axes = figure.subplots()
        within = rows[0].within
        ordered = sorted(rows, key=lambda row: row.drop)
        for row, (colour, line) in zip(ordered, _LINES[-len(ordered) :], strict=False):
            looks = [1, *row.delays, within]
            share = [0.0, *((index + 1) / row.histories for index in range(row.found)), row.found / row.histories]
            axes.step(
                looks, share, where="post", color=COLOURS[colour], linestyle=line, linewidth=1.7, label=row.scenario
            )
        axes.set_xscale("log")
        ticks = [tick for tick in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= within]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set_xlim(1, within)
        axes.set_ylim(0, 1.03)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_xlabel("looks since the drop")
        axes.grid(axis="y")
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, handlelength=2.6)

    return drawing(draw, width=7.4, height=2.6, salt=f"delays {metric}", description=f"Share found of {_plain(metric)}")


def _calm_chart(rows: Sequence[CalmRow]) -> Any:
    """Alarms a quarter of each metric, with interval, against what the budget allows."""
    from markupsafe import Markup  # noqa: PLC0415

    def draw(figure: Figure) -> None:
        axes: Axes = figure.subplots()
        places = list(range(len(rows)))[::-1]
        for place, row in zip(places, rows, strict=True):
            low, high = row.interval
            axes.plot([low, high], [place, place], color=COLOURS["current"], linewidth=2.2, solid_capstyle="butt")
            axes.plot([row.achieved], [place], color=COLOURS["current"], marker="o", markersize=5.5)
            axes.plot([row.allowed, row.allowed], [place - 0.36, place + 0.36], color=COLOURS["worse"], linewidth=1.8)
        axes.set_yticks(places, [_plain(row.metric) for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(0, 1.08 * max(max(row.allowed, row.interval[1]) for row in rows))
        axes.set_xlabel("false alarms in 90 days")
        axes.grid(axis="x")
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)

    height = 0.75 + 0.3 * len(rows)
    described = "False alarms in 90 days by metric, counted and allowed"
    return Markup(drawing(draw, width=7.4, height=height, salt="calm", description=described))  # noqa: S704


def _plain(name: str) -> str:
    """A name without characters that mean something to the drawing or to HTML."""
    return "".join(letter for letter in name if letter.isalnum() or letter in " .:/@-_[]")
