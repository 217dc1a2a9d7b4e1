"""The group-sequential gate."""

import math

import numpy as np
import pytest

from watchdog.stats.gate import Verdict, cluster_means, decide, look_sizes, obrien_fleming, units_needed


def pairs(rng, n, drop, level=0.9):
    before = rng.random(n) < level
    after = rng.random(n) < level - drop
    return (after.astype(float) - before).tolist()


def test_the_boundaries_are_those_of_the_tables():
    """Jennison and Turnbull 2000, table 2.3: one-sided 0.025 is two-sided 0.05, K = 5: 2.040."""
    bounds = obrien_fleming((0.2, 0.4, 0.6, 0.8, 1.0), 0.025)
    assert bounds[-1] == pytest.approx(2.040, abs=0.002)
    assert bounds[0] == pytest.approx(2.040 * math.sqrt(5), abs=0.005)
    assert obrien_fleming((1.0,), 0.05)[0] == pytest.approx(1.645, abs=0.001)


def test_early_looks_cost_no_error():
    rng = np.random.default_rng(50)
    fractions = np.arange(1, 6) / 5
    z = rng.standard_normal((200_000, 5)).cumsum(1) / np.sqrt(np.arange(1, 6))
    crossed = (z > np.array(obrien_fleming(tuple(fractions.tolist()), 0.05))).any(1).mean()
    assert crossed == pytest.approx(0.05, abs=0.0015)


def test_a_candidate_that_is_as_good_passes_and_a_bad_one_fails_early():
    rng = np.random.default_rng(51)
    good = decide([0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0] * 150, margin=0.03)
    assert good.verdict is Verdict.PASS
    assert good.low > -0.03
    bad = decide(pairs(rng, 1000, 0.25), margin=0.03)
    assert bad.verdict is Verdict.FAIL
    assert bad.look < 5
    assert bad.units < 1000
    assert bad.high < -0.03


def test_too_few_cases_are_inconclusive_and_it_says_how_many_would_do():
    found = decide(pairs(np.random.default_rng(52), 60, 0.0), margin=0.03)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.units_needed > 60


def test_a_candidate_at_the_margin_rarely_passes():
    rng = np.random.default_rng(53)
    passed = sum(decide(pairs(rng, 300, 0.05), margin=0.05).verdict is Verdict.PASS for _ in range(500))
    assert passed / 500 <= 0.075


def test_no_difference_at_all_follows_the_rule_of_three():
    few = decide([0.0] * 60, margin=0.03)
    assert few.verdict is Verdict.INCONCLUSIVE
    assert few.low == pytest.approx(-3 / 60, rel=0.1)
    assert decide([0.0] * 150, margin=0.03).verdict is Verdict.PASS


@pytest.mark.parametrize("units", [3, 12, 60])
def test_a_rounding_error_is_no_difference(units):
    error = sum([0.1, 0.2, 0.3]) / 3 - sum([0.3, 0.2, 0.1]) / 3
    assert error != 0.0
    rounded, same = (decide([first] + [0.0] * (units - 1), margin=0.05) for first in (error, 0.0))
    assert rounded == same


def test_clusters_count_as_one():
    assert cluster_means([1.0, 0.0, -1.0], ["a", "a", "b"]) == [0.5, -1.0]
    differences = [float(-(i // 10 % 2)) for i in range(400)]
    clusters = [str(i // 10) for i in range(400)]
    alone, together = decide(differences, margin=0.4), decide(differences, margin=0.4, clusters=clusters)
    assert alone.verdict is Verdict.FAIL
    assert together.verdict is Verdict.INCONCLUSIVE
    assert together.units == 40


def test_the_order_is_the_seeds_and_the_answer_repeats():
    differences = pairs(np.random.default_rng(54), 500, 0.03)
    assert decide(differences, margin=0.05, seed=1) == decide(differences, margin=0.05, seed=1)


def test_there_is_no_look_before_a_dozen_units():
    assert look_sizes(40, 5) == [16, 24, 32, 40]
    assert look_sizes(1000, 5) == [200, 400, 600, 800, 1000]
    assert look_sizes(14, 5) == [12, 14]
    assert look_sizes(12, 5) == [12]
    with pytest.raises(ValueError, match="two cases"):
        decide([0.0], margin=0.1)


def test_the_rule_of_thumb_for_three_points():
    """Independent failures at 0.9: sd of a difference 0.42; margin of 3 points: some 1,200 cases."""
    assert units_needed(math.sqrt(2 * 0.09), 0.03, 0.0) == pytest.approx(1237, abs=5)
