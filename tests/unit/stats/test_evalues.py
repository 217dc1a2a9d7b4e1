"""e-values and e-BH."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.stats.evalues import changed, e_bh, failing_more, from_sum, how_cases_differ, windows


def test_the_picks_are_the_largest_that_clear_their_own_bar():
    assert e_bh([100.0, 1.0, 19.9, 0.0], rate=0.1) == [0]
    assert e_bh([100.0, 1.0, 20.0, 0.0], rate=0.1) == [0, 2]
    assert e_bh([100.0, 13.4, 20.0, 0.0], rate=0.1) == [0, 1, 2]
    assert e_bh([1.0] * 5) == []
    assert e_bh([]) == []


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.sampled_from([0.05, 0.1, 0.2]))
def test_more_evidence_never_removes_a_pick(values, rate):
    before = set(e_bh(values, rate))
    raised = [value * 2 for value in values]
    assert before <= set(e_bh(raised, rate))


def test_wrong_picks_are_rarer_than_the_rate():
    rng = np.random.default_rng(40)
    shares = []
    for _ in range(400):
        shift = np.where(np.arange(100) < 10, 3.0, 0.0)
        x = rng.standard_normal(100) + shift
        picks = e_bh(np.exp(3 * x - 4.5).tolist(), 0.1)
        shares.append(sum(pick >= 10 for pick in picks) / max(len(picks), 1))
    assert np.mean(shares) <= 0.1


def test_a_sums_e_value_is_the_sum_over_its_runs():
    assert from_sum(500.0, 100) == 5.0
    assert from_sum(5.0, 0) == 0.0


def test_a_case_that_always_passed_and_now_fails_stands_out():
    assert failing_more(20, 0, 0, 4) > 100
    assert failing_more(20, 0, 4, 0) < 1
    assert failing_more(10, 10, 2, 2) < 2.5


def test_the_e_value_of_a_case_is_one_on_average_over_what_the_baseline_leaves_open():
    rng = np.random.default_rng(41)
    p = rng.beta(1 + 18, 1 + 2, 40_000)
    failed = rng.binomial(6, 1 - p)
    values = failing_more(18, 2, 6 - failed, failed)
    assert values.mean() == pytest.approx(1.0, abs=4 * values.std() / np.sqrt(len(values)))


def test_a_graded_score_is_no_stronger_evidence_than_a_pass_or_fail_of_the_same_mean():
    rng = np.random.default_rng(42)
    graded = rng.beta(2, 2, (40_000, 6)).sum(1)
    binary = rng.binomial(6, 0.5, 40_000)
    means = [failing_more(10, 10, each, 6 - each).mean() for each in (graded, binary)]
    assert means[0] <= means[1] + 0.02


def test_how_cases_differ_is_learned_from_the_cases():
    rng = np.random.default_rng(43)
    rates = rng.beta(4, 1, 4000)
    a, b = how_cases_differ(rng.binomial(20, rates) / 20, np.full(4000, 20))
    assert (a, b) == (pytest.approx(4, rel=0.1), pytest.approx(1, rel=0.1))
    a, b = how_cases_differ(np.ones(30), np.full(30, 8))
    assert a > 10 * b
    assert b >= 0.1


def test_a_change_is_sought_in_ever_longer_windows():
    assert windows(0) == []
    assert windows(1) == [1]
    assert windows(11) == [2, 4, 8, 11]
    assert windows(8) == [2, 4, 8]


def test_a_case_that_began_to_fail_is_told_with_the_looks_since():
    scores = np.ones((40, 12))
    scores[-8:, 3] = 0.0
    scores[::2, 5] = np.nan  # asked at every other look
    found = changed(np.ones(12), np.full(12, 20), scores)
    assert e_bh(found.e_value.tolist()) == [3]
    assert (found.looks[3], found.level[3]) == (8, 0.0)
    assert np.isfinite(found.e_value).all()


def test_without_looks_nothing_has_changed():
    assert changed([1.0, 0.5], [8, 8], np.empty((0, 2))).e_value.tolist() == [0.0, 0.0]
