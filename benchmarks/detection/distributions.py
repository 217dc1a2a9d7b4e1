"""Distribution-free? False alarms where runs are far from normal, over a year of hourly looks and over young lives.

*A year*: false alarms a metric-year from the first look after a baseline of 20 runs; 0.1 are promised. *Young*: alarms
in a thousand lives of a hundred looks after a baseline of 20, and of 8, runs; 1.14 are promised (100 / 87,600).
Independent but for the row that says otherwise. The bar is twice what is promised, for the figure itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from benchmarks.detection.counting import Figure, Row, Table, generator, rate, scaled, share
from benchmarks.detection.streams import HOURLY_YEAR, World, simulate
from benchmarks.detection.watching import A, alarms

LIFE = 100
WORLDS = {
    "100 cases, level .9": World(),
    "weather, normal": World(shared=0.3),
    "weather, heavy tails (t, 2 degrees)": World(shared=0.2, shape="heavy"),
    "weather, skewed (bad looks are worse)": World(shared=0.3, shape="skewed"),
    "weather, correlated .6": World(shared=0.3, correlation=0.6),
    "level .98": World(level=0.98),
    "level .995": World(level=0.995),
    "20 cases, level .9": World(cases=20),
    "20 cases, level .98": World(cases=20, level=0.98),
    "graded 1 to 5, level .95": World(graded=True, level=0.95),
    "graded 1 to 5, 20 cases, level .98, weather": World(graded=True, cases=20, level=0.98, shared=0.3),
}


def table(scale: float) -> Table:
    """One row a world."""
    assert __doc__ is not None
    note = __doc__.split("\n\n", 1)[1].strip()
    return Table(name="distributions", title="distribution-free", rows=_rows(scale), note=note)


def _rows(scale: float) -> Iterator[Row]:
    for name, world in WORLDS.items():
        rng, streams = generator("distributions", name), scaled(150, scale)
        looks = HOURLY_YEAR if scale >= 0.05 else 300
        runs = simulate(world, streams=streams, looks=looks, rng=rng)
        rung = alarms(runs.current, world.baseline, rng.random((looks, streams)))
        year = rate(len(rung), runs.years)
        young = {baseline: _young(world, baseline, name, scale) for baseline in (20, 8)}
        figures: dict[str, Figure | str] = {
            "a year": year,
            **{f"young, {baseline} runs": figure for baseline, figure in young.items()},
        }
        promised = 1000 * LIFE / A
        good = year.value <= 0.2 and all(figure.value <= 2 * promised for figure in young.values())
        yield Row(what=name, figures=figures, bar="twice the promise", met=good)


def _young(world: World, baseline: int, name: str, scale: float) -> Figure:
    """Alarms in a thousand lives."""
    rng, lives, count = generator("young", name, baseline), scaled(4000, scale), 0
    parts = max(1, lives // 2000)
    for _ in range(parts):
        streams = lives // parts
        short_lived = replace(world, baseline=baseline)
        runs = simulate(short_lived, streams=streams, looks=LIFE, rng=rng)
        rung = alarms(runs.current, baseline, rng.random((LIFE, streams)))
        count += len({alarm.stream for alarm in rung})
    found = share(count, parts * (lives // parts), "lives")
    return Figure(value=1000 * found.value, low=1000 * found.low, high=1000 * found.high, basis=found.basis)
