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
from typing import NamedTuple

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


class Stakes(NamedTuple):
    """Stakes of a keen bet: a column for each number of runs that were there when it was laid out. Never written to.

    One array, since joining small ones takes longer than all that is reckoned with them.
    """

    #: Of each stake: runs that were there, looks since, and mark (a time) of the first of them; then a row a delta of
    #: what it has become; then a row a delta of half the variance inflation as it was known when the stake was laid: a
    #: change must not pass for correlation.
    table: Floats = np.empty((0, 0))

    def __bool__(self) -> bool:
        return self.table.size > 0

    @property
    def begun(self) -> Floats:
        """Runs that were there, looks since, and mark of the first of them; a column a stake."""
        return self.table[:3]

    @property
    def totals(self) -> Floats:
        """What each stake has become, (deltas, stakes)."""
        return self.table[3 : (len(self.table) + 3) // 2]

    def update(
        self, z: float, n: int, deltas: Sequence[float], inflations: Sequence[float], *, limit: float, mark: float
    ) -> Stakes:
        """One run of surprise ``z`` that follows n others, a new stake of 1 on each delta laid out before it."""
        if self and self.table[0, -1] == n:  # the reference stood still: as good a stake as the one before it
            table = self.table.copy()
            table[3 : 3 + len(deltas), -1] += 1.0
        else:
            table = np.empty((3 + 2 * len(deltas), self.table.shape[1] + 1))
            table[:, :-1] = self.table if self else 0.0
            table[:, -1] = (n, 0.0, mark, *(1.0 for _ in deltas), *(each / 2 for each in inflations))
        table[1] += 1.0
        totals, halves = table[3 : 3 + len(deltas)], table[3 + len(deltas) :]
        share = np.minimum(table[0], n)
        share *= -math.sqrt(n / (n + 1)) / n
        shifts = np.multiply.outer(deltas, share)  # what is left of each delta, downwards: d is negative
        gains = shifts * halves  # and the gain exp(d (z - d V / 2))
        np.subtract(z, gains, out=gains)
        gains *= shifts
        np.exp(gains, out=gains)
        gains *= totals
        np.minimum(gains, limit, out=totals)
        return Stakes(table)

    def sums(self, limit: float) -> list[float]:
        """What the stakes on each delta add up to, at most ``limit``."""
        return [min(total, limit) for total in self.totals.sum(1).tolist()]

    def likeliest(self) -> tuple[int, float]:
        """Looks since the most likely onset and its mark; (0, 0) while no stake has grown."""
        best = self.totals.max(0)
        first = int(best.argmax())
        if best[first] <= 1.0:
            return 0, 0.0
        return int(self.table[1, first]), float(self.table[2, first])

    def to_json(self) -> list[list[float]]:
        """JSON value; floats come back exactly."""
        rows: list[list[float]] = self.table.tolist()
        return rows

    @classmethod
    def from_json(cls, value: list[list[float]]) -> Stakes:
        """The value that ``to_json`` wrote."""
        return cls(np.asarray(value, dtype=np.float64)) if value else cls()

    @classmethod
    def carried(cls, n: int, looks: int, since: float, totals: Sequence[float], inflations: Sequence[float]) -> Stakes:
        """One stake, laid out when there were n runs, that has become so much on each delta."""
        return cls(np.array([(n, looks, since, *totals, *(each / 2 for each in inflations))], dtype=np.float64).T)
