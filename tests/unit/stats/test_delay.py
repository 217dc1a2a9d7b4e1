"""Predicted delays: the simulated truth is in tests/statistical/test_delay.py."""

import numpy as np
import pytest

from watchdog.stats.delay import censored_moments, delays
from watchdog.stats.power import expected_delay

MATURE = {"spread": 0.025, "mean_runs": 87_600.0, "reference": 320}


def test_moments_of_a_clipped_normal_are_those_of_a_large_sample():
    for shift in (0.0, 1.5, 4.0):
        drawn = np.clip(np.random.default_rng(1).normal(shift, 1, 400_000), -2.6, 2.6)
        mean, variance = censored_moments(shift)
        assert mean == pytest.approx(drawn.mean(), abs=0.01)
        assert variance == pytest.approx(drawn.var(), abs=0.01)


def test_larger_drops_are_found_sooner_and_bad_luck_takes_longer():
    typical, late = delays([0.02, 0.05, 0.1, 0.2], **MATURE)
    assert list(typical) == sorted(typical, reverse=True)
    assert (late >= typical).all()
    assert typical[0] >= expected_delay(0.02, 0.025**2, 87_600.0)


def test_one_look_never_says_enough_because_its_score_is_clipped():
    typical, _ = delays([0.14], 0.001, 87_600.0, reference=1000)
    assert typical[0] >= 4


def test_a_collapse_is_found_by_the_acute_rule_in_three_looks():
    assert delays([0.4], **MATURE)[0][0] == 3
    assert delays([0.4], **MATURE)[1][0] == 3


def test_a_young_reference_absorbs_a_small_drop_before_it_is_found():
    assert np.isinf(delays([0.02], 0.025, 87_600.0, reference=30)[0][0])
    assert np.isfinite(delays([0.02], **MATURE)[0][0])


def test_correlated_runs_and_a_rarer_false_alarm_cost_time():
    plain = delays([0.05], **MATURE)[0][0]
    assert delays([0.05], **MATURE, correlation=(0.3, 0.6))[0][0] > 1.5 * plain
    assert delays([0.05], 0.025, 5_000.0, reference=320)[0][0] < plain


def test_what_takes_longer_than_the_horizon_is_not_found():
    assert np.isinf(delays([0.02], **MATURE, horizon=20)[0][0])
