"""Effect and interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.stats.interval import Moments, effect

values = st.lists(st.floats(-1, 1), max_size=30)


@given(values, values)
def test_moments_of_two_parts_are_those_of_the_whole(first, second):
    both = Moments.of(np.array(first)) | Moments.of(np.array(second))
    whole = Moments.of(np.array(first + second))
    assert both.n == whole.n
    assert both.mean == pytest.approx(whole.mean, abs=1e-12)
    assert both.squares == pytest.approx(whole.squares, abs=1e-9)


def test_the_interval_covers_nine_times_in_ten():
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(2000):
        found = effect(Moments.of(rng.normal(-0.1, 0.04, 4)), Moments.of(rng.normal(0, 0.04, 8)))
        covered += found.low <= -0.1 <= found.high
    assert 0.88 <= covered / 2000 <= 0.92


def test_autocorrelation_and_the_floor_widen_it():
    after, before = Moments(5, -0.1, 0.0004), Moments(20, 0.0, 0.002)
    plain = effect(after, before)
    for wider in (effect(after, before, inflation_after=4.0), effect(after, before, floor=0.05)):
        assert wider.value == plain.value == pytest.approx(-0.1)
        assert wider.high - wider.low > plain.high - plain.low
