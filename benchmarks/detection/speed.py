"""How soon it rings: runs from a step to the alarm, its own included.

The settings are those of the promise; the drop comes after 200 calm looks. *Bounds*: the median over
2 log(A) v / drop^2, v the long-run variance of a run: no test of this A can do much better on average (Lorden 1971).
A drop of 2 points must be found within 1,500 runs, of 5 within 400, of 10 within 120, of 20 within 60.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.detection.counting import Figure, Row, Table, generator, quantile, scaled, share
from benchmarks.detection.promise import NEAR_PERFECT, SETTINGS
from benchmarks.detection.streams import Arm, World, simulate, step
from benchmarks.detection.watching import A, delays, first_alarms
from watchdog.stats.power import expected_delay

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
    """One row a setting and drop."""
    assert __doc__ is not None
    return Table(name="speed", title="delay", rows=_steps(scale), note=__doc__.split("\n\n", 1)[1].strip())


def stepped(world: World, points: float, name: str, *, streams: int) -> Delays:
    """Delays to a step after 200 looks."""
    rng, looks = generator("step", name, points), BEFORE + HORIZONS[points]
    changed = replace(world, drop=step(BEFORE, points))
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


def _steps(scale: float) -> Iterator[Row]:
    def row(name: str, points: float, bar: str, met: Callable[[Delays], bool], full: int = 150) -> Row:
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
    yield row("S3", 0.02, ">= 99 % in 1,500 runs", lambda d: d.found.value >= 0.99, 1000)
    yield row("S4", 0.02, ">= 99 % in 1,500 runs", lambda d: d.found.value >= 0.99, 1000)
    yield row("S5", 0.05, "median <= 13", lambda d: d.median.value <= 13)
    yield row("level .995", 0.05, "all, median <= 5", lambda d: d.median.value <= 5 and d.found.value == 1.0)
