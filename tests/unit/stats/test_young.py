"""Keen bets of a young watch."""

import json
import math

import numpy as np
import pytest

from watchdog.stats.predictive import DELTAS, YOUNG, PredictiveSR
from watchdog.stats.psr_state import PsrState
from watchdog.stats.young import Spread, Stakes, keen_spread, more_failures, surprise

ONES = (1.0,) * len(DELTAS)


def test_a_stake_becomes_the_likelihood_ratio_of_two_samples():
    """With the spread known, for a shift of the mean between k runs and the m that follow: both means unknown."""
    rng = np.random.default_rng(110)
    k, m, delta = 12, 9, DELTAS[2]
    x = rng.standard_normal(k + m)
    stakes = Stakes()
    for n in range(k, k + m):
        z = (x[n] - x[:n].mean()) / math.sqrt(1 + 1 / n)
        stakes = stakes.update(z, n, DELTAS, ONES, limit=1e300, mark=0.0)
    effective = k * m / (k + m)
    gap = x[k:].mean() - x[:k].mean()
    expected = math.exp(effective * (-delta * gap - delta**2 / 2))
    assert stakes.totals[2, 0] == pytest.approx(expected)


def test_while_the_reference_stands_still_stakes_are_laid_on_one_another():
    stakes = Stakes()
    for look in range(5):
        stakes = stakes.update(-1.0, 10, DELTAS, ONES, limit=1e300, mark=float(look))
    assert stakes.begun.tolist() == [[10], [5], [0.0]]


def test_the_spread_leans_on_sampling_and_less_where_runs_vary_more():
    sampling = 0.03**2
    plain = keen_spread(7 * sampling, 8, sampling, 0.0, 0.0)
    assert plain.value == pytest.approx(0.03)
    assert plain.freedom == 22
    noisy = keen_spread(7 * 4 * sampling, 8, sampling, 3 * sampling, 0.0)
    assert noisy.value > 1.5 * 0.03
    assert noisy.freedom < 12
    assert keen_spread(0.0, 8, 0.0, 0.0, 0.015) == Spread(0.015, 7)


def test_more_experience_makes_the_same_run_more_surprising():
    few, many = surprise(-0.1, 8, 0.0, Spread(0.04, 7)), surprise(-0.1, 8, 0.0, Spread(0.04, 22))
    assert many < few < 0


def test_a_stake_keeps_the_inflation_it_was_laid_with():
    """What a change does to the estimate of autocorrelation must not be held against the bets on that change."""
    before, after = Stakes(), Stakes()
    for look in range(8):
        before = before.update(-1.0, 20 + look, DELTAS, ONES, limit=1e300, mark=0.0)
        after = after.update(-1.0, 20 + look, DELTAS, ONES if look < 4 else (3.0,) * len(DELTAS), limit=1e300, mark=0.0)
    assert after.totals[:, :4] == pytest.approx(before.totals[:, :4])
    assert (after.totals[:, 4:] < before.totals[:, 4:]).all()


@pytest.mark.parametrize("failed", [0, 3, 17, 30])
def test_the_beta_binomial_is_that_of_scipy(failed):
    from scipy.stats import betabinom

    ahead = betabinom(30, 4.5, 60.5)
    expected = ahead.sf(failed) + 0.3 * ahead.pmf(failed)
    assert more_failures(failed, 30, 4.5, 60.5, 0.3) == pytest.approx(expected, abs=1e-12)


def looks_to_alarm(drop, *, keen, seed, limit=100):
    rng = np.random.default_rng(seed)
    chances = rng.beta(0.5, 0.3, 30)
    table = rng.random((8 + limit, 30)) < np.where(np.arange(8 + limit) < 8, 1.0, 1 - drop / 0.625)[:, None] * chances
    x = table.mean(1) - table[:8].mean()
    variance = float(table[:8].var(0, ddof=1).sum() / 900)
    lost = 30.0 - table.sum(1)
    test = PredictiveSR(20_000.0, 0.03, keen=keen)
    state = test.start(x[:8].tolist(), [variance] * 8, lost[:8].tolist(), [30] * 8)
    for look in range(limit):
        state, evidence = test.update(state, float(x[8 + look]), variance, 0.5, float(lost[8 + look]), 30)
        if evidence.value >= test.mean_runs:
            return look + 1
    return limit


def test_a_drop_that_was_there_from_the_first_look_is_found_with_keen_bets():
    keen = [looks_to_alarm(0.25, keen=True, seed=seed) for seed in range(40)]
    plain = [looks_to_alarm(0.25, keen=False, seed=seed) for seed in range(40)]
    assert np.median(keen) <= 7
    assert np.mean(np.array(keen) < 40) >= 0.95
    assert np.mean(np.array(plain) < 40) < 0.9


def test_keen_states_go_through_json_and_hand_over_to_ranks(stream):
    runs, baseline = stream("step")
    test = PredictiveSR(1e9, keen=True)
    kept = test.start([run.x for run in runs[:baseline]], [run.variance for run in runs[:baseline]])
    for run in runs[baseline:200]:
        reloaded = PsrState.from_json(json.loads(json.dumps(kept.to_json())))
        kept, evidence = test.update(kept, run.x, run.variance, run.u, mark=run.u)
        again, repeated = test.update(reloaded, run.x, run.variance, run.u, mark=run.u)
        assert repeated == evidence
        assert again.to_json() == kept.to_json()
        assert bool(kept.stakes) == (kept.n <= YOUNG)


def test_a_watch_that_becomes_young_again_keeps_its_evidence(stream):
    runs, baseline = stream("calm")
    test = PredictiveSR(1e9, keen=True)
    state = test.start([run.x for run in runs[:baseline]], [run.variance for run in runs[:baseline]])
    for run in runs[baseline:95]:
        state, _ = test.update(state, run.x, run.variance, run.u)
    for _ in range(15):
        state, before = test.update(state, -0.3, runs[0].variance, 0.5)
    assert state.n > YOUNG
    state = test.forget(state, 15)
    assert state.n < YOUNG
    state, after = test.update(state, -0.3, runs[0].variance, 0.5, remember=False)
    assert after.value > before.value
    assert after.looks == before.looks + 1
