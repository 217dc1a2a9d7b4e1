"""The pinned target as a control variate."""

import numpy as np
import pytest

from watchdog.stats.control import control_weight, controlled, controlled_variance


def arms(rng, runs, weather, correlation=0.6, sampling=0.0245):
    shared = np.zeros(runs)
    for t in range(1, runs):
        shared[t] = correlation * shared[t - 1] + np.sqrt(1 - correlation**2) * rng.normal(0, weather)
    return shared + rng.normal(0, sampling, runs), shared + rng.normal(0, sampling, runs)


def test_without_shared_weather_the_control_is_hardly_used():
    rng = np.random.default_rng(120)
    weights = [control_weight(*arms(rng, 240, 0.0)) for _ in range(40)]
    assert np.mean(weights) < 0.15


def test_shared_weather_is_taken_out():
    rng = np.random.default_rng(121)
    current, pinned = arms(rng, 480, 0.03)
    beta = control_weight(current, pinned)
    assert 0.5 < beta <= 0.8
    left = [controlled(x, p, pinned.mean(), beta) for x, p in zip(current, pinned, strict=True)]
    over_days = [np.reshape(arm, (-1, 12)).mean(1).var() for arm in (left, current)]
    assert over_days[0] < 0.6 * over_days[1]


def test_a_drift_of_both_arms_between_blocks_is_no_covariance():
    rng = np.random.default_rng(122)
    current, pinned = arms(rng, 240, 0.0)
    step = np.repeat([0.0, -0.3, 0.0, -0.3, 0.2], 48)
    assert control_weight(current + step, pinned + step) < 0.3


def test_too_few_runs_leave_it_out():
    rng = np.random.default_rng(123)
    assert control_weight(*arms(rng, 47, 0.05)) == 0.0
    assert control_weight([0.1] * 96, [0.2] * 96) == 0.0


def test_the_control_brings_its_own_sampling_noise():
    assert controlled_variance(0.0006, 0.0006, 0.5) == pytest.approx(0.00075)
