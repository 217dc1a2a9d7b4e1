"""Simulated runs of cases, and exact binomial intervals for what is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import betaincinv


class Runs(NamedTuple):
    """Summaries of (runs, streams): paired difference, its sampling variance, score lost, cases."""

    x: np.ndarray
    variance: np.ndarray
    lost: np.ndarray
    n: np.ndarray


def _simulate(
    rng: np.random.Generator,
    *,
    streams: int,
    baseline: int,
    looks: int,
    cases: int = 100,
    level: float = 0.9,
    polarised: float = 2.0,
    noise: float = 0.0,
    correlation: float = 0.0,
    drop: Callable[[int], float] = lambda _: 0.0,
) -> Runs:
    """Pass/fail cases of unequal difficulty, paired with their own baseline means.

    ``polarised``: concentration of the difficulties (small: most cases always pass or always fail). ``noise``: sd of
    a run's effect on the logit, ``correlation``: of neighbouring runs. ``drop(look)``: points lost at a look.
    """
    chances = np.clip(rng.beta(level * polarised, (1 - level) * polarised, (streams, cases)), 1e-4, 1 - 1e-4)
    chances *= level / chances.mean(1, keepdims=True)
    chances = np.clip(chances, 1e-4, 1 - 1e-4)
    logits = np.log(chances / (1 - chances))
    weather = np.zeros(streams)
    table = np.empty((baseline + looks, streams, cases), dtype=bool)
    for t in range(baseline + looks):
        weather = correlation * weather + np.sqrt(1 - correlation**2) * rng.standard_normal(streams) * noise
        now = chances if noise == 0 else 1 / (1 + np.exp(-logits - weather[:, None]))
        lost = drop(t - baseline) if t >= baseline else 0.0
        table[t] = rng.random((streams, cases)) < now * (1 - lost / level)
    means = table[:baseline].mean(0)
    spread = table[:baseline].var(0, ddof=1)
    passed = table.sum(2)
    x = passed / cases - means.mean(1)
    variance = np.broadcast_to(spread.sum(1) / cases**2, x.shape)
    return Runs(x, variance, (cases - passed).astype(float), np.full(x.shape, cases))


@pytest.fixture
def simulate() -> Callable[..., Runs]:
    return _simulate


@pytest.fixture
def upper_limit() -> Callable[[int, int], float]:
    """Upper 97.5 % limit (Clopper and Pearson) of a share of which ``hits`` of ``trials`` were seen."""

    def limit(hits: int, trials: int) -> float:
        return 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 0.975))

    return limit


@pytest.fixture
def lower_limit() -> Callable[[int, int], float]:
    """Lower 97.5 % limit of a share."""

    def limit(hits: int, trials: int) -> float:
        return 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, 0.025))

    return limit
