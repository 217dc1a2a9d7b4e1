"""What calm looks of a metric were like: the material that other histories are made of.

From a look's case scores follows what it would have been had some answers been broken: x falls by the share of each
broken case times the score that it loses. Nothing else about the look changes, so its weather stays that of the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from watchdog.backtest.history import History
from watchdog.domain.case import Case
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Better, Observation

#: Calm looks below which nothing is made of them.
LEAST_LOOKS = 30
#: Consecutive looks drawn together, so that a resampled day has the weather of a real one.
BLOCK = 24


class Pool(Struct, frozen=True, eq=False, kw_only=True):
    """Calm looks of one metric, oldest first."""

    history: History
    #: Which observations of the history these are.
    looks: NDArray[np.int64]
    #: How far x falls when all of a case's answers are broken: (looks, cases), 0 for a case that was not scored.
    breakable: NDArray[np.float32]
    #: Share of each case in the mean, (looks, cases).
    shares: NDArray[np.float32]

    @property
    def baseline_runs(self) -> int:
        """Runs in the metric's real baseline, and so in every resampled one."""
        return len(self.history.reference.x)

    def draw(self, rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.int64]:
        """Indices of looks, (rows, columns): blocks of consecutive looks from random places, end joined to start."""
        known = len(self.looks)
        block = min(BLOCK, max(1, known // 4))
        starts = rng.integers(0, known, (-(-rows // block), columns))
        within = np.arange(block)[None, :, None]
        drawn: NDArray[np.int64] = ((starts[:, None, :] + within) % known).reshape(-1, columns)[:rows]
        return drawn


def calm_looks(history: History, signals: Sequence[Signal] | None) -> NDArray[np.int64]:
    """Indices of the observations outside of every drift; a drift counts from its estimated onset.

    ``signals``: of each observation; None when the metric never came near to an alarm.
    """
    calm = np.ones(len(history.observations), dtype=bool)
    at = np.array([observation.at for observation in history.observations])
    for signal in signals or ():
        if signal.level is Level.DRIFT:
            calm &= (at < (signal.at if signal.since is None else signal.since)) | (at > signal.at)
    return np.flatnonzero(calm)


def pool_of(
    history: History,
    looks: NDArray[np.int64],
    scored: Iterable[Observation],
    cases: Mapping[str, Case],
    better: Better | None,
) -> Pool | None:
    """The pool of a metric from those of its calm looks whose case scores are given; None when they are too few.

    ``scored``: observations with case scores. ``cases``: the golden set, whose order is that of the columns.
    ``better``: None when the scores are no shares of anything, and nothing can be broken.
    """
    columns = _Columns(cases)
    place = {observation.run_id: number for number, observation in enumerate(history.observations)}
    calm = set(looks.tolist())
    kept: list[int] = []
    breakable: list[NDArray[np.float32]] = []
    shares: list[NDArray[np.float32]] = []
    for observation in scored:
        number = place.get(observation.run_id)
        if number is None or number not in calm or not observation.case_scores:
            continue
        kept.append(number)
        share, score = columns.of(observation.case_scores)
        shares.append(share)
        loses = {Better.HIGHER: score, Better.LOWER: 1 - score}
        breakable.append(share * loses[better] if better is not None else np.zeros_like(share))
    if len(kept) < LEAST_LOOKS:
        return None
    return Pool(history=history, looks=np.array(kept), breakable=np.array(breakable), shares=np.array(shares))


class _Columns:
    """A golden set as columns: turns the case scores of a look into a row."""

    def __init__(self, cases: Mapping[str, Case]) -> None:
        self._names = list(cases)
        self._weights = np.array([case.weight for case in cases.values()])
        units = {unit: number for number, unit in enumerate(sorted({c.cluster or c.id for c in cases.values()}))}
        self._units = np.array([units[case.cluster or case.id] for case in cases.values()], dtype=int)

    def of(self, scores: Mapping[str, float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Share of each case in the mean, and its score; both 0 for a case that was not scored.

        Cases of a cluster are averaged first: each counts with its weight over the number of them that were scored.
        """
        values = np.fromiter((scores.get(name, np.nan) for name in self._names), float, len(self._names))
        known = ~np.isnan(values)
        members = np.bincount(self._units[known], minlength=1 + self._units.max(initial=0))[self._units]
        weights = np.where(known, self._weights / np.maximum(members, 1), 0.0)
        shares = weights / (weights.sum() or 1.0)
        return shares.astype(np.float32), np.where(known, values, 0.0).astype(np.float32)
