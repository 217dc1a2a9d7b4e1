"""Rare failures."""

import json

import numpy as np
import pytest

from watchdog.stats.rare import RareState, start, update


def looks_to_alarm(rng, rate, mean_runs, limit, answers=100):
    state = start(2, 4000)
    for look in range(1, limit + 1):
        state = update(state, int(rng.binomial(answers, rate)), answers)
        if state.evidence >= mean_runs:
            return look
    return None


def test_the_rate_is_the_upper_limit_of_the_baseline():
    assert start(0, 1000).rate == pytest.approx(2.30 / 1000, rel=0.01)
    assert start(2, 4000).rate > 2 / 4000


def test_a_jump_from_one_in_a_thousand_to_one_in_fifty_is_found():
    rng = np.random.default_rng(90)
    looks = [looks_to_alarm(rng, 0.02, 10_000.0, 200) for _ in range(50)]
    assert None not in looks
    assert np.median(looks) <= 15


def test_false_alarms_are_rarer_than_promised():
    rng, mean_runs, alarms, looks = np.random.default_rng(91), 100.0, 0, 40_000
    state = start(2, 4000)
    fresh = state
    for failures in rng.binomial(100, state.rate, looks):
        state = update(state, int(failures), 100)
        if state.evidence >= mean_runs:
            alarms, state = alarms + 1, fresh
    assert alarms > 0
    assert looks / (alarms + 2 * np.sqrt(alarms)) >= mean_runs


def test_whatever_is_counted_the_sums_are_finite():
    state = start(5, 5)
    for failures in (5, 5, 0):
        state = update(state, failures, 5)
    assert np.isfinite(state.evidence)
    state = start(0, 10)
    for _ in range(200):
        state = update(state, 10, 10)
    assert np.isfinite(state.evidence)


def test_json_and_back_is_exact():
    state = update(start(1, 500), 1, 100)
    assert RareState.from_json(json.loads(json.dumps(state.to_json()))) == state
