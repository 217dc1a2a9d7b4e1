"""What can be found at all."""

import pytest

from watchdog.stats.power import detectable_drop, expected_delay


def test_the_two_formulas_are_each_others_inverse():
    drop = detectable_drop(24.0, 0.0246**2, 87_600.0)
    assert expected_delay(drop, 0.0246**2, 87_600.0) == pytest.approx(24.0)


def test_the_bound_is_the_one_of_the_bench():
    assert expected_delay(0.02, 0.0246**2, 87_600.0) == pytest.approx(34.4, abs=0.1)
    assert expected_delay(0.05, 0.0246**2, 87_600.0) == pytest.approx(5.5, abs=0.05)


def test_nothing_is_found_before_the_first_look():
    assert expected_delay(0.9, 0.0001, 100.0) == 1.0
