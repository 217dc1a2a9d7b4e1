"""How often the onset's interval holds the onset: lives of a metric with a step, up to their alarm."""

from __future__ import annotations

import math
from random import Random

import pytest
from scipy.stats import beta

from watchdog.stats.onset import onset_interval
from watchdog.stats.predictive import PredictiveSR

LIVES = 150
SAMPLING = 0.03


def held(rng: Random, phi: float, drop: float, quiet: int) -> bool | None:
    """Whether the interval at the alarm held the onset; None when there was no alarm, or a false one."""
    test, weather = PredictiveSR(87_600.0, 0.02, keen=True), 0.0

    def run(level: float) -> float:
        nonlocal weather
        weather = phi * weather + math.sqrt(1 - phi * phi) * rng.gauss(0, SAMPLING)
        return level + weather + rng.gauss(0, SAMPLING)

    state = test.start([run(0.8) for _ in range(8)], [SAMPLING**2] * 8)
    for _ in range(quiet):
        state, evidence = test.update(state, run(0.8), SAMPLING**2, rng.random())
        if evidence.value >= test.mean_runs:
            return None
    for looks in range(1, 1500):
        before = state
        state, evidence = test.update(state, run(0.8 - drop), SAMPLING**2, rng.random())
        if evidence.value >= test.mean_runs:
            fewest, most = onset_interval(
                state.history, evidence.looks, spread=before.spread, correlation=before.autocorrelation
            )
            return fewest <= looks <= most
    return None


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("phi", "drop", "quiet"), [(0.0, 0.03, 200), (0.0, 0.05, 200), (0.6, 0.05, 200), (0.6, 0.1, 200), (0.0, 0.2, 20)]
)
def test_the_interval_holds_the_onset_in_nine_of_ten_lives(phi, drop, quiet):
    rng = Random(f"onset {phi} {drop} {quiet}")
    answers = [held(rng, phi, drop, quiet) for _ in range(LIVES)]
    told = [answer for answer in answers if answer is not None]
    assert len(told) >= 0.9 * LIVES
    # 90 % is not refuted: the upper 99 % limit of the coverage (Clopper and Pearson) is above it.
    assert beta.ppf(0.99, sum(told) + 1, len(told) - sum(told)) >= 0.9 if sum(told) < len(told) else True
    print(phi, drop, quiet, sum(told) / len(told))
