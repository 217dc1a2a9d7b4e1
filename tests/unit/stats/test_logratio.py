"""Latency, length and cost."""

import math

import numpy as np
import pytest

from watchdog.stats.logratio import case_medians, cut
from watchdog.stats.paired import CaseScore
from watchdog.stats.quantile import quantile_interval


def logs(**values):
    return {case: CaseScore(value=math.log(value)) for case, value in values.items()}


def test_each_case_is_held_against_its_own_median():
    found = case_medians([logs(a=1.0, b=10.0), logs(a=3.0, b=12.0), logs(a=2.0, b=11.0), logs(c=4.0)], least_runs=2)
    assert {case: math.exp(one.mean) for case, one in found.items()} == pytest.approx({"a": 2.0, "b": 11.0})


def test_a_timeout_does_not_drown_the_others():
    medians = {"a": math.log(3.0)}
    assert cut(logs(a=1e6, new=1.0), medians) == {"a": CaseScore(value=medians["a"] + 2.0)}
    assert cut(logs(a=1e-6), medians)["a"].value == medians["a"] - 2.0
    assert cut(logs(a=4.0), medians) == logs(a=4.0)


def test_one_wild_run_does_not_make_a_case_look_variable():
    steady = [logs(a=1.0), logs(a=1.1), logs(a=0.9), logs(a=1e9)]
    assert case_medians(steady)["a"].variance <= 4.0


def test_an_interval_of_a_quantile_covers_it():
    rng = np.random.default_rng(80)
    covered = 0
    for _ in range(400):
        _, low, high = quantile_interval(rng.lognormal(0, 1, 60).tolist(), 0.5)
        covered += low <= 1.0 <= high
    assert 0.88 <= covered / 400 <= 0.97


def test_few_values_know_no_upper_limit_of_a_high_quantile():
    value, low, high = quantile_interval(list(range(20)), 0.95)
    assert high == math.inf
    assert low <= value
