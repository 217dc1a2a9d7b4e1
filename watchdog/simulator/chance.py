"""Chance without state: the same words give the same number on every machine."""

from __future__ import annotations

import hashlib
from statistics import NormalDist

_NORMAL = NormalDist()


def uniform(*words: object) -> float:
    """A number strictly between 0 and 1 that depends on nothing but ``words``."""
    text = "\x1f".join(map(str, words))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    return (number + 0.5) / 2**64


def probability_of_case(quality: float, spread: float, difficulty: float) -> float:
    """Probability that a case is answered well, from a model's mean quality and the case's difficulty.

    ``difficulty`` is standard normal over cases. With P = Phi(a - spread * difficulty) the mean over cases is
    Phi(a / sqrt(1 + spread^2)), so a is chosen to make that mean equal to ``quality``.
    """
    if quality <= 0.0 or quality >= 1.0:
        return quality
    return _NORMAL.cdf(_NORMAL.inv_cdf(quality) * (1.0 + spread * spread) ** 0.5 - spread * difficulty)


def difficulty_of_rank(rank: int, count: int) -> float:
    """Difficulty of the ``rank``-th (from 0) of ``count`` cases: normal quantiles, so that the mean is kept."""
    return _NORMAL.inv_cdf((rank + 0.5) / count)


def lognormal(median: float, sigma: float, at: float) -> float:
    """The quantile ``at`` of a log-normal law; its median when ``sigma`` is 0."""
    return median if sigma == 0.0 else median * float(2.718281828459045 ** (sigma * _NORMAL.inv_cdf(at)))
