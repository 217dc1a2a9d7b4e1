"""Side by side, on identical streams, with what a user would pick instead.

100 cases of unequal difficulty, 0.9 of them pass, 20 baseline runs, hourly. *Independent*: nothing but the answers
varies. *Weather*: 0.3 on the logit (1.8 points) from run to run; *correlated*: the same, 0.6 from run to run;
*partial*: a fifth of the runs partial; *daily wave*: 0.25 on the logit, 48 baseline runs. Rates are beginnings of an
alarm a metric-year while nothing changed; delays are runs from a drop after 200 looks to the first look that rings
(median, then 90 %), and a test that rings most of the time anyway is quick for that reason alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection.counting import Figure, Row, Table, generator, quantile, rate, scaled, share, short
from benchmarks.detection.rivals import RIVALS, NotInstalled, Rival, beginnings
from benchmarks.detection.streams import HOURLY_YEAR, Runs, World, simulate, step

WORLDS = {
    "independent": World(),
    "weather": World(shared=0.3),
    "correlated": World(shared=0.3, correlation=0.6),
    "partial": World(shared=0.2, partial=0.2),
    "daily wave": World(baseline=48, season=0.25),
}
BEFORE, HORIZON = 200, 400
POINTS = (0.02, 0.05, 0.10)
FIGURE = Path(__file__).parents[2] / "docs" / "images" / "side-by-side.svg"


def table(scale: float) -> Table:
    """One row a rival."""
    assert __doc__ is not None
    return Table(name="rivalry", title="side by side", rows=_rows(scale), note=__doc__.split("\n\n", 1)[1].strip())


def _rows(scale: float) -> Iterator[Row]:
    looks = HOURLY_YEAR if scale >= 0.05 else 300
    quiet, dropped = {}, {}
    for name, world in WORLDS.items():
        rng, streams = generator("side by side", name), scaled(100, scale)
        quiet[name] = simulate(world, streams=streams, looks=looks, rng=rng), rng.random((looks, streams))
    for points in POINTS:
        rng, streams = generator("side by side", points), scaled(150, scale)
        world = World(shared=0.3, drop=step(BEFORE, points))
        runs = simulate(world, streams=streams, looks=BEFORE + HORIZON, rng=rng)
        dropped[points] = runs, rng.random((BEFORE + HORIZON, streams))
    for rival in RIVALS:
        try:
            figures: dict[str, Figure | str] = {
                name: _rate(rival, runs, ties) for name, (runs, ties) in quiet.items()
            } | {
                f"{points * 100:.0f} points, weather": _delay(rival, runs, ties)
                for points, (runs, ties) in dropped.items()
            }
        except NotInstalled as error:
            figures = {next(iter(WORLDS)): str(error)}
        yield Row(what=rival.name, figures=figures)


def _rate(rival: Rival, runs: Runs, ties: np.ndarray) -> Figure:
    return rate(int(beginnings(rival.ringing(runs, ties)).sum()), runs.years)


def _delay(rival: Rival, runs: Runs, ties: np.ndarray) -> str:
    after = rival.ringing(runs, ties)[BEFORE:]
    delays = np.where(after.any(0), after.argmax(0) + 1.0, np.inf).tolist()
    found = share(int(after.any(0).sum()), runs.streams).value
    late = short(quantile(delays, 0.9).value)
    return f"{short(quantile(delays, 0.5).value)}, {late}" + (f" ({found:.0%} found)" if found < 1 else "")


def draw(measured: dict[str, Any], file: Path = FIGURE) -> None:
    """The figure: how often each rings for nothing, and how soon for five points."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    grey, green, column = "#555d6b", "#0b6e4f", f"{POINTS[1] * 100:.0f} points, weather"
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.family": "sans-serif"}):
        picture = Canvas(figsize=(8, 4.6), layout="constrained")
        FigureCanvasSVG(picture)
        axes = picture.add_subplot()
        labelled: dict[tuple[float, float], list[str]] = {}
        for row in measured["rows"]:
            if column not in row["figures"]:
                continue
            wrong, first = row["figures"]["weather"], row["figures"][column].split(",")[0]
            delay = float(HORIZON) if first == "never" else float(first)
            own, x = row["what"].startswith("eval-watchdog"), max(wrong["value"], 0.01)
            axes.plot([max(wrong["low"], 0.01), wrong["high"]], [delay, delay], color="#c0c6cf", lw=1.5, zorder=1)
            axes.plot(x, delay, "o", ms=9 if own else 6, color=green if own else grey, zorder=2)
            labelled.setdefault((x, delay), []).append(row["what"])
        for (x, delay), names in labelled.items():
            below = any("z scores" in name for name in names)
            axes.annotate(
                ", ".join(names),
                (x, delay),
                xytext=(9, -15 if below else 5),
                textcoords="offset points",
                ha="right" if below else "left",
                fontsize=9,
                fontweight="bold" if names[0].startswith("eval-watchdog") else "normal",
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(0.007, 40_000)
        axes.set_ylim(0.8, HORIZON * 2)
        axes.axhline(HORIZON, color="#c0c6cf", lw=0.8, ls=":")
        axes.axvline(0.1, color=green, lw=0.8, ls="--")
        axes.text(0.115, 0.9, "promised: 0.1 a year", fontsize=8, color=green)
        axes.text(35_000, HORIZON * 0.72, "not found in 400 runs", fontsize=8, color=grey, ha="right")
        axes.set_xlabel("false alarms a metric-year under weather (hourly runs; 0.01: none seen; bars: 95 %)")
        axes.set_ylabel("runs until a drop of 5 points rings (median)")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.savefig(file, metadata={"Date": None})
