"""Predictive-score Shiryaev-Roberts (pSR): has this series become worse, and for good?

How surprising is a run, given all earlier ones? Its summary x (small is worse) gets a predictive p-value that is
uniform and independent of the past as long as nothing changes. Its normal score z = ndtri(p), clipped to +-2.6, is
bet on: against a shift of delta standard deviations downwards a bet multiplies its stake by
exp(-delta z - delta^2 V / 2). Shiryaev-Roberts (Shiryaev 1963, Roberts 1966) lays a new stake of 1 at every run and
adds up what all of them have become,

    R <- (1 + R) exp(-delta z - delta^2 V / 2),     averaged over a few deltas,

and calls it a drift when R reaches A.

The p-value. From 100 earlier runs on it is the rank of x among them, ties broken at random (conformal prediction,
Vovk et al. 2005). Before that ranks are too coarse, and p comes from Student's prediction
(x - mean) / (s sqrt(1 + 1/n)) with n - 1 degrees of freedom; where fewer than five failures a run are expected, a run
must also surprise the beta-binomial prediction of their number, because near-perfect metrics are skewed.

Proven: while runs are exchangeable (rank phase) or normal (young phase) and V = 1, R minus the number of runs is a
martingale, so the mean time to a false alarm is at least A runs (Pollak 1985; Shin, Ramdas and Rinaldo 2023); the
clip only lowers the stakes on a drop.
Calibrated by simulation: the inflation V for autocorrelation; the second sum, whose ranks are taken in a *locked*
reference with a margin of 0.15, and which finds what the growing reference would absorb; its patient bet on 0.15, with
which drops of 2 points under weather of AR(.6) are found within 1,500 runs in 99.7 % instead of 98.2 % of 1,192 lives,
for .063 instead of .045 false alarms a metric-year there (600 metric-years); the winsorised spread of a young watch.

Everything is a pure function of the summaries fed to it. A state is a value of at most some 2,700 floats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import ndtri

from watchdog.stats.autocorrelation import Correlation, expected_correlation, inflation
from watchdog.stats.psr_state import Bet, Floats, PsrState, winsorised_step
from watchdog.stats.young import Spread, Stakes, keen_spread, surprise, surprise_of_failures

#: Sizes of the shifts that are bet on, in standard deviations of a run.
DELTAS = (0.35, 0.7, 1.4, 2.4)
LOCKED_DELTAS = (0.25, 0.5, 1.0)
#: One that a keen test adds: two points under correlated weather, where the locked reference was locked on bad days.
PATIENT = 0.15
#: Most that a single run can say; about the reach of a rank among 215. Three wild runs stay below A.
CLIP = 2.6
#: Runs from which ranks are fine enough.
YOUNG = 100
#: Runs after the baseline at which the reference of the second sum is locked.
LOCK_AFTER = 180
#: Allowance for the error of the locked reference, in standard deviations.
MARGIN = 0.15
#: Runs the growing reference remembers.
CAP = 2000
#: A sum stops growing at this multiple of A: it must be able to come down again.
REACH = 1000.0
GOLDEN = (math.sqrt(5) - 1) / 2


#: Variance inflation of each bet's window: ``DELTAS``, then those on the locked reference.
Inflations = tuple[float, ...]


def locked_deltas(*, keen: bool) -> tuple[float, ...]:
    """What is bet on in the locked reference."""
    return (PATIENT, *LOCKED_DELTAS) if keen else LOCKED_DELTAS


class Evidence(NamedTuple):
    """What one run has added up to."""

    #: The mixture R; an alarm is R >= A.
    value: float
    #: Runs since the most likely onset (0: nothing points to a change), and the mark of the first of them.
    looks: int
    since: float

    @property
    def log(self) -> float:
        """Natural logarithm of R."""
        return math.log(max(self.value, 1e-300))


class PredictiveSR:
    """The test for one A (mean runs to a false alarm) and one smallest drop that matters. Holds no state."""

    def __init__(self, mean_runs: float = 87_600.0, smallest_drop: float = 0.02, *, keen: bool = False) -> None:
        self.mean_runs = mean_runs
        #: Whether the bets of the first hundred runs are the keen ones of ``young.py``, and the locked reference is bet
        #: on patiently too.
        self.keen = keen
        self._locked_deltas = locked_deltas(keen=keen)
        self.smallest_drop = smallest_drop
        self._limit = REACH * mean_runs
        #: Runs that a bet on delta needs to reach A: over these its variance is inflated.
        self._windows = tuple(2 * math.log(mean_runs) / delta**2 for delta in DELTAS + self._locked_deltas)

    def start(
        self,
        x: Sequence[float],
        variances: Sequence[float],
        lost: Sequence[float] | None = None,
        n: Sequence[int] | None = None,
        u: Sequence[float] | None = None,
    ) -> PsrState:
        """State after the baseline runs: at least two summaries, oldest first.

        ``variances``: sampling variance of each; ``lost`` and ``n``: score lost and cases scored; ``u``: tie breakers.
        """
        within = float(np.mean(variances))
        between = max(0.0, float(np.var(x, ddof=1)) - within)
        state = PsrState(
            history=np.empty(0),
            n=0,
            mean=0.0,
            squares=0.0,
            failures=None if lost is None or n is None else (),
            locked=None,
            correlation=Correlation(),
            inflations=(),
            bets=(Bet(),) * len(self._windows),
            between=between,
            within=within,
            floor=max(math.sqrt(within), self.smallest_drop / 2),
            lock_at=len(x) + LOCK_AFTER,
            expected=expected_correlation(within, between, len(x)),
        )
        state = replace(state, inflations=self._inflations(state.correlation, state.expected))
        for index, summary in enumerate(x):
            scaled = state.common_scale(summary, variances[index])
            z = _rank(state.history, scaled, 0.5 if u is None else u[index]) if index else 0.0
            failures = None if lost is None or n is None else _counted(lost[index], n[index])
            correlation, inflations = self._correlated(state, z)
            entered = self._entered(state, scaled, failures)
            state = replace(state, correlation=correlation, inflations=inflations, **entered)
        return state

    def update(
        self,
        state: PsrState,
        x: float,
        variance: float,
        u: float = 0.5,
        lost: float | None = None,
        n: int | None = None,
        *,
        mark: float = 0.0,
        remember: bool = True,
    ) -> tuple[PsrState, Evidence]:
        """One run: its summary, the sampling variance of that, a uniform ``u`` to break ties, score lost over n cases.

        ``mark`` is handed back as the onset's; ``remember=False`` leaves the reference as it is (during a drift).
        """
        scaled = state.common_scale(x, variance)
        rank = _rank(state.history, scaled, u)
        correlation, inflations = self._correlated(state, rank) if remember else (state.correlation, state.inflations)
        counted = None if lost is None or n is None or state.failures is None else _counted(lost, n)
        z = _clip(rank if state.n >= YOUNG else self._predicted(state, scaled, u, counted))
        growing, stakes = self._bet_on_reference(state, z, inflations, mark)
        second = state.bets[len(growing) :]
        value = _mean_total(growing)
        if state.locked is not None:
            locked = _clip(_sorted_rank(state.locked, scaled, u) + MARGIN)
            second = self._raised(second, self._locked_deltas, locked, inflations[len(DELTAS) :], mark)
            value = (value + _mean_total(second)) / 2
        bets = growing + second
        looks, since = stakes.likeliest() if stakes else _highest(bets)
        entered = self._entered(state, scaled, counted) if remember else {}
        state = replace(state, bets=bets, stakes=stakes, correlation=correlation, inflations=inflations, **entered)
        return state, Evidence(value, looks, since)

    def restart(self, state: PsrState) -> PsrState:
        """All bets back to nothing, the reference kept: after an alarm, or after a recovery."""
        return replace(state, bets=(Bet(),) * len(self._windows), stakes=Stakes())

    def forget(self, state: PsrState, runs: int) -> PsrState:
        """As though the last runs had not entered the reference: they belong to a drift. The bets are kept.

        The runs of the baseline stay, however many are to be forgotten.
        """
        runs = min(runs, max(len(state.history) - (state.lock_at - LOCK_AFTER), 0))
        correlation = state.correlation.without_last(runs)
        state = _referring(state, state.history[: len(state.history) - runs])
        return replace(
            state,
            failures=None if state.failures is None else state.failures[: state.n],
            locked=state.locked if state.n >= state.lock_at else None,
            correlation=correlation,
            inflations=self._inflations(correlation, state.expected),
        )

    def back_to_lock(self, state: PsrState) -> PsrState:
        """As though no run since the lock had entered the reference: a slide has dragged it along. The bets are kept.

        Raises ValueError before the lock.
        """
        if state.locked is None:
            raise ValueError("nothing is locked yet")
        return _referring(state, state.locked[_mixed(len(state.locked))])

    def _predicted(self, state: PsrState, x: float, u: float, failures: tuple[int, int] | None) -> float:
        """Normal score of a run in a young watch: the less surprising of two predictions."""
        spread = (
            keen_spread(state.squares, state.n, state.within, state.between, self.smallest_drop / 2)
            if self.keen
            else Spread(state.spread, state.n - 1)
        )
        z = surprise(x, state.n, state.mean, spread)
        if failures is None or state.failures is None:
            return z
        failed, cases = state.failures[-1] if state.failures else (0, 0)
        checked = surprise_of_failures(*failures, failed, cases, u)
        return z if checked is None else max(z, checked)

    def _bet_on_reference(
        self, state: PsrState, z: float, inflations: Inflations, mark: float
    ) -> tuple[tuple[Bet, ...], Stakes]:
        """The bets on z in the growing reference after one more run; keen ones are the sums of their stakes."""
        factors = inflations[: len(DELTAS)]
        bets = self._raised(state.bets[: len(DELTAS)], DELTAS, z, factors, mark)
        if not self.keen or state.n >= YOUNG:
            return bets, Stakes()
        before = state.stakes or _carried(state, factors)
        stakes = before.update(z, state.n, DELTAS, factors, limit=self._limit, mark=mark)
        sums = stakes.sums(self._limit)
        return tuple(
            [Bet(total, bet.climb, bet.looks, bet.since) for bet, total in zip(bets, sums, strict=True)]
        ), stakes

    def _raised(
        self, bets: tuple[Bet, ...], deltas: tuple[float, ...], z: float, inflations: Inflations, mark: float
    ) -> tuple[Bet, ...]:
        """Bets, each on its own delta, after one more run."""
        raised = []
        for bet, delta, inflated in zip(bets, deltas, inflations, strict=True):
            gain = -delta * z - delta * delta * inflated / 2
            total = min((1 + bet.total) * math.exp(gain), self._limit)
            climb = bet.climb + gain
            if climb <= 0:
                raised.append(Bet(total))
            else:
                raised.append(Bet(total, climb, bet.looks + 1, bet.since if bet.looks else mark))
        return tuple(raised)

    def _correlated(self, state: PsrState, z: float) -> tuple[Correlation, Inflations]:
        """What is known of the autocorrelation after one more run. It is estimated anew once in a block."""
        correlation = state.correlation.add(z)
        if correlation.block:
            return correlation, state.inflations
        return correlation, self._inflations(correlation, state.expected)

    def _inflations(self, correlation: Correlation, expected: float) -> Inflations:
        r1, phi = correlation.estimate(expected)
        return tuple(inflation(r1, phi, window) for window in self._windows)

    @staticmethod
    def _entered(state: PsrState, x: float, failures: tuple[int, int] | None) -> dict[str, Any]:
        """What changes of a state when a run enters its reference."""
        kept = state.history[-(CAP - 1) :]
        history = np.empty(len(kept) + 1)
        history[:-1], history[-1] = kept, x
        n, mean, squares = winsorised_step(state.n, state.mean, state.squares, x)
        entered: dict[str, Any] = {"history": history, "n": n, "mean": mean, "squares": squares}
        if state.failures is not None and len(state.failures) < YOUNG:
            (failed, cases), (more, others) = (state.failures or ((0, 0),))[-1], failures or (0, 0)
            entered["failures"] = (*state.failures, (failed + more, cases + others))
        if n == state.lock_at:
            entered["locked"] = np.sort(history)
        return entered


def _referring(state: PsrState, history: Floats) -> PsrState:
    """The state with another reference."""
    n, mean, squares = 0, 0.0, 0.0
    for x in history.tolist():
        n, mean, squares = winsorised_step(n, mean, squares, x)
    return replace(state, history=history, n=n, mean=mean, squares=squares)


def _mixed(n: int) -> NDArray[np.intp]:
    """An order in which what was sorted is so no more, always the same: each a golden section after the one before."""
    return np.argsort(np.arange(n) * GOLDEN % 1.0)


def _rank(history: Floats, x: float, u: float) -> float:
    """Normal score of the rank of x among earlier runs, its ties broken by ``u``."""
    below = np.count_nonzero(history < x)
    equal = np.count_nonzero(history == x)
    return float(ndtri((below + u * (equal + 1)) / (len(history) + 1)))


def _sorted_rank(ordered: Floats, x: float, u: float) -> float:
    below, up_to = ordered.searchsorted(x, "left"), ordered.searchsorted(x, "right")
    return float(ndtri((below + u * (up_to - below + 1)) / (len(ordered) + 1)))


def _carried(state: PsrState, inflations: Inflations) -> Stakes:
    """The bets of a mature watch that became young again, because most of its runs belonged to a drift."""
    totals = [bet.total for bet in state.bets[: len(DELTAS)]]
    if not any(totals):
        return Stakes()
    return Stakes.carried(state.n, *_highest(state.bets), totals, inflations)


def _counted(lost: float, n: int) -> tuple[int, int]:
    """Whole failures among n cases; graded scores lose fractions of them."""
    return min(max(round(lost), 0), int(n)), int(n)


def _clip(z: float) -> float:
    return min(max(z, -CLIP), CLIP)


def _mean_total(bets: tuple[Bet, ...]) -> float:
    return sum(bet.total for bet in bets) / len(bets)


def _highest(bets: tuple[Bet, ...]) -> tuple[int, float]:
    """Looks since the onset of the bet that has climbed highest, and its mark."""
    best = max(bets, key=_climb)
    return best.looks, best.since


def _climb(bet: Bet) -> float:
    return bet.climb
