"""What a user would pick instead, over many streams at once: each says at which looks it rings.

Only falls are counted, also of tests that would ring for a rise. Every rival sees the runs of the baseline first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from benchmarks.detection.streams import Runs
from benchmarks.detection.watching import A, alarms

Rings = NDArray[np.bool_]


class Rival(NamedTuple):
    """A name, and the looks (after the baseline) x streams at which it rings."""

    name: str
    ringing: Callable[[Runs, NDArray[np.float64]], Rings]


class NotInstalled(Exception):
    """The package of a rival is not there."""


def fixed_threshold(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """A run five points below the baseline's mean."""
    first, later = _split(runs)
    rings: Rings = later < first.mean(0) - 0.05
    return rings


def two_proportions(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """Each run against the pooled baseline, z test of two proportions, p < 0.05 (two-sided, falls counted)."""
    rings: Rings = _z_of_proportions(runs, runs.world.baseline) < -1.96
    return rings


def evidently_small(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """Evidently's default for a pass/fail column and at most 1,000 reference rows: z test, p < 0.05, each run."""
    rings: Rings = _z_of_proportions(runs, max(1, 1000 // runs.world.cases)) < -1.96
    return rings


def evidently_large(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """Its default for more reference rows: Jensen-Shannon distance above 0.1, each run."""
    first, later = _split(runs)
    distance = _jensen_shannon(first.mean(0), later)
    rings: Rings = (distance > 0.1) & (later < first.mean(0))
    return rings


def mann_kendall(runs: Runs, _ties: NDArray[np.float64], window: int = 30) -> Rings:
    """A falling trend over the last 30 runs, p < 0.05 (two-sided, falls counted), each run."""
    x, baseline = runs.level, runs.world.baseline
    spread = math.sqrt(window * (window - 1) * (2 * window + 5) / 18)
    score, rows = np.zeros(runs.streams), []
    for t in range(len(x)):
        score = score + np.sign(x[t] - x[max(0, t - window + 1) : t]).sum(0)
        if t >= window:
            score = score - np.sign(x[t - window + 1 : t] - x[t - window]).sum(0)
        if t >= baseline:
            rows.append((score + 1) / spread < -1.96 if t >= window - 1 else np.zeros(runs.streams, bool))
    rings: Rings = np.array(rows)
    return rings


def plug_in_cusum(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """Page's cumulative sum for five points, baseline mean and spread plugged in, Siegmund's limit for the same A."""
    b = runs.world.baseline
    x = runs.current.x
    mean, spread = x[:b].mean(0), x[:b].std(0, ddof=1) + 1e-9
    shift = 0.05 / spread
    limit = np.array([_siegmund(delta) for delta in shift])
    total, rows = np.zeros(runs.streams), []
    for t in range(b, len(x)):
        total = np.maximum(0.0, total - (x[t] - mean) / spread - shift / 2)
        ringing = total > limit
        total[ringing] = 0.0
        rows.append(ringing)
    return np.array(rows)


def adwin(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """river's ADWIN at its defaults, on run means."""
    return _river(runs, lambda drift: drift.ADWIN(), falls_only=True)


def page_hinkley(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """river's Page-Hinkley at its defaults, on run means, falls."""
    return _river(runs, lambda drift: drift.PageHinkley(mode="down"))


def page_hinkley_tuned(runs: Runs, _ties: NDArray[np.float64]) -> Rings:
    """The same on z scores from the baseline, with delta 0.5 and threshold 15."""
    return _river(runs, lambda drift: drift.PageHinkley(mode="down", delta=0.5, threshold=15.0), scores=True)


def eval_watchdog(runs: Runs, ties: NDArray[np.float64]) -> Rings:
    """This project's detector: evidence and acute rule together."""
    return _drifts(runs, ties, runs.current)


def eval_watchdog_on_difference(runs: Runs, ties: NDArray[np.float64]) -> Rings:
    """The same on current minus pinned."""
    return _drifts(runs, ties, runs.difference)


RIVALS = (
    Rival("fixed threshold, -5 points", fixed_threshold),
    Rival("two proportions, each run", two_proportions),
    Rival("Evidently default, 1,000 reference rows", evidently_small),
    Rival("Evidently default, more reference rows", evidently_large),
    Rival("Mann-Kendall, 30 runs", mann_kendall),
    Rival("CUSUM, plugged in", plug_in_cusum),
    Rival("river ADWIN", adwin),
    Rival("river Page-Hinkley", page_hinkley),
    Rival("river Page-Hinkley on z scores", page_hinkley_tuned),
    Rival("eval-watchdog", eval_watchdog),
)


def beginnings(ringing: Rings) -> Rings:
    """Where it rings and did not at the look before."""
    before = np.vstack((np.zeros((1, ringing.shape[1]), bool), ringing[:-1]))
    begins: Rings = ringing & ~before
    return begins


def _split(runs: Runs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return runs.level[: runs.world.baseline], runs.level[runs.world.baseline :]


def _z_of_proportions(runs: Runs, reference: int) -> NDArray[np.float64]:
    b = runs.world.baseline
    lost, n = runs.current.lost, runs.current.n
    assert lost is not None
    first = slice(max(0, b - reference), b)
    cases = n[first].sum(0)
    before, now = 1 - lost[first].sum(0) / cases, runs.level[b:]
    pooled = (before * cases + now * n[b:]) / (cases + n[b:])
    error = np.sqrt(pooled * (1 - pooled) * (1 / cases + 1 / n[b:])) + 1e-12
    z: NDArray[np.float64] = (now - before) / error
    return z


def _jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    def entropy(share: NDArray[np.float64]) -> NDArray[np.float64]:
        share = np.clip(share, 1e-12, 1 - 1e-12)
        result: NDArray[np.float64] = -share * np.log(share) - (1 - share) * np.log(1 - share)
        return result

    divergence = entropy((p + q) / 2) - (entropy(np.broadcast_to(p, q.shape)) + entropy(q)) / 2
    distance: NDArray[np.float64] = np.sqrt(np.maximum(divergence, 0.0))
    return distance


def _siegmund(delta: float) -> float:
    """Limit of a normal CUSUM for a shift of delta standard deviations (Siegmund 1985), in standard deviations."""

    def excess(limit: float) -> float:
        reach = delta * (limit + 1.166)
        return math.log(math.expm1(reach) - reach) - math.log(delta * delta / 2 * A)

    low, high = -1.16, 300.0 / max(delta, 1.0)
    return float(brentq(excess, low, high)) if excess(low) < 0 < excess(high) else 0.0


def _river(runs: Runs, make: Callable, *, scores: bool = False, falls_only: bool = False) -> Rings:
    try:
        from river import drift
    except ImportError as error:
        raise NotInstalled("river is not installed") from error
    b, rings = runs.world.baseline, np.zeros((runs.looks, runs.streams), bool)
    for stream in range(runs.streams):
        series = runs.level[:, stream]
        if scores:
            series = (series - series[:b].mean()) / (series[:b].std(ddof=1) + 1e-9)
        known, test = float(series[:b].mean()), make(drift)
        for t, value in enumerate(series.tolist()):
            test.update(value)
            if test.drift_detected and t >= b:
                rings[t - b, stream] = not falls_only or test.estimation < known
    return rings


def _drifts(runs: Runs, ties: NDArray[np.float64], arm: object) -> Rings:
    rings = np.zeros((runs.looks, runs.streams), bool)
    for alarm in alarms(arm, runs.world.baseline, ties):  # type: ignore[arg-type]
        rings[alarm.look, alarm.stream] = True
    return rings
