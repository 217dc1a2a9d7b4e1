"""What an update costs: processor time, the best of several rounds, on one core; and memory of one metric."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.detection.counting import Figure, Row, Table, generator, scaled
from benchmarks.detection.streams import Arm
from benchmarks.detection.watching import baseline, detector, observation, panel_of
from watchdog.domain import metric as house

KEY = house.MetricKey(watch="bench", scorer="metric", arm=house.Arm.CURRENT)
BASELINE = 20


def table(scale: float) -> Table:
    """Scalar and vectorised, young and mature."""
    assert __doc__ is not None
    return Table(name="cost", title="cost", rows=_rows(scale), note="Processor time, the best of several rounds.")


AGES = (("young, 60 looks", 60), ("mature, 500 looks", 500), ("full history, 2,000 looks", 2000))


def _rows(scale: float) -> Iterator[Row]:
    for age, looks in AGES:
        each, size = _scalar(looks, scaled(20, scale))
        figures: dict[str, Figure | str] = {"measured": f"{each:.3f} ms an update; {size:.0f} kB as JSON"}
        yield Row(what=f"scalar, {age}", figures=figures, bar="< 0.1 ms", met=each < 0.1)
    streams = scaled(5000, scale, 100)
    for age, looks in AGES:
        each, size = _vectorised(streams, looks if scale >= 0.5 else 30)
        figures = {"measured": f"{each:.1f} us an update and stream; {size:.0f} kB a stream"}
        yield Row(what=f"vectorised over {streams:,} streams, {age}", figures=figures, bar="< 20 us", met=each < 20)


def _scalar(looks: int, rounds: int) -> tuple[float, float]:
    """Milliseconds an update, and kB of the state as JSON."""
    arm, ties = _normal(1, looks + 200)
    test = detector()
    state = test.start(baseline(arm, 0, BASELINE, KEY))
    for run in range(BASELINE, BASELINE + looks):
        state, _ = test.update(state, observation(arm, 0, run, float(ties[run, 0]), KEY, 0.0))
    seen = [observation(arm, 0, BASELINE + looks + i, 0.5, KEY, 0.0) for i in range(30)]

    def walk() -> None:
        now = state
        for look in seen:
            now, _ = test.update(now, look)

    return _best(walk, rounds) / len(seen) * 1e3, len(json.dumps(state.to_json())) / 1000


def _vectorised(streams: int, looks: int) -> tuple[float, float]:
    """Microseconds an update and stream, and kB a stream."""
    arm, ties = _normal(streams, looks)
    panel, runs = panel_of(arm, BASELINE), iter(range(BASELINE, len(arm.x)))
    assert arm.lost is not None
    lost = arm.lost

    def look() -> None:
        run = next(runs)
        panel.update(arm.x[run], arm.variance[run], ties[run], lost[run], arm.n[run])

    for _ in range(looks - 4):
        look()
    arrays = [value for value in vars(panel).values() if isinstance(value, np.ndarray)]
    return _best(look, 4) / streams * 1e6, sum(array.nbytes for array in arrays) / streams / 1000


def _normal(streams: int, looks: int) -> tuple[Arm, np.ndarray]:
    rng, shape = generator("cost", streams, looks), (BASELINE + looks, streams)
    failed = rng.binomial(100, 0.1, shape).astype(float)
    arm = Arm(0.1 - failed / 100, np.full(shape, 6e-4), failed, np.full(shape, 100.0))
    return arm, rng.random(shape)


def _best(action: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        action()
        taken.append(time.process_time() - begun)
    return min(taken)
