"""How much more answers scatter lately, by the control."""

import numpy as np
import pytest

from watchdog.stats.paired import CaseScore, case_baselines
from watchdog.stats.scatter import LOOKS, MOST, Look, scatter

CASES = [f"c{n}" for n in range(40)]
QUIET = dict.fromkeys(CASES, 0.09)
LOUD = dict.fromkeys(CASES, 0.125)


def looks(chances, number, seed=1, repeats=1):
    rng = np.random.default_rng(seed)
    passed = (rng.random((number, repeats, len(CASES))) < chances).mean(axis=1)
    return [Look(dict(zip(CASES, scores, strict=True)), 1 / repeats) for scores in passed.tolist()]


def scattered(seen, variances, weights=None):
    return scatter(seen, variances, weights or {})


def test_without_looks_there_is_nothing_to_tell():
    assert scattered([], QUIET) == 1.0


def test_one_look_does_not_scatter():
    assert scattered(looks([0.9] * 40, 1), QUIET) == 1.0


def test_answers_that_scatter_as_they_did_leave_the_variance_alone():
    runs = [{case: CaseScore(value=score) for case, score in look.scores.items()} for look in looks([0.9] * 40, 20, 2)]
    variances = {case: found.variance for case, found in case_baselines(runs).items()}
    assert 1.0 <= scattered(looks([0.9] * 40, LOOKS), variances) < 1.15


def test_twice_the_variance_is_told_as_such():
    assert scattered(looks([0.5] * 40, LOOKS), LOUD) == pytest.approx(2.0, abs=0.15)


def test_less_scatter_never_makes_a_look_say_more():
    assert scattered(looks([0.99] * 40, LOOKS), dict.fromkeys(CASES, 0.25)) == 1.0


@pytest.mark.parametrize("ago", [1, 2, 6, 12, 23])
def test_cases_that_changed_once_and_for_good_do_not_scatter(ago):
    """Or a step that both arms share would hide what current does beside it."""
    before, after = Look(dict.fromkeys(CASES, 1.0), 1.0), Look({**dict.fromkeys(CASES, 1.0), "c0": 0.0, "c1": 0.0}, 1.0)
    assert scattered([before] * (LOOKS - ago) + [after] * ago, dict.fromkeys(CASES, 0.002)) <= 1.1


def test_a_baseline_that_hardly_varied_does_not_mute_the_difference():
    assert scattered(looks([0.5] * 40, LOOKS), dict.fromkeys(CASES, 1e-6)) == MOST


def test_a_baseline_that_never_varied_has_no_scale():
    assert scattered(looks([0.5] * 40, LOOKS), dict.fromkeys(CASES, 0.0)) == 1.0


def test_looks_that_are_not_there_yet_count_as_calm_ones():
    few, all_of_them = (scattered(looks([0.5] * 40, number), QUIET) for number in (6, LOOKS))
    assert 1.0 < few < 1.0 + 0.4 * (all_of_them - 1.0)


def test_inputs_that_come_once_tell_nothing():
    once = [Look({name: 1.0}, 1.0) for name in "abc"]
    assert scattered(once, {}) == 1.0
    assert scattered(once, dict.fromkeys("abc", 0.1)) == 1.0


def test_rotating_parts_are_counted_by_the_looks_that_asked_a_case():
    whole = looks([0.5] * 40, LOOKS)
    parts = [Look({case: look.scores[case] for case in CASES[n % 4 :: 4]}, 1.0) for n, look in enumerate(whole)]
    assert scattered(parts, LOUD) == pytest.approx(2.0, abs=0.35)


@pytest.mark.parametrize(("then", "now"), [(1, 1), (1, 4), (4, 1), (3, 3)])
def test_other_repeats_are_no_other_scatter(then, now):
    half = LOOKS // 2
    seen = looks([0.5] * 40, half, repeats=then) + looks([0.5] * 40, half, seed=2, repeats=now)
    assert scattered(seen, dict.fromkeys(CASES, 0.25)) == pytest.approx(1.0, abs=0.12)


def test_a_case_counts_by_its_weight():
    heavy, light = CASES[:8], CASES[8:]
    chances = [0.9] * 8 + [0.5] * 32
    weights = dict.fromkeys(light, 0.01)
    told = scattered(looks(chances, LOOKS), dict.fromkeys(CASES, 0.09), weights)
    alone = scattered(looks(chances, LOOKS), dict.fromkeys(heavy, 0.09))
    assert told == pytest.approx(alone, abs=0.02)


def test_a_look_tells_its_repeats_by_its_variance():
    scores = {"a": 1.0, "b": 0.5, "new": 0.0}
    weights = {"b": 3.0}
    one_answer = (1 / 4) ** 2 * 0.1 + (3 / 4) ** 2 * 0.2
    assert Look.of(scores, one_answer / 5, {"a": 0.1, "b": 0.2}, weights).unit == pytest.approx(1 / 5)
    assert Look.of(scores, 0.0, {"a": 0.0, "b": 0.0}, weights).unit == 1.0
