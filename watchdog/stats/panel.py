"""pSR over many streams at once: what ``predictive.py`` does, for a year of fifty metrics or a thousand simulations.

Equal to ``PredictiveSR`` alarm for alarm. All streams see the same number of runs; a run is a row with one entry a
stream. Memory: 16 kB a stream for a full history of 2,000 runs, and 1.4 kB for the locked reference of a baseline of
20. Unlike the scalar test, a panel changes in place.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, ndtri, stdtr

from watchdog.stats.autocorrelation import (
    BLOCK,
    DECAY,
    DECAY_WEIGHT,
    LARGEST,
    PHI,
    SIGNIFICANT,
    belief_after,
    expected_correlation,
)
from watchdog.stats.predictive import (
    CAP,
    CLIP,
    DELTAS,
    LOCK_AFTER,
    MARGIN,
    REACH,
    YOUNG,
    locked_deltas,
)
from watchdog.stats.psr_state import WINSOR
from watchdog.stats.young import FEW, PRIOR_RUNS

Floats = NDArray[np.float64]


class PredictivePanel:
    """The state of many streams. Rows are runs, columns are streams."""

    def __init__(
        self,
        x: ArrayLike,
        variances: ArrayLike,
        lost: ArrayLike | None = None,
        n: ArrayLike | None = None,
        *,
        mean_runs: float = 87_600.0,
        smallest_drop: float = 0.02,
        keen: bool = False,
    ) -> None:
        """Baseline runs, each of shape (runs, streams); ``lost`` and ``n`` are both given or both None."""
        first, sampling = np.asarray(x, float), np.asarray(variances, float)
        runs, streams = first.shape
        self.mean_runs = mean_runs
        self._keen = keen
        #: Keen stakes: how many runs were there before each, what it has become, and its inflations, (deltas, streams).
        self._stakes: list[tuple[int, Floats, Floats]] = []
        self._deltas = np.array(DELTAS + locked_deltas(keen=keen))[:, None]
        self._windows = 2 * math.log(mean_runs) / self._deltas**2
        # Summed stream by stream, in the order in which one stream alone is: rounding must not make or break ties.
        self._within = np.ascontiguousarray(sampling.T).mean(1)
        self._between = np.maximum(0.0, np.ascontiguousarray(first.T).var(1, ddof=1) - self._within)
        self._smallest_drop = smallest_drop
        self._floor = np.maximum(np.sqrt(self._within), smallest_drop / 2)
        self._failed = self._cases = None if lost is None or n is None else np.zeros(streams)
        self._history = np.empty((CAP, streams))
        self._runs, self._lock_at = 0, runs + LOCK_AFTER
        self._locked: Floats | None = None
        self._mean, self._squares = np.zeros(streams), np.zeros(streams)
        self._block: list[Floats] = []
        self._products, self._finished = np.zeros((3, streams)), 0
        pairs = zip(self._within.tolist(), self._between.tolist(), strict=True)
        self._expected = np.array([expected_correlation(within, between, runs) for within, between in pairs])
        self._inflate()
        self._totals = np.zeros((len(self._deltas), streams))
        for index in range(runs):
            scaled = self._common_scale(first[index], sampling[index])
            self._correlate(self._rank(scaled, np.full(streams, 0.5)) if index else np.zeros(streams))
            self._remember(scaled)
        if lost is not None and n is not None:
            self._failed, self._cases = np.round(np.asarray(lost, float)).sum(0), np.asarray(n, float).sum(0)

    def update(
        self, x: ArrayLike, variance: ArrayLike, u: ArrayLike, lost: ArrayLike | None = None, n: ArrayLike | None = None
    ) -> Floats:
        """Evidence R of each stream after one more run; an alarm is R >= ``mean_runs``."""
        scaled, ties = self._common_scale(np.asarray(x, float), np.asarray(variance, float)), np.asarray(u, float)
        rank = self._rank(scaled, ties)
        self._correlate(rank)
        z = rank if self._runs >= YOUNG else self._predicted(scaled, ties, lost, n)
        growing = len(DELTAS)
        if self._keen and self._runs < YOUNG:
            self._bet_keenly(slice(growing), np.clip(z, -CLIP, CLIP))
        else:
            self._bet(slice(growing), np.clip(z, -CLIP, CLIP))
        value: Floats = self._totals[:growing].mean(0)
        if self._locked is not None:
            z = _normal_rank(self._locked, scaled, ties)
            self._bet(slice(growing, None), np.clip(z + MARGIN, -CLIP, CLIP))
            value = (value + self._totals[growing:].mean(0)) / 2
        self._remember(scaled)
        return value

    @property
    def newest(self) -> Floats:
        """The newest run of each stream on its common scale, as the reference has it."""
        row: Floats = self._history[(self._runs - 1) % CAP]
        return row

    @property
    def mean(self) -> Floats:
        """Mean of each stream's reference."""
        return self._mean

    @property
    def spread(self) -> Floats:
        """Standard deviation of a run of each stream, at least what sampling alone makes it."""
        spread: Floats = np.maximum(self._raw_spread(), np.maximum(np.sqrt(self._within), self._smallest_drop / 2))
        return spread

    def restart(self, streams: NDArray[np.bool_]) -> None:
        """All bets of these streams (a mask) back to nothing: after an alarm."""
        self._totals[:, streams] = 0.0
        for _, stake, _ in self._stakes:
            stake[:, streams] = 0.0

    def _common_scale(self, x: Floats, variance: Floats) -> Floats:
        base = self._between + self._within
        ratio = np.divide(self._between + variance, base, out=np.ones_like(base), where=base > 0)
        scaled: Floats = x / np.sqrt(ratio + 1e-300)
        return scaled

    def _rank(self, x: Floats, u: Floats) -> Floats:
        return _normal_rank(self._history[: min(self._runs, CAP)], x, u)

    def _bet(self, rows: slice, z: Floats) -> None:
        delta = self._deltas[rows]
        gain = np.exp(-delta * z - delta**2 * self._inflations[rows] / 2)
        self._totals[rows] = np.minimum((1 + self._totals[rows]) * gain, REACH * self.mean_runs)

    def _bet_keenly(self, rows: slice, z: Floats) -> None:
        limit, runs = REACH * self.mean_runs, self._runs
        self._stakes.append((runs, np.ones_like(self._totals[rows]), self._inflations[rows]))
        for begun, stake, inflations in self._stakes:
            shift = self._deltas[rows] * (begun / runs * math.sqrt(runs / (runs + 1)))
            np.multiply(stake, np.exp(-shift * z - shift**2 * inflations / 2), out=stake)
            np.minimum(stake, limit, out=stake)
        self._totals[rows] = np.minimum(sum(stake for _, stake, _ in self._stakes), limit)

    def _predicted(self, x: Floats, u: Floats, lost: ArrayLike | None, n: ArrayLike | None) -> Floats:
        spread, freedom = np.maximum(self._raw_spread(), self._floor), np.full(x.shape, self._runs - 1.0)
        if self._keen:
            base = self._between + self._within
            prior = PRIOR_RUNS * np.divide(self._within, base, out=np.zeros_like(base), where=base > 0)
            freedom = freedom + prior
            pooled = (prior * self._within + np.maximum(self._squares, 0.0)) / freedom
            spread = np.maximum(np.sqrt(pooled), self._smallest_drop / 2)
        ahead = (x - self._mean) / (spread * math.sqrt(1 + 1 / self._runs))
        z = _normal_score(stdtr(freedom, ahead))
        if lost is None or n is None or self._failed is None or self._cases is None:
            return z
        failed, cases = np.round(np.asarray(lost, float)), np.broadcast_to(np.asarray(n, float), z.shape)
        few = np.flatnonzero(self._failed / self._cases * cases < FEW)
        a, b = self._failed[few] + 0.5, self._cases[few] - self._failed[few] + 0.5
        if len(few):
            z[few] = np.maximum(z[few], _normal_score(_more_failures(failed[few], cases[few], a, b, u[few])))
        self._failed, self._cases = self._failed + failed, self._cases + cases
        return z

    def _raw_spread(self) -> Floats:
        spread: Floats = np.sqrt(np.maximum(self._squares, 0.0) / max(self._runs - 1, 1))
        return spread

    def _remember(self, x: Floats) -> None:
        self._history[self._runs % CAP] = x  # ranks do not ask for the order: the oldest run makes room
        if self._runs >= 5:
            reach = WINSOR * self._raw_spread()
            x = np.clip(x, self._mean - reach, self._mean + reach)
        self._runs += 1
        step = x - self._mean
        self._mean = self._mean + step / self._runs
        self._squares = self._squares + step * (x - self._mean)
        if self._runs == self._lock_at:
            self._locked = self._history[: self._runs].copy()

    def _correlate(self, z: Floats) -> None:
        self._block.append(z)
        if len(self._block) < BLOCK:
            return
        block = np.array(self._block)
        block -= block.mean(0)
        self._block = []
        for lag in range(3):
            self._products[lag] += (block[lag:] * block[: BLOCK - lag]).sum(0) * BLOCK / (BLOCK - lag)
        self._finished += BLOCK
        self._inflate()

    def _inflate(self) -> None:
        r1, phi = _estimate(self._products, self._finished, self._expected)
        self._inflations = _inflation(r1, phi, self._windows)


def _normal_rank(history: Floats, x: Floats, u: Floats) -> Floats:
    # Counted in 16 bits, which takes less than half the time: a history has at most ``CAP`` runs.
    below, equal = (history < x).sum(0, dtype=np.uint16), (history == x).sum(0, dtype=np.uint16)
    rank: Floats = ndtri((below + u * (equal + 1)) / (len(history) + 1))
    return rank


def _normal_score(p: Floats) -> Floats:
    score: Floats = ndtri(np.clip(p, 1e-15, 1 - 1e-15))
    return score


def _more_failures(failed: Floats, cases: Floats, a: Floats, b: Floats, u: Floats) -> Floats:
    """P(more failures) + u P(as many) of beta-binomials, one a stream."""
    k = np.arange(cases.max() + 1)[:, None]
    inside = k <= cases
    last = np.minimum(k, cases)
    log_choose = -np.log(cases + 1) - betaln(cases - last + 1, last + 1)
    mass = np.where(inside, np.exp(log_choose + betaln(last + a, cases - last + b) - betaln(a, b)), 0.0)
    chance: Floats = (mass * (k > failed)).sum(0) + u * (mass * (k == failed)).sum(0)
    return chance


def _estimate(products: Floats, finished: int, expected: Floats) -> tuple[Floats, Floats]:
    belief = belief_after(finished)
    weight = finished + belief
    raw1, raw2 = products[1] / (products[0] + belief), products[2] / (products[0] + belief)
    seen, least = finished / weight, SIGNIFICANT * math.sqrt(finished) / weight
    prior, steady = expected * (1 - seen), DECAY_WEIGHT / math.sqrt(weight)
    factor, r1, phi = np.ones_like(raw1), raw1, raw1
    for _ in range(4):
        bias = np.minimum(factor / BLOCK, 0.8)
        r1 = raw1 * (1 - bias) + bias * seen + prior
        r2 = raw2 * (1 - bias) + bias * seen + prior * DECAY
        r1 = np.where(r1 > least, r1, 0.0)
        phi = np.clip((r2 + DECAY * steady) / (r1 + steady), *PHI)
        factor = np.minimum(1 + 2 * r1 / (1 - phi), LARGEST)
    return np.minimum(r1, 0.95), phi


def _inflation(r1: Floats, phi: Floats, runs: Floats) -> Floats:
    tail = phi ** (runs - 1)
    head = (1 - tail) / (1 - phi)
    triangle = (1 - runs * tail + (runs - 1) * tail * phi) / (runs * (1 - phi) ** 2)
    factor: Floats = np.clip(1 + 2 * r1 * (head - triangle), 1.0, LARGEST)
    return np.where(runs <= 1, 1.0, factor)
