"""The first hundred runs: what a young watch can know, and how to bet on it.

Ranks among a few runs are too coarse, so a run's surprise is that of a prediction from the runs so far: Student's,
checked by the beta-binomial one where failures are few.

*Keen* bets know two things more, which the plain ones of ``predictive.py`` leave lying.
The bets: after a change the reference is diluted by the drift itself. Of a shift of delta, begun when there were k
runs, only delta (k / n) sqrt(n / (n + 1)) is left to surprise the run that follows n others. Each stake is therefore
laid out for its own k. What it multiplies to is then the likelihood ratio of the two-sample problem with both means
unknown; every stake stays a fair bet, so the promise on false alarms is the same theorem.
The spread: cases vary by a known amount, which is worth ``PRIOR_RUNS`` runs of experience, fewer where the baseline
varied more than that. Calibrated: a drop of 20 points that is there from the first look after a baseline of 8 runs of
30 cases is found after 8 looks where .9 of them pass and after 16 where .7 do (medians of 300 lives; 99 and 92 % within
a hundred looks); plain bets took 36 (59 %). How often young watches ring falsely, and what they believe about
correlation, is told in ``autocorrelation.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, ndtri, stdtr

Floats = NDArray[np.float64]

#: Runs that the known sampling variance is worth, where runs vary no more than by it.
PRIOR_RUNS = 15.0
#: Expected failures a run below which the beta-binomial prediction is asked as well.
FEW = 5.0


class Spread(NamedTuple):
    """Standard deviation of a run, and the degrees of freedom behind it."""

    value: float
    freedom: float


def keen_spread(squares: float, n: int, within: float, between: float, floor: float) -> Spread:
    """Sample and known sampling variance together. ``between``: variance of baseline runs beyond ``within``."""
    prior = PRIOR_RUNS * within / (between + within) if within > 0 else 0.0
    freedom = prior + n - 1
    return Spread(max(math.sqrt((prior * within + max(squares, 0.0)) / freedom), floor), freedom)


def surprise(x: float, n: int, mean: float, spread: Spread) -> float:
    """Normal score of a run predicted from n others by Student's t."""
    ahead = (x - mean) / (spread.value * math.sqrt(1 + 1 / n))
    return normal_score(float(stdtr(spread.freedom, ahead)))


def surprise_of_failures(failed: int, cases: int, failed_before: int, cases_before: int, u: float) -> float | None:
    """Normal score of a number of failures among cases; None where failures are not few."""
    if not cases_before or failed_before / cases_before * cases >= FEW:
        return None
    return normal_score(more_failures(failed, cases, failed_before + 0.5, cases_before - failed_before + 0.5, u))


def more_failures(failed: int, cases: int, a: float, b: float, u: float) -> float:
    """P(more failures) + u P(as many) of a beta-binomial(cases, a, b): small when many failed."""
    below = failed * 2 <= cases
    k = np.arange(failed + 1) if below else np.arange(failed, cases + 1)
    log_choose = -math.log(cases + 1) - betaln(cases - k + 1, k + 1)
    mass = np.exp(log_choose + betaln(k + a, cases - k + b) - betaln(a, b))
    if below:
        return max(1 - float(mass.sum()), 0.0) + u * float(mass[-1])
    return float(mass[1:].sum()) + u * float(mass[0])


def normal_score(p: float) -> float:
    """ndtri, finite at both ends."""
    return float(ndtri(min(max(p, 1e-15), 1 - 1e-15)))


#: What a look adds to a row of ``Stakes.begun``.
_ONE_LOOK = np.array([0.0, 1.0, 0.0])


class Stakes(NamedTuple):
    """Stakes of a keen bet: one row for each number of runs that were there when it was laid out. Never written to."""

    #: Of each row: runs that were there, looks since, and mark (a time) of the first of them.
    begun: Floats = np.empty((0, 3))
    #: What each row has become, one column a delta.
    totals: Floats = np.empty((0, 0))
    #: Variance inflations as they were known when the row was laid: a change must not pass for correlation.
    inflations: Floats = np.empty((0, 0))

    def update(
        self, z: float, n: int, deltas: Sequence[float], inflations: Sequence[float], *, limit: float, mark: float
    ) -> Stakes:
        """One run of surprise ``z`` that follows n others, a new stake of 1 on each delta laid out before it."""
        begun, totals, known = self.begun + _ONE_LOOK, self.totals, self.inflations
        if len(begun) and begun[-1, 0] == n:  # the reference stood still: as good a stake as the one before it
            totals = totals.copy()
            totals[-1] += 1.0
        else:
            width = len(deltas)
            begun = np.concatenate((begun, ((n, 1, mark),)))
            totals = np.concatenate((totals.reshape(-1, width), np.ones((1, width))))
            known = np.concatenate((known.reshape(-1, width), (inflations,)))
        share = np.minimum(begun[:, 0] / n, 1.0) * math.sqrt(n / (n + 1))
        shifts = share[:, None] * np.asarray(deltas)
        totals = totals * np.exp(-shifts * z - shifts * shifts * known / 2)
        return Stakes(begun, np.minimum(totals, limit), known)

    def likeliest(self) -> tuple[int, float]:
        """Looks since the most likely onset and its mark; (0, 0) while no stake has grown."""
        best, delta = divmod(int(self.totals.argmax()), self.totals.shape[1])
        _, looks, since = self.begun[best].tolist()
        return (int(looks), since) if self.totals[best, delta] > 1.0 else (0, 0.0)

    def to_json(self) -> list[Any]:
        """JSON value; floats come back exactly."""
        return [part.tolist() for part in self]

    @classmethod
    def from_json(cls, value: list[Any]) -> Stakes:
        """The value that ``to_json`` wrote."""
        begun, totals, inflations = (np.asarray(part, dtype=np.float64) for part in value)
        return cls(begun.reshape(-1, 3), totals, inflations)
