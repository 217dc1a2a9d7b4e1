"""Burn rates on runs."""

import pytest

from watchdog.stats.burn import Window, burn_rate, burning, wilson

OBJECTIVE = 0.97


def test_burn_is_how_fast_the_budget_goes():
    assert burn_rate(3, 100, OBJECTIVE) == pytest.approx(1.0)
    assert burn_rate(30, 100, OBJECTIVE) == pytest.approx(10.0)
    assert burn_rate(0, 0, OBJECTIVE) == 0.0


def test_wilsons_interval_is_the_textbooks():
    low, high = wilson(10, 100, confidence=0.95)
    assert (low, high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 20)[0] == 0.0


def test_a_collapse_burns_the_shortest_window():
    assert burning([0] * 10 + [25] * 6, [100] * 16, OBJECTIVE) == Window(6, 2, 6.0)


def test_a_slow_leak_burns_a_long_window_only():
    assert burning([7] * 80, [100] * 80, OBJECTIVE) == Window(72, 6, 2.0)
    assert burning([2] * 400, [100] * 400, OBJECTIVE) is None


def test_it_ends_soon_after_the_trouble_has_ended():
    assert burning([25] * 6, [100] * 6, OBJECTIVE) is not None
    assert burning([25] * 6 + [1, 1], [100] * 8, OBJECTIVE) is None


def test_a_handful_of_bad_answers_among_few_proves_nothing():
    assert burning([0, 0, 0, 0, 0, 1], [3] * 6, OBJECTIVE, [Window(6, 2, 1.5)]) is None
    assert burning([0, 0, 0, 0, 0, 30], [60] * 6, OBJECTIVE, [Window(6, 2, 1.5)]) is not None


def test_too_short_a_history_is_quiet():
    assert burning([100] * 5, [100] * 5, OBJECTIVE) is None
