"""The acceptance table: the pager's promise and its speed.

Hourly runs, A = 87,600 (a tenth of a false alarm in a metric-year), smallest drop 2 points, 100 cases of unequal
difficulty of which 0.9 pass. S0 independent runs, 500 baseline runs; S1 the same with 20, as everywhere below; S2
weather of 0.3 on the logit (1.8 points); S3 the same, correlated 0.6 from run to run, shared with pinned; S4 the same,
the current target's own; S5 a fifth of the runs partial; S6 a daily wave. *Bound*: 2 log(A) v / drop^2, v the long-run
variance of a run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.detection.counting import Figure, Row, Table, generator, quantile, rate, scaled, share
from benchmarks.detection.shapes import shape_rows
from benchmarks.detection.streams import HOURLY_YEAR, Arm, Runs, World, simulate, step
from benchmarks.detection.watching import A, Alarm, alarms, delays, first_alarms
from watchdog.stats.power import expected_delay

SETTINGS = {
    "S0": World(baseline=500),
    "S1": World(),
    "S2": World(shared=0.3),
    "S3": World(shared=0.3, correlation=0.6),
    "S4": World(own=0.3, correlation=0.6),
    "S5": World(shared=0.2, partial=0.2),
    "S6": World(baseline=48, season=0.25),
}
NEAR_PERFECT = World(level=0.995)
#: Looks before a drop.
BEFORE = 200
#: Looks in which a drop of so many points must be found.
HORIZONS = {0.02: 1500, 0.05: 400, 0.10: 120, 0.20: 60}


class Delays(NamedTuple):
    """Delays to a step in looks, infinite where it was not found; and the bound on them."""

    values: list[float]
    bound: float

    @property
    def median(self) -> Figure:
        return quantile(self.values, 0.5)

    @property
    def late(self) -> Figure:
        return quantile(self.values, 0.9)

    @property
    def found(self) -> Figure:
        return share(sum(map(math.isfinite, self.values)), len(self.values), "streams")

    @property
    def times(self) -> Figure:
        """The median over the bound."""
        value, low, high = (part / self.bound for part in (self.median.value, self.median.low, self.median.high))
        return Figure(value=value, low=low, high=high, basis=f"bound {self.bound:.3g} runs")

    def figures(self) -> dict[str, Figure | str]:
        """All of them."""
        return {"median runs": self.median, "90 % within": self.late, "found": self.found, "bounds": self.times}


def table(scale: float) -> Table:
    """Every row, at a share of the full size."""
    assert __doc__ is not None
    rows = [*_false_alarms(scale), *_steps(scale), *shape_rows(scale)]
    return Table(
        name="acceptance", title="acceptance", rows=rows, note=__doc__.split("\n\n", 1)[1].strip(), columns=False
    )


def calm(world: World, name: str, *, scale: float, streams: int = 500) -> tuple[Runs, list[Alarm]]:
    """A year of streams to which nothing happens, and the alarms on them."""
    rng = generator("calm", name)
    count, looks = scaled(streams, scale), HOURLY_YEAR if scale >= 0.05 else 300
    runs = simulate(world, streams=count, looks=looks, rng=rng)
    return runs, alarms(runs.current, world.baseline, rng.random((looks, count)))


def stepped(world: World, points: float, name: str, *, streams: int) -> Delays:
    """Delays to a step after 200 looks."""
    rng, looks = generator("step", name, points), BEFORE + HORIZONS[points]
    changed = World(**{**vars(world), "drop": step(BEFORE, points)})
    runs = simulate(changed, streams=streams, looks=looks, rng=rng)
    rung = first_alarms(runs.current, world.baseline, rng.random((looks, streams)))
    bound = expected_delay(points, long_run_variance(runs.current, world), A)
    return Delays(delays(rung, BEFORE), bound)


def long_run_variance(arm: Arm, world: World) -> float:
    """Variance of a run of the first calm looks, its weather's part inflated by the true correlation."""
    calm_looks = arm.x[world.baseline : world.baseline + BEFORE]
    sampling = float(arm.variance[world.baseline : world.baseline + BEFORE].mean())
    weather = max(0.0, float(calm_looks.var(0).mean()) - sampling)
    return sampling + weather * (1 + world.correlation) / (1 - world.correlation)


def _false_alarms(scale: float) -> Iterator[Row]:
    pooled, pooled_years = 0, 0.0
    for name, world in {**SETTINGS, "level .995": NEAR_PERFECT}.items():
        runs, rung = calm(world, name, scale=scale, streams=250 if world.correlation else 500)
        figure = rate(len(rung), runs.years)
        if world.correlation:
            pooled, pooled_years = pooled + len(rung), pooled_years + runs.years
            continue
        what = f"{name}: false alarms a metric-year"
        yield Row(what=what, figures={"measured": figure}, bar="<= 0.10", met=figure.value <= 0.10)
    both = rate(pooled, pooled_years)
    good = both.value <= 0.10 and both.high <= 0.15
    what = "S3 and S4, whole lives: false alarms a metric-year"
    yield Row(what=what, figures={"measured": both}, bar="<= 0.10, upper limit <= 0.15", met=good)
    yield _fifty_metrics(scale)


def _fifty_metrics(scale: float) -> Row:
    """The pager's arithmetic: 12 false alarms a year over 50 metrics is A = 50 x 8,760 / 12."""
    rng, mean_runs = generator("fifty metrics"), 36_500.0
    count, looks = scaled(250, scale), HOURLY_YEAR if scale >= 0.05 else 300
    runs = simulate(SETTINGS["S2"], streams=count, looks=looks, rng=rng)
    rung = alarms(runs.current, SETTINGS["S2"].baseline, rng.random((looks, count)), mean_runs=mean_runs)
    figure = rate(len(rung), runs.years / 50, "years of 50 metrics")
    what = "50 metrics as S2, budget 12 a year (A = 36,500): false alarms a year"
    return Row(what=what, figures={"measured": figure}, bar="<= 12", met=figure.value <= 12)


def _steps(scale: float) -> Iterator[Row]:
    def row(name: str, points: float, bar: str, met: Callable[[Delays], bool], full: int = 200) -> Row:
        world = NEAR_PERFECT if name == "level .995" else SETTINGS[name]
        found = stepped(world, points, name, streams=scaled(full, scale))
        return Row(what=f"{name}: drop of {points * 100:.0f} points", figures=found.figures(), bar=bar, met=met(found))

    yield row("S1", 0.05, "median <= 10, 90 % <= 18", lambda d: d.median.value <= 10 and d.late.value <= 18)
    yield row("S0", 0.02, "<= 1.2 bounds", lambda d: d.times.value <= 1.2)
    yield row("S1", 0.02, "<= 1.6 bounds", lambda d: d.times.value <= 1.6)
    yield row("S2", 0.02, "<= 1.6 bounds", lambda d: d.times.value <= 1.6)
    yield row("S1", 0.10, "median <= 5", lambda d: d.median.value <= 5)
    yield row("S1", 0.20, "median <= 3 (acute rule)", lambda d: d.median.value <= 3)
    yield row("S3", 0.05, "<= 1.8 bounds", lambda d: d.times.value <= 1.8)
    yield row("S4", 0.05, "<= 1.8 bounds", lambda d: d.times.value <= 1.8)
    yield row("S3", 0.02, ">= 99 % in 1,500 runs", lambda d: d.found.value >= 0.99, 300)
    yield row("S4", 0.02, ">= 99 % in 1,500 runs", lambda d: d.found.value >= 0.99, 300)
    yield row("S5", 0.05, "median <= 13", lambda d: d.median.value <= 13)
    yield row("level .995", 0.05, "all, median <= 5", lambda d: d.median.value <= 5 and d.found.value == 1.0)
