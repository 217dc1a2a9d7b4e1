"""Variance inflation by autocorrelation."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.stats.autocorrelation import BLOCK, LARGEST, Correlation, expected_correlation, inflation


def learned(values):
    correlation = Correlation()
    for value in values:
        correlation = correlation.add(float(value))
    return correlation


def autoregressive(rho, n, seed):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(n)
    out = [noise[0]]
    for e in noise[1:]:
        out.append(rho * out[-1] + math.sqrt(1 - rho * rho) * e)
    return out


@pytest.mark.parametrize(("r1", "phi", "runs"), [(0.3, 0.6, 2), (0.6, 0.6, 10), (0.1, 0.85, 40), (0.25, 0.3, 7)])
def test_the_closed_form_is_the_sum(r1, phi, runs):
    summed = 1 + 2 * sum((1 - h / runs) * r1 * phi ** (h - 1) for h in range(1, runs))
    assert inflation(r1, phi, runs) == pytest.approx(min(summed, LARGEST))


def test_a_long_window_tends_to_the_infinite_one():
    assert inflation(0.3, 0.6, 1e6) == pytest.approx(inflation(0.3, 0.6, math.inf), rel=1e-4)


def test_uncorrelated_runs_are_mostly_not_inflated():
    inflated = sum(learned(np.random.default_rng(seed).standard_normal(240)).estimate()[0] > 0 for seed in range(100))
    assert inflated <= 15  # one in twenty by design: significant means 1.7 standard errors


def test_correlation_is_estimated_from_enough_blocks():
    r1, phi = learned(autoregressive(0.6, 4800, 3)).estimate()
    assert r1 == pytest.approx(0.6, abs=0.08)
    assert inflation(r1, phi, math.inf) == pytest.approx(4.0, rel=0.35)


def test_what_sampling_leaves_over_may_be_weather():
    assert expected_correlation(0.055**2, 0.0, 8) == 0.0  # few cases: sampling drowns it
    many_cases = expected_correlation(0.0245**2, 0.0, 20)
    assert 0.12 <= many_cases <= 0.2
    assert expected_correlation(0.0245**2, 0.03**2, 20) > many_cases
    assert expected_correlation(0.0, 0.0, 20) == 0.0


def test_a_belief_gives_way_to_what_is_seen():
    white = [math.sin(n * n) for n in range(600)]
    believed = [learned(white[:runs]).estimate(0.2)[0] for runs in (0, BLOCK, 600)]
    assert believed[0] == pytest.approx(0.2)
    assert believed[0] > believed[1] > believed[2] == 0.0


def test_a_change_of_level_between_blocks_does_not_pass_for_correlation():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.standard_normal(BLOCK) + level for level in (0, 0, 5, 5, -5, 5)])
    assert learned(values).estimate()[0] < 0.2


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=120), st.data())
def test_what_is_taken_back_was_never_added(values, data):
    gone = data.draw(st.integers(0, len(values)))
    clean = learned(values).without_last(gone)
    expected = learned(values[: len(values) - gone])
    assert clean.sums == expected.sums
    assert clean.finished == expected.finished


@given(st.lists(st.floats(-5, 5), max_size=120))
def test_json_and_back_is_exact(values):
    correlation = learned(values)
    assert Correlation.from_json(json.loads(json.dumps(correlation.to_json()))) == correlation
