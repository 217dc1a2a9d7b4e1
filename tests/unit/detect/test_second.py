"""Current held against pinned, case by case."""

import math

import numpy as np
import pytest

from watchdog.detect.second import second_opinion
from watchdog.domain.metric import Arm, Better, MetricKey, Observation


def look(run, scores, arm=Arm.CURRENT):
    return Observation(
        key=MetricKey(watch="w", scorer="exact", arm=arm),
        run_id=str(run),
        at=float(run),
        n=len(scores),
        planned=len(scores),
        level=0.9,
        x=0.0,
        variance=0.001,
        case_scores=scores,
    )


def both(drop, looks=40, seed=4):
    rng = np.random.default_rng(seed)
    arms = ([], [])
    for run in range(looks):
        chance = 0.85 + rng.normal(0, 0.05)
        for series, level in zip(arms, (chance - drop, chance), strict=True):
            scores = {f"case-{i}": float(rng.random() < level) for i in range(60)}
            series.append(look(run, scores))
    return arms


def test_it_sees_a_drop_of_current_below_pinned_and_nothing_where_both_are_alike():
    assert second_opinion(*both(0.15)).evidence > math.log(87_600)
    assert second_opinion(*both(0.0)).evidence < math.log(87_600) / 2


def test_where_less_is_better_a_rise_is_the_drop():
    current, pinned = both(0.15)
    assert second_opinion(pinned, current, Better.LOWER) == second_opinion(current, pinned)
    assert second_opinion(current, pinned, Better.LOWER).evidence < 1


def test_only_what_both_answered_in_the_same_run_is_compared():
    current = [look(1, {"a": 0.0, "b": 1.0}), look(2, {"a": 0.0}), look(3, {"c": 0.0})]
    pinned = [look(1, {"a": 1.0}), look(3, {"a": 1.0})]
    found = second_opinion(current, pinned)
    assert found.looks == 1
    # One case lost, by hand: the mean of 1 + stake over the five stakes.
    assert found.evidence == pytest.approx(math.log(np.mean([1.08, 1.2, 1.4, 1.65, 1.9])))
    assert second_opinion(current, []) is None
