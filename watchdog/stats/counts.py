"""How sure is a count? Exact intervals of a rate (Garwood 1936) and of a share (Clopper and Pearson 1934).

Both hold the truth at least as often as they say, however few were counted.
"""

from __future__ import annotations

from scipy.special import betaincinv, gammaincinv


def rate_interval(count: int, exposure: float, confidence: float = 0.9) -> tuple[float, float]:
    """Two-sided interval of the events per unit, ``count`` of which were seen in ``exposure`` units (Poisson)."""
    outside = (1 - confidence) / 2
    low = float(gammaincinv(count, outside)) if count else 0.0
    return low / exposure, float(gammaincinv(count + 1, 1 - outside)) / exposure


def share_interval(count: int, among: int, confidence: float = 0.9) -> tuple[float, float]:
    """Two-sided interval of a share of which ``count`` among ``among`` were seen (binomial)."""
    outside = (1 - confidence) / 2
    low = float(betaincinv(count, among - count + 1, outside)) if count else 0.0
    high = float(betaincinv(count + 1, among - count, 1 - outside)) if count < among else 1.0
    return low, high
