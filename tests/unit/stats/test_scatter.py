"""How much more answers scatter lately, by the control."""

import numpy as np
import pytest

from watchdog.stats.paired import CaseScore, case_baselines
from watchdog.stats.scatter import LOOKS, MOST, scatter

CASES = [f"c{n}" for n in range(40)]
QUIET = dict.fromkeys(CASES, 0.09)


def looks(chances, number, seed=1):
    rng = np.random.default_rng(seed)
    return [
        {case: float(rng.random() < chance) for case, chance in zip(CASES, chances, strict=True)} for _ in range(number)
    ]


def test_without_looks_there_is_nothing_to_tell():
    assert scatter([], QUIET) == 1.0


def test_one_look_does_not_scatter():
    assert scatter(looks([0.9] * 40, 1), QUIET) == 1.0


def test_answers_that_scatter_as_they_did_leave_the_variance_alone():
    chances = [0.9] * 40
    variances = {case: found.variance for case, found in _baseline(chances).items()}
    assert 1.0 <= scatter(looks(chances, LOOKS), variances) < 1.15


def test_twice_the_variance_is_told_as_such():
    assert scatter(looks([0.5] * 40, LOOKS), dict.fromkeys(CASES, 0.125)) == pytest.approx(2.0, abs=0.1)


def test_less_scatter_never_makes_a_look_say_more():
    assert scatter(looks([0.99] * 40, LOOKS), dict.fromkeys(CASES, 0.25)) == 1.0


def test_a_case_that_is_answered_otherwise_but_always_alike_does_not_scatter():
    assert scatter([dict.fromkeys(CASES, 0.0)] * LOOKS, dict.fromkeys(CASES, 1e-4)) == 1.0


def test_a_baseline_that_hardly_varied_does_not_mute_the_difference():
    assert scatter(looks([0.5] * 40, LOOKS), dict.fromkeys(CASES, 1e-6)) == MOST


def test_a_baseline_that_never_varied_has_no_scale():
    assert scatter(looks([0.5] * 40, LOOKS), dict.fromkeys(CASES, 0.0)) == 1.0


def test_looks_that_are_not_there_yet_count_as_calm_ones():
    few, all_of_them = (scatter(looks([0.5] * 40, number), QUIET) for number in (6, LOOKS))
    assert 1.0 < few < 1.0 + 0.4 * (all_of_them - 1.0)


def test_inputs_that_come_once_tell_nothing():
    assert scatter([{"a": 1.0}, {"b": 0.0}, {"c": 1.0}], {}) == 1.0
    assert scatter([{"a": 1.0}, {"b": 0.0}], {"a": 0.1, "b": 0.1}) == 1.0


def test_rotating_parts_are_counted_by_the_looks_that_asked_a_case():
    whole = looks([0.5] * 40, LOOKS)
    parts = [
        {case: score for case, score in look.items() if int(case[1:]) % 4 == n % 4} for n, look in enumerate(whole)
    ]
    assert scatter(parts, dict.fromkeys(CASES, 0.125)) == pytest.approx(2.0, abs=0.3)


def _baseline(chances):
    return case_baselines(
        [{case: CaseScore(value=v) for case, v in look.items()} for look in looks(chances, 20, seed=2)]
    )
