"""Latency, length and cost."""

import math

import numpy as np
import pytest

from watchdog.stats.logratio import case_medians, log_ratios, quantile_interval


def test_each_case_is_held_against_its_own_median():
    medians = case_medians([{"a": 1.0, "b": 10.0}, {"a": 3.0, "b": 12.0}, {"a": 2.0, "b": 0.0}])
    assert medians == {"a": 2.0, "b": 11.0}
    found = log_ratios({"a": 4.0, "b": 11.0, "new": 5.0}, medians)
    assert set(found) == {"a", "b"}
    assert found["a"].value == pytest.approx(math.log(2))
    assert found["b"].value == 0.0


def test_a_timeout_does_not_drown_the_others():
    assert log_ratios({"a": 1e6}, {"a": 1.0})["a"].value == 2.0
    assert log_ratios({"a": 1e-6}, {"a": 1.0})["a"].value == -2.0


def test_an_interval_of_a_quantile_covers_it():
    rng = np.random.default_rng(80)
    covered = 0
    for _ in range(400):
        _, low, high = quantile_interval(rng.lognormal(0, 1, 60).tolist(), 0.5)
        covered += low <= 1.0 <= high
    assert 0.88 <= covered / 400 <= 0.97


def test_few_values_know_no_upper_limit_of_a_high_quantile():
    value, low, high = quantile_interval(list(range(20)), 0.95)
    assert high == math.inf
    assert low <= value
