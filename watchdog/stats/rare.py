"""Failures so rare that a mean says nothing: leaks, crashes, unsafe answers. A Shiryaev-Roberts test that counts them.

    R <- (1 + R) L,     L = f^k ((1 - f r) / (1 - r))^(n - k),     averaged over the factors f = 2, 5, 20

for k failures among n answers of a look, against the rate r that the baseline does not exceed with 90 % confidence
(Clopper and Pearson). L is cut at 30. Proven: while the true rate is at most r and answers are independent, R minus
the number of looks is a supermartingale (the cut only lowers it), so the mean time to a false alarm is at least A
looks. In one of ten baselines r is too low, and the promise weaker.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from scipy.special import betaincinv

FACTORS = (2.0, 5.0, 20.0)
CONFIDENCE = 0.9
#: Most that one look may multiply a stake by, as for pSR: a burst of failures in two looks is an incident, no drift.
MOST = 30.0


class RareState(NamedTuple):
    """Rate of the baseline (its upper limit) and the sums."""

    rate: float
    sums: tuple[float, ...] = (0.0,) * len(FACTORS)

    @property
    def evidence(self) -> float:
        """The mixture R; an alarm is R >= A."""
        return sum(self.sums) / len(self.sums)

    def to_json(self) -> list[Any]:
        """JSON value; floats come back exactly."""
        return [self.rate, self.sums]

    @classmethod
    def from_json(cls, value: list[Any]) -> RareState:
        """The state that ``to_json`` wrote."""
        return cls(value[0], tuple(value[1]))


def start(failures: int, answers: int) -> RareState:
    """State after a baseline with so many failures among so many answers (at least one)."""
    if failures >= answers:
        return RareState(1.0)
    return RareState(float(betaincinv(failures + 1, answers - failures, CONFIDENCE)))


def update(state: RareState, failures: int, answers: int) -> RareState:
    """One look."""
    sums = []
    for factor, total in zip(FACTORS, state.sums, strict=True):
        raised = min(factor * state.rate, 0.5 + state.rate / 2)  # a probability, whatever the factor
        rate = min(state.rate, 1 - 1e-12)
        likelihood = (raised / rate) ** failures * ((1 - raised) / (1 - rate)) ** (answers - failures)
        sums.append(min((1 + total) * min(likelihood, MOST), 1e300))
    return RareState(state.rate, tuple(sums))
