"""What calm looks of a metric were like: the material that other histories are made of.

From a look's case scores follows what it would have been had some answers been broken: x falls by the share of each
broken case times the score that it loses. Nothing else about the look changes, so its weather stays that of the day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchdog.backtest.history import History
from watchdog.domain.case import Case
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Better, Observation

#: Calm looks below which nothing is made of them.
LEAST_LOOKS = 30
#: Consecutive looks drawn together, so that a resampled day has the weather of a real one.
BLOCK = 24


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pool:
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
    column = {case: number for number, case in enumerate(cases)}
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
        share, score = _columns(observation.case_scores, cases, column)
        shares.append(share)
        loses = {Better.HIGHER: score, Better.LOWER: 1 - score}
        breakable.append(share * loses[better] if better is not None else np.zeros_like(share))
    if len(kept) < LEAST_LOOKS:
        return None
    return Pool(history=history, looks=np.array(kept), breakable=np.array(breakable), shares=np.array(shares))


def _columns(
    scores: Mapping[str, float], cases: Mapping[str, Case], column: Mapping[str, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Share of each case in the mean of a look, and its score; both 0 for a case that was not scored."""
    known = {case: score for case, score in scores.items() if case in column}
    size = Counter(cases[case].cluster or case for case in known)
    weight = {case: cases[case].weight / size[cases[case].cluster or case] for case in known}
    total = sum(weight.values()) or 1.0
    share, score = np.zeros(len(column), dtype=np.float32), np.zeros(len(column), dtype=np.float32)
    for case, value in known.items():
        share[column[case]], score[column[case]] = weight[case] / total, value
    return share, score
