"""Was the warm-up steady?"""

from __future__ import annotations

import numpy as np
import pytest

from watchdog.stats.warmup import Dependence, Trend, dependence, trend


def test_a_straight_fall_is_a_trend_of_its_whole_length():
    rise, p = trend([0.1 - 0.01 * n for n in range(8)])
    assert rise == pytest.approx(-0.07)
    assert p == pytest.approx(2 / 40320)  # one of all orders, and its mirror image


def test_the_p_of_the_trend_is_that_of_counting_all_orders():
    """Worked by hand: of the 120 orders of five, 5 have at most one pair against the trend, on either side."""
    assert trend([1, 2, 3, 5, 4]).p == pytest.approx(10 / 120)


def test_neighbours_that_alternate_are_the_opposite_of_alike():
    ratio, p = dependence([0.0, 1.0] * 5)
    assert ratio == pytest.approx(9 / 2.5)
    assert p > 0.99


def test_a_swing_is_dependence():
    ratio, p = dependence(list(np.sin(np.arange(20) / 4)))
    assert ratio < 0.3
    assert p < 0.001


@pytest.mark.parametrize("x", [[], [0.5], [0.5, 0.4, 0.3, 0.2], [1.0] * 12])
def test_too_few_runs_or_all_the_same_say_nothing(x):
    assert trend(x) == Trend(0.0, 1.0)
    assert dependence(x) == Dependence(2.0, 1.0)


@pytest.mark.parametrize("n", [8, 20])
def test_independent_runs_are_rarely_called_otherwise(n):
    rng = np.random.default_rng(20 + n)
    runs = rng.normal(size=(4000, n))
    assert np.mean([trend(x).p < 0.05 for x in runs[:1000]]) < 0.07
    assert np.mean([dependence(x).p < 0.05 for x in runs]) == pytest.approx(0.05, abs=0.012)
    assert np.mean([dependence(x).ratio for x in runs]) == pytest.approx(2.0, abs=0.05)
