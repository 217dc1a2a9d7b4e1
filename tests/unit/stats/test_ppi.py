"""A mean from judge scores and a few labels."""

import numpy as np
import pytest

from watchdog.stats.ppi import mean_with_judge


def test_the_numbers_are_those_worked_out_by_hand():
    """y = 1 0 1 1, f = .8 .2 .6 .8; N = .4 .6: cov = .1333.., var(all f) = .05466.., n/N = 2."""
    found = mean_with_judge([1, 0, 1, 1], [0.8, 0.2, 0.6, 0.8], [0.4, 0.6])
    shared = (0.25 * 0.2 + 0.75 * 0.4 + 0.25 * 0.0 + 0.25 * 0.2) / 3
    variance = (4 * 0.0 + 2 * (0.8 - 17 / 30) ** 2 + (0.2 - 17 / 30) ** 2 + 2 * (0.6 - 17 / 30) ** 2) / 5
    variance += (0.4 - 17 / 30) ** 2 / 5
    weight = shared / (3 * variance)
    assert found.weight == pytest.approx(weight)
    assert found.value == pytest.approx(0.75 - weight * 0.6 + weight * 0.5)
    assert found.rectifier == pytest.approx(0.15)


def test_a_biased_judge_does_not_bias_the_mean_and_narrows_the_interval():
    rng = np.random.default_rng(60)
    covered, widths = 0, []
    for _ in range(500):
        truth = (rng.random(2100) < 0.7).astype(float)
        judge = np.clip(0.25 + 0.7 * truth + rng.normal(0, 0.1, 2100), 0, 1)
        found = mean_with_judge(truth[:100], judge[:100], judge[100:])
        covered += found.low <= 0.7 <= found.high
        widths.append(found.high - found.low)
    labels_alone = 2 * 1.645 * np.sqrt(0.21 / 100)
    assert 0.86 <= covered / 500 <= 0.94
    assert np.mean(widths) < 0.5 * labels_alone


def test_a_useless_judge_is_not_used():
    rng = np.random.default_rng(61)
    labels = (rng.random(200) < 0.7).astype(float)
    assert mean_with_judge(labels, 1 - labels, rng.random(1000)).weight == 0.0
    assert mean_with_judge(labels, [0.5] * 200, [0.5] * 1000).weight == 0.0
    without = mean_with_judge(labels, labels, [])
    assert without.value == pytest.approx(labels.mean())
