"""What the detectors of other kinds of metrics promise: seeded, the rows of benchmarks/kinds.py."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.statistical

ROWS = runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks" / "kinds.py"))["ROWS"]


@pytest.mark.parametrize("baseline", [8, 20])
def test_latency_does_not_cry_wolf(baseline):
    _, low, _ = ROWS[f"latency, false alarms, baseline {baseline}"](1.0)["a year"]
    assert low <= 0.1


def test_answers_that_take_a_fifth_longer_are_found():
    found = ROWS["latency, +20 %"](1.0)
    assert found["median"] <= 20
    assert found["found"] >= 0.95


def test_rare_failures_ring_no_oftener_than_promised():
    found = ROWS["rare, false alarms"](1.0)
    for place in ("at the limit", "behind a baseline"):
        alarms = found[place]["alarms"]
        assert found[place]["looks for each"] * alarms / (alarms + 2 * alarms**0.5 + 1) >= found["A"] * 0.9


def test_rare_failures_that_become_five_times_as_many_are_found():
    found = ROWS["rare, x5, baseline 20"](1.0)["e-detector"]
    assert found["median"] <= 60
    assert found["found"] >= 0.9
    assert ROWS["rare, x20, baseline 20"](1.0)["e-detector"]["median"] <= 5


def test_a_kept_objective_does_not_burn():
    assert ROWS["burn, objective kept, 2 % bad"](1.0)["a year"][1] <= 0.1
    assert ROWS["burn, 20 % bad"](1.0)["median"] <= 8


@pytest.mark.parametrize("row", [name for name in ROWS if name.startswith("cases")])
def test_of_the_cases_named_at_most_a_tenth_are_named_wrongly(row):
    found = ROWS[row](1.0)
    share, give = found["wrong share"]
    assert share - give <= 0.1
    if "most always pass" in row:
        assert found["found"] >= 0.5


def test_a_working_day_is_no_drift_and_a_drop_in_it_is_found():
    assert ROWS["season, false alarms"](0.5)["a year"][1] <= 0.2
    found = ROWS["season, 5 points"](0.5)
    assert found["median"] <= 40
    assert found["found"] >= 0.99


def test_the_interval_of_a_mean_with_a_judge_covers_it():
    found = ROWS["ppi"](2.0)
    assert found["coverage"][2] >= 0.88
    assert found["coverage"][1] <= 0.92
    assert found["width to that of the labels alone"] < 0.8


def test_the_second_opinion_rings_no_oftener_than_promised():
    found = ROWS["second opinion"](1.0)
    assert found["looks for each"] * found["alarms"] / (found["alarms"] + 2 * found["alarms"] ** 0.5 + 1) >= found["A"]
