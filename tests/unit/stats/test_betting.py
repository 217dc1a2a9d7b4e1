"""Betting against the pinned arm."""

import numpy as np
import pytest

from watchdog.stats.betting import NOTHING, evidence, update


def run(rng, drop, weather):
    chance = np.clip(rng.beta(1.8, 0.2, 60) + weather, 0, 1)
    return (rng.random(60) < chance - drop).astype(float), (rng.random(60) < chance).astype(float)


def test_weather_that_hits_both_arms_is_no_evidence():
    rng, mean_runs, alarms, looks, sums = np.random.default_rng(100), 100.0, 0, 6000, NOTHING
    for _ in range(looks):
        sums = update(sums, *run(rng, 0.0, rng.normal(0, 0.1)))
        if evidence(sums) >= mean_runs:
            alarms, sums = alarms + 1, NOTHING
    assert looks / (alarms + 2 * np.sqrt(alarms) + 1) >= mean_runs


def test_a_drop_of_the_current_arm_is_found():
    rng, sums = np.random.default_rng(101), NOTHING
    looks = 0
    while evidence(sums) < 87_600:
        sums = update(sums, *run(rng, 0.10, 0.0))
        looks += 1
        assert looks < 30


def test_one_product_is_worked_out_by_hand():
    sums = update(NOTHING, [0.0, 1.0], [1.0, 1.0])
    assert evidence(sums) == pytest.approx(np.mean([1.08, 1.2, 1.4, 1.65, 1.9]))
