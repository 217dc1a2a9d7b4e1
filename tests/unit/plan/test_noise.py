"""What looks tell of chance: known variances come back, and what cannot be told yet is assumed and said."""

import math

import numpy as np
import pytest

from watchdog.plan.noise import Assumptions, assumed, measured, of_a_look

HOUR = 3600.0


def looks(count, *, runs, answers, cases=100, weather=0.0, seed=1):
    """x of looks whose chance is known: sampling noise, and a run effect that is an AR(1) of ``weather``."""
    rng = np.random.default_rng(seed)
    effect, x = rng.normal(0, math.sqrt(runs)), []
    for _ in range(count):
        effect = weather * effect + math.sqrt(1 - weather**2) * rng.normal(0, math.sqrt(runs))
        x.append(effect + rng.normal(0, math.sqrt(answers / cases)))
    return x, [answers / cases] * count, [cases] * count


def of(count, *, repeats=1, **facts):
    x, variances, cases = looks(count, **facts)
    return measured(x, variances, cases, level=0.9, repeats=repeats, every=HOUR, assumptions=Assumptions())


def test_known_variances_come_back():
    noise = of(4000, runs=0.02**2, answers=0.06)
    assert noise.answers == pytest.approx(0.06)
    assert noise.runs == pytest.approx(0.02**2, rel=0.1)
    assert noise.neighbours == 0.0
    assert noise.assumed == ()
    spread, low, high = noise.seen
    assert low < spread < high


def test_weather_is_told_from_chance_within_a_run():
    noise = of(4000, runs=0.02**2, answers=0.06, weather=0.6)
    assert noise.neighbours == pytest.approx(0.6, abs=0.15)
    assert noise.decay == pytest.approx(0.6, abs=0.15)


def test_a_blip_of_one_look_is_no_chance():
    x, variances, cases = looks(300, runs=0.0, answers=0.06)
    x[150] = -0.5
    noise = measured(x, variances, cases, level=0.9, repeats=1, every=HOUR, assumptions=Assumptions())
    assert noise.seen[0] == pytest.approx(math.sqrt(0.06 / 100), rel=0.1)


def test_answers_behind_a_mean_of_repeats_are_counted():
    assert of(50, runs=0.0, answers=0.02, repeats=3).answers == pytest.approx(0.06)


def test_what_few_looks_cannot_tell_is_assumed_and_named():
    guess = Assumptions(run_spread=0.03)
    assert assumed(guess, HOUR).assumed == ("answers", "runs", "correlation")
    x, variances, cases = looks(4, runs=0.0, answers=0.06)
    noise = measured(x, variances, cases, level=0.9, repeats=1, every=HOUR, assumptions=guess)
    assert noise.assumed == ("runs", "correlation")
    assert noise.runs == pytest.approx(0.03**2)
    assert of(12, runs=0.0, answers=0.06).assumed == ("correlation",)


def test_a_metric_that_never_varied_may_vary_yet():
    noise = measured([0.0] * 9, [0.0] * 9, [30] * 9, level=1.0, repeats=1, every=HOUR, assumptions=Assumptions())
    assert 0 < noise.answers < 1 / 270


def test_cases_and_repeats_help_against_chance_within_the_run_alone():
    noise = of(4000, runs=0.02**2, answers=0.06)
    one = of_a_look(noise, cases=100, repeats=1, every=HOUR).spread ** 2
    assert of_a_look(noise, cases=200, repeats=1, every=HOUR).spread ** 2 == pytest.approx(one - 0.0003)
    assert of_a_look(noise, cases=100, repeats=2, every=HOUR).spread ** 2 == pytest.approx(one - 0.0003)


def test_looking_more_often_sees_the_same_weather_twice():
    noise = of(4000, runs=0.02**2, answers=0.06, weather=0.6)
    hourly, often = (of_a_look(noise, cases=100, repeats=1, every=every).correlation for every in (HOUR, HOUR / 6))
    assert often[0] > hourly[0]
    assert often[1] == pytest.approx(noise.decay ** (1 / 6), abs=0.01)
    unseen = of(4000, runs=0.02**2, answers=0.06)
    assert of_a_look(unseen, cases=100, repeats=1, every=HOUR / 6).correlation[1] > 0.5


def test_rotating_through_a_set_costs_a_little_for_what_is_not_known_of_each_case():
    noise = of(100, runs=0.0, answers=0.06)
    whole = of_a_look(noise, cases=50, repeats=1, every=HOUR).spread
    assert of_a_look(noise, cases=50, repeats=1, every=HOUR, known_answers=5).spread > 1.05 * whole
