"""Exact intervals, held against scipy's own."""

import math

import pytest
from scipy import stats

from watchdog.stats.counts import rate_interval, share_interval


@pytest.mark.parametrize("count", [0, 1, 7, 120])
def test_the_interval_of_a_rate_is_garwoods(count):
    low, high = rate_interval(count, 50.0)
    assert low == pytest.approx(stats.chi2.ppf(0.05, 2 * count) / 100 if count else 0.0)
    assert high == pytest.approx(stats.chi2.ppf(0.95, 2 * count + 2) / 100)
    assert rate_interval(0, 1.0)[1] == pytest.approx(-math.log(0.05))


@pytest.mark.parametrize(("count", "among"), [(0, 10), (3, 10), (10, 10), (70, 400)])
def test_the_interval_of_a_share_is_clopper_and_pearsons(count, among):
    expected = stats.binomtest(count, among).proportion_ci(confidence_level=0.9, method="exact")
    assert share_interval(count, among) == pytest.approx((expected.low, expected.high))
