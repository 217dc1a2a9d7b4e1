"""A mean from many judge scores and a few human labels, that is not fooled by the judge's bias.

    theta = lam mean_N(f) + mean_n(Y - lam f),     lam = cov(Y, f) / ((1 + n/N) var f)

with the judge's scores f on N unlabelled and on the n labelled answers, and the labels Y. The second term is the
*rectifier*: what people say beyond the judge. lam is chosen so that the interval is never wider (to first order) than
that of the labels alone; a useless judge gets 0.

Source: Angelopoulos, Duchi and Zrnic 2023, "PPI++". Proven: the interval's coverage as n grows, for answers that were
drawn for labelling at random.

A function of this library only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri


class Estimate(NamedTuple):
    """A mean with its interval, and how much the judge was used."""

    value: float
    low: float
    high: float
    #: Weight of the judge, 0 to 1 in ordinary cases.
    weight: float
    #: Mean of label minus judge: the judge's bias, with its standard error.
    rectifier: float
    rectifier_error: float


def mean_with_judge(
    labels: Sequence[float], judged: Sequence[float], unlabelled: Sequence[float], confidence: float = 0.9
) -> Estimate:
    """PPI++ mean. ``labels`` and ``judged``: people and judge on the same answers (at least two)."""
    y, f, rest = np.asarray(labels, float), np.asarray(judged, float), np.asarray(unlabelled, float)
    n, many = len(y), len(rest)
    variance = float(np.concatenate((f, rest)).var(ddof=1))
    shared = float(((y - y.mean()) * (f - f.mean())).sum() / (n - 1))
    weight = min(max(shared / ((1 + n / many) * variance), 0.0), 1.0) if many and variance > 0 else 0.0
    value = float((y - weight * f).mean() + (weight * rest.mean() if weight else 0.0))
    spread = float((y - weight * f).var(ddof=1)) / n
    if weight:
        spread += weight**2 * variance / many
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(spread)
    bias = y - f
    return Estimate(
        value, value - half, value + half, weight, float(bias.mean()), math.sqrt(float(bias.var(ddof=1)) / n)
    )
