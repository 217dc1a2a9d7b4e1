"""Run summaries, paired by case."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.stats.paired import (
    CaseScore,
    between_variance,
    case_baselines,
    differences,
    effective_number,
    summarise,
    unpaired,
)


def scored(**values):
    return {case: CaseScore(value=value) for case, value in values.items()}


MEANS = {"a": 1.0, "b": 0.5, "c": 0.0}
VARIANCES = {"a": 0.0, "b": 0.25, "c": 0.0}


def test_a_run_is_its_mean_difference_from_each_cases_own_baseline():
    summary = summarise(scored(a=1.0, b=0.0, c=1.0), MEANS, VARIANCES)
    assert summary.x == pytest.approx((0 - 0.5 + 1) / 3)
    assert summary.level == pytest.approx(2 / 3)
    assert summary.variance == pytest.approx(0.25 / 9)
    assert (summary.n, summary.lost) == (3, pytest.approx(1.0))


def test_a_missing_hard_case_does_not_make_a_run_look_better():
    summary = summarise(scored(a=1.0, b=0.5), MEANS, VARIANCES)
    assert summary.x == pytest.approx(0.0)
    assert summary.n == 2


def test_cases_without_a_baseline_are_left_out():
    assert summarise(scored(a=1.0, new=0.0), MEANS, VARIANCES).n == 1
    with pytest.raises(ValueError, match="no case"):
        summarise(scored(new=0.0), MEANS, VARIANCES)


def test_repeats_make_the_variance_smaller_and_never_the_number_of_cases_larger():
    repeated = {"b": CaseScore(value=0.5, repeats=4)}
    summary = summarise(repeated, MEANS, VARIANCES)
    assert summary.variance == pytest.approx(0.25 / 4)
    assert summary.n == 1


def test_weights_move_the_mean():
    summary = summarise(scored(a=0.0, c=0.0), MEANS, VARIANCES, weights={"a": 3.0, "c": 1.0})
    assert summary.x == pytest.approx(-0.75)


def test_a_cluster_counts_as_one_case():
    clusters = {"a1": "a", "a2": "a", "a3": "a"}
    scores = scored(a1=0.0, a2=0.0, a3=0.0, b=1.0)
    ones, noise = dict.fromkeys(scores, 1.0), dict.fromkeys(scores, 0.16)
    summary = summarise(scores, ones, noise, clusters=clusters)
    assert summary.n == 2
    assert summary.x == pytest.approx(-0.5)
    assert summary.variance == pytest.approx((0.16 / 3 + 0.16) / 4)


def test_weights_inside_a_cluster_and_of_clusters_go_together():
    clusters = {"a1": "a", "a2": "a"}
    scores = scored(a1=1.0, a2=0.0, b=0.0)
    zero = dict.fromkeys(scores, 0.0)
    summary = summarise(scores, zero, zero, weights={"a1": 3.0, "a2": 1.0, "b": 2.0}, clusters=clusters)
    assert summary.level == pytest.approx(0.75 / 2)


def test_the_variances_of_the_cases_add_up_to_the_unbiased_estimate():
    rng = np.random.default_rng(5)
    chances = rng.beta(0.5, 0.3, 200)
    runs = [{f"c{i}": CaseScore(value=float(hit)) for i, hit in enumerate(rng.random(200) < chances)} for _ in range(8)]
    found = case_baselines(runs)
    table = np.array([[run[f"c{i}"].value for i in range(200)] for run in runs])
    assert sum(case.variance for case in found.values()) == pytest.approx(table.var(axis=0, ddof=1).sum())
    assert sum(case.variance for case in found.values()) == pytest.approx((chances * (1 - chances)).sum(), rel=0.15)


def test_repeats_do_not_change_what_a_single_answer_varies():
    rng = np.random.default_rng(6)

    def run(repeats):
        return {
            f"c{i}": CaseScore(value=float(rng.binomial(repeats, 0.5) / repeats), repeats=repeats) for i in range(300)
        }

    for repeats in (1, 4):
        found = case_baselines([run(repeats) for _ in range(10)])
        assert np.mean([case.variance for case in found.values()]) == pytest.approx(0.25, rel=0.08)


def test_a_case_that_was_seen_too_rarely_is_not_paired():
    runs = [scored(a=1.0, b=1.0), scored(a=1.0), scored(a=0.0)]
    assert set(case_baselines(runs, least_runs=2)) == {"a"}


def test_the_difference_of_two_arms_is_paired_by_case():
    found = differences(
        {"a": CaseScore(value=1.0, repeats=2), "b": CaseScore(value=0.0)}, {"a": CaseScore(value=0.5, repeats=3)}
    )
    assert found == {"a": CaseScore(value=0.5, repeats=2)}


def test_new_inputs_are_held_against_the_level():
    summary = unpaired(scored(p=1.0, q=0.0, r=1.0, s=1.0), level=0.9, variance=0.09)
    assert summary.x == pytest.approx(-0.15)
    assert summary.variance == pytest.approx(0.09 / 4)
    assert (summary.n, summary.lost) == (4, pytest.approx(1.0))


def test_unequal_weights_count_as_fewer_inputs():
    summary = unpaired(scored(p=1.0, q=0.0), level=0.5, variance=0.25, weights={"p": 9.0, "q": 1.0})
    assert summary.level == pytest.approx(0.9)
    assert summary.variance > 0.25 / 2
    assert effective_number([9.0, 1.0]) == pytest.approx(100 / 82)


def test_variance_between_inputs_ignores_the_level_of_the_run():
    assert between_variance([scored(a=1.0, b=1.0), scored(c=0.0, d=0.0)]) == 0.0
    assert between_variance([scored(a=1.0, b=0.0)]) == pytest.approx(0.5)


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1), min_size=1, max_size=20))
def test_a_run_equal_to_its_baseline_has_no_difference(values):
    scores = {case: CaseScore(value=value) for case, value in values.items()}
    summary = summarise(scores, values, dict.fromkeys(values, 0.1))
    assert summary.x == 0.0
    assert 0 <= summary.level <= 1 + 1e-12
