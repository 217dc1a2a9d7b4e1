"""The factors for runs that take turns through the cases."""

from __future__ import annotations

import numpy as np
import pytest

from watchdog.stats.turns import doubt, out_of_sample


@pytest.mark.parametrize("runs", [2, 8, 20, 500])
def test_a_run_that_asks_every_case_needs_neither(runs):
    assert doubt(runs, runs) == 1.0
    assert out_of_sample(runs, runs) == pytest.approx(1.0)


def test_a_case_seen_twice_in_twenty_runs():
    assert doubt(2, 20) == pytest.approx(1.5 / 1.05)
    # 3 / 1 for the case, of which 21 / 19 is there already.
    assert out_of_sample(2, 20) ** 2 == pytest.approx(3 / (21 / 19))


def test_a_single_look_says_nothing_of_how_looks_vary():
    assert out_of_sample(1, 1) == out_of_sample(1, 20) == 1.0


@pytest.mark.parametrize("rounds", [2, 3, 6])
def test_they_make_the_baseline_vary_as_later_runs_do(rounds):
    """Normal answers of sd 1 of 200 cases, 20 a run: the variance of x, before and after, by simulation."""
    rng, parts, size = np.random.default_rng(5), 10, 20
    before, after = [], []
    for _ in range(400):
        answers = rng.normal(0, 1, (rounds, parts * size))
        means = answers.mean(0)
        before += list((answers - means).reshape(rounds * parts, size).mean(1) * out_of_sample(rounds, rounds * parts))
        after += list((rng.normal(0, 1, parts * size) - means).reshape(parts, size).mean(1))
    runs = rounds * parts
    prediction = np.var(before) * runs / (runs - 1) * (1 + 1 / runs)
    assert prediction == pytest.approx(np.var(after), rel=0.06)
    assert doubt(rounds, runs) / size * (1 + 1 / runs) == pytest.approx(np.var(after), rel=0.06)
