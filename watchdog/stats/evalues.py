"""e-values, for "which of five hundred moved?": a digest, never a pager.

An e-value is a number that is at most 1 on average while nothing changed: 20 is as surprising as a p-value of 0.05.
e-BH (Wang and Ramdas 2022) picks from many of them so that the expected share of wrong picks is at most the rate that
is asked for, however they depend on each other (proven). With alarms that repeat for ever no such promise can be made
(Dandapanthula and Ramdas 2025), so the pager is budgeted otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import betainc, betaln


def e_bh(e_values: Sequence[float], rate: float = 0.1) -> list[int]:
    """Indices of the picks: the j largest, for the largest j whose j-th largest is at least m / (rate j)."""
    ordered = sorted(range(len(e_values)), key=lambda index: -e_values[index])
    picks = 0
    for j, index in enumerate(ordered, start=1):
        if e_values[index] >= len(e_values) / (rate * j):
            picks = j
    return sorted(ordered[:picks])


def from_sum(evidence: float, runs: int) -> float:
    """The e-value of a Shiryaev-Roberts sum at a time fixed beforehand: its mean after so many runs is their number."""
    return evidence / runs if runs else 0.0


def failing_more(passed_before: float, failed_before: float, passed: float, failed: float) -> float:
    """e-value of one case's new answers against its baseline, for a pass rate that went down.

    The baseline leaves p ~ Beta(1 + passed, 1 + failed). Against it stands a p that lies uniformly below its mean.
    Averaged over what the baseline leaves open it is exactly an e-value; for one fixed p calibrated, not proven.
    """
    a, b = 1 + passed_before, 1 + failed_before
    below = a / (a + b)
    null = float(betaln(a + passed, b + failed) - betaln(a, b))
    inside = float(betainc(1 + passed, 1 + failed, below))
    if inside <= 0.0:
        return 0.0
    alternative = float(betaln(1 + passed, 1 + failed)) + math.log(inside / below)
    return math.exp(min(alternative - null, 700.0))
