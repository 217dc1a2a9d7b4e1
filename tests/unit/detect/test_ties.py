"""Ties."""

import numpy as np

from watchdog.detect.ties import tie_breaker


def test_the_same_run_and_metric_always_give_the_same_number(key):
    assert tie_breaker("run1", key()) == tie_breaker("run1", key())
    assert tie_breaker("run1", key()) == 0.02400039435269896


def test_numbers_are_uniform_and_differ_by_metric(key):
    numbers = np.sort([tie_breaker(f"run{i}", key()) for i in range(5000)])
    assert np.abs(numbers - np.linspace(0, 1, 5000)).max() < 1.63 / np.sqrt(5000)
    assert tie_breaker("run1", key()) != tie_breaker("run1", key(tag="x"))
