"""What a detector's state says of the noise of its metric."""

import math
from random import Random

import pytest

from watchdog.detect.noise import noise_of
from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.metric import Arm, MetricKey, Observation

KEY = MetricKey(watch="reply", scorer="exact", arm=Arm.CURRENT)


def state_after(looks, phi=0.0, spread=0.03, variance=0.0004):
    rng, weather = Random(5), 0.0

    def x():
        nonlocal weather
        weather = phi * weather + math.sqrt(1 - phi**2) * rng.gauss(0, spread)
        return weather

    detector = PsrDetector(mean_runs_to_false_alarm=1e6, smallest_drop=0.05)
    first = [x() for _ in range(20)]
    baseline = MetricBaseline(
        key=KEY, case_means={}, case_counts={}, case_variances={}, case_digests={}, x=tuple(first),
        variances=(variance,) * 20,
    )  # fmt: skip
    state = detector.start(baseline)
    for number in range(looks):
        seen = Observation(
            key=KEY, run_id=str(number), at=float(number), n=50, planned=50, level=0.9, x=x(), variance=variance,
            u=rng.random(),
        )  # fmt: skip
        state, _ = detector.update(state, seen)
    return state


def test_the_spread_is_that_of_the_looks_and_its_sampling_part_is_told_apart():
    noise = noise_of(state_after(400))
    assert noise.spread == pytest.approx(0.03, rel=0.1)
    assert noise.within == pytest.approx(0.02)
    assert noise.correlation == 0
    assert noise.inflation == 1
    assert (noise.looks, noise.locked) == (420, 200)
    assert noise.locked_mean is not None


def test_correlated_looks_make_a_small_drop_harder_to_find():
    alone, together = noise_of(state_after(400)), noise_of(state_after(400, phi=0.7))
    assert together.correlation == pytest.approx(0.7, abs=0.2)  # a watch believes in less until it has seen more
    assert together.detectable(100, 1e4) > 1.5 * alone.detectable(100, 1e4)


def test_a_learning_metric_has_no_noise_yet_and_a_young_one_no_locked_part():
    assert noise_of(DetectorState(psr=None)) is None
    young = noise_of(state_after(10))
    assert (young.locked, young.locked_mean) == (20, None)
