"""The pager's promise: how often it rings while nothing changed.

Hourly runs, A = 87,600 (a tenth of a false alarm in a metric-year), smallest drop 1 point, 100 cases of unequal
difficulty of which 0.9 pass. S0 independent runs, 500 baseline runs; S1 the same with 20, as everywhere below; S2
weather of 0.3 on the logit (1.8 points); S3 the same, correlated 0.6 from run to run, shared with pinned; S4 the same,
the current target's own; S5 a fifth of the runs partial; S6 a daily wave, 48 baseline runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.detection.counting import Row, Table, generator, rate, scaled
from benchmarks.detection.streams import HOURLY_YEAR, Runs, World, simulate
from benchmarks.detection.watching import Alarm, alarms

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


def table(scale: float) -> Table:
    """One row a setting."""
    assert __doc__ is not None
    return Table(name="promise", title="false alarms", rows=_rows(scale), note=__doc__.split("\n\n", 1)[1].strip())


def calm(world: World, name: str, *, scale: float, streams: int = 500) -> tuple[Runs, list[Alarm]]:
    """A year of streams to which nothing happens, and the alarms on them."""
    rng = generator("calm", name)
    count, looks = scaled(streams, scale), HOURLY_YEAR if scale >= 0.05 else 300
    runs = simulate(world, streams=count, looks=looks, rng=rng)
    return runs, alarms(runs.current, world.baseline, rng.random((looks, count)))


def _rows(scale: float) -> Iterator[Row]:
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
