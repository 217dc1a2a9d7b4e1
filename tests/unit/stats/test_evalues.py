"""e-values and e-BH."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.stats.evalues import e_bh, failing_more, from_sum


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
    table = [failing_more(18, 2, 6 - k, k) for k in range(7)]
    values = np.array(table)[failed]
    assert values.mean() == pytest.approx(1.0, abs=4 * values.std() / np.sqrt(len(values)))
