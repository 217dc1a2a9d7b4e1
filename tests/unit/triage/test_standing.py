from __future__ import annotations

import random

import pytest

from tests.unit.triage.conftest import NOW, key
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Observation
from watchdog.triage.standing import ALPHA, Source, standings

KEY = key("is-json")
SPREAD = 0.03


def reference(metric=KEY, runs=8, seed=1):
    rng = random.Random(seed)
    x = tuple(rng.gauss(0.0, SPREAD) for _ in range(runs))
    variances = (SPREAD**2,) * runs
    return MetricBaseline(
        key=metric,
        case_means={},
        case_counts={},
        case_variances={},
        case_digests={},
        x=x,
        variances=variances,
        level=0.9,
    )


def observed(x, metric=KEY):
    return Observation(key=metric, run_id="r", at=NOW, n=40, planned=40, level=0.9 + x, x=x, variance=SPREAD**2)


def said(level, effect=0.0, metric=KEY):
    return Signal(
        key=metric, run_id="d", at=NOW - 900, level=level, statistic=1.0, threshold=9.0, effect=effect,
        interval=(effect - 0.02, effect + 0.02), n=40, since=NOW - 7200 if level is Level.DRIFT else None,
    )  # fmt: skip


def stand(x=None, signal=None, metric=KEY, **more):
    observations = [] if x is None else [observed(x, metric)]
    looks = {} if signal is None else {metric: signal}
    return standings(observations, {metric: reference(metric)}, looks, smallest_drop=0.03, **more).get(metric)


@pytest.mark.parametrize(
    ("x", "signal", "level", "source"),
    [
        (0.0, None, Level.CALM, Source.SAMPLE),
        (-0.4, None, Level.DRIFT, Source.SAMPLE),
        (-0.09, None, Level.SUSPECT, Source.SAMPLE),
        (None, said(Level.DRIFT, -0.1), Level.DRIFT, Source.LOOKS),
        (None, said(Level.LEARNING), None, None),
        (-0.4, said(Level.CALM), Level.DRIFT, Source.SAMPLE),
        (-0.4, said(Level.DRIFT, -0.4), Level.DRIFT, Source.BOTH),
        (0.0, said(Level.CALM), Level.CALM, Source.BOTH),
        (-0.05, said(Level.CALM), Level.CALM, Source.LOOKS),
        # Calm until the newest look is not calm now: the sample speaks against it, or could not see it.
        (-0.09, said(Level.CALM), Level.SUSPECT, Source.SAMPLE),
        (None, said(Level.CALM), None, None),
        # A drop of four points is within what forty cases cannot see; one of forty that they exclude is over.
        (-0.02, said(Level.DRIFT, -0.04), Level.DRIFT, Source.LOOKS),
        (0.0, said(Level.DRIFT, -0.4), Level.CALM, Source.SAMPLE),
    ],
)
def test_sample_and_looks_are_each_asked_what_they_can_tell(x, signal, level, source):
    found = stand(x, signal)
    assert (found and found.level, found and found.source) == (level, source)


def test_what_was_calm_before_something_changed_says_little_of_now():
    assert stand(-0.05, said(Level.CALM), changed=True).level is Level.SUSPECT
    assert stand(0.0, said(Level.CALM), changed=True).level is Level.CALM


def test_without_a_sample_the_looks_are_taken_at_their_word():
    assert stand(None, said(Level.CALM), sampled=False).level is Level.CALM


def test_a_yardstick_moves_both_ways():
    anchors = key("helpfulness", Arm.ANCHORS)
    assert stand(0.4, metric=anchors).level is Level.DRIFT
    assert stand(0.4).level is Level.CALM


def test_what_the_baseline_knows_from_one_run_is_held_against_nothing():
    assert standings([observed(-0.5)], {KEY: reference(runs=1)}, {}, smallest_drop=0.03) == {}


def test_a_feature_that_has_not_changed_is_seldom_called_worse():
    rng, wrong, runs = random.Random(3), 0, 2000
    for seed in range(runs):
        baseline = {KEY: reference(seed=seed)}
        found = standings([observed(rng.gauss(0.0, SPREAD))], baseline, {}, smallest_drop=0.03)
        wrong += found[KEY].level is Level.DRIFT
    bound = ALPHA * runs + 3.3 * (ALPHA * runs) ** 0.5
    assert wrong <= bound


@pytest.mark.parametrize(("runs", "drop"), [(20, 0.13), (8, 0.16)])
def test_the_drop_that_docs_promise_is_found_in_four_of_five_samples(runs, drop):
    rng, found, samples = random.Random(11), 0, 400
    others = [key(f"other-{number}") for number in range(3)]
    for seed in range(samples):
        baseline = {metric: reference(metric, runs, seed) for metric in (KEY, *others)}
        now = [observed(rng.gauss(-drop, SPREAD)), *(observed(0.0, metric) for metric in others)]
        found += standings(now, baseline, {}, smallest_drop=0.03)[KEY].level is Level.DRIFT
    assert found / samples >= 0.8
