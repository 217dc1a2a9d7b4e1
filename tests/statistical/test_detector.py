"""How soon the whole detector speaks, and when it must not: seeded, with exact binomial limits."""

import itertools

import numpy as np
import pytest

from watchdog.detect.psr import PsrDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm, MetricKey, Observation

pytestmark = pytest.mark.statistical

KEY = MetricKey(watch="w", scorer="s", arm=Arm.CURRENT)
A = 87_600.0


def signals(runs, stream, looks, *, mean_runs=A, smallest_drop=0.02):
    """The detector's answers to one stream of runs."""
    b = len(runs.x) - looks
    detector = PsrDetector(mean_runs_to_false_alarm=mean_runs, smallest_drop=smallest_drop)

    def column(array, part):
        return tuple(array[part, stream].tolist())

    state = detector.start(
        MetricBaseline(
            key=KEY,
            case_means={},
            case_counts={},
            case_variances={},
            case_digests={},
            x=column(runs.x, slice(b)),
            variances=column(runs.variance, slice(b)),
            lost=column(runs.lost, slice(b)),
            n=column(runs.n, slice(b)),
        )
    )
    ties = np.random.default_rng(stream)
    for t in range(b, b + looks):
        x, n = float(runs.x[t, stream]), int(runs.n[t, stream])
        observation = Observation(
            key=KEY,
            run_id=str(t),
            at=float(t - b),
            n=n,
            planned=n,
            level=0.9 + x,
            x=x,
            variance=float(runs.variance[t, stream]),
            lost=float(runs.lost[t, stream]),
            u=float(ties.random()),
        )
        state, signal = detector.update(state, observation)
        yield signal


def first_drift(runs, stream, looks, after=0, **facts):
    """Looks from ``after`` to the first drift, that look included; None when there is none."""
    for look, signal in enumerate(signals(runs, stream, looks, **facts)):
        if signal.level is Level.DRIFT:
            return look - after + 1 if look >= after else 0
    return None


@pytest.mark.parametrize(("drop", "median", "ninety"), [(0.05, 14, 25), (0.10, 6, 10), (0.20, 5, 6)])
def test_a_drop_is_found_soon(simulate, drop, median, ninety):
    """A hundred looks after a baseline of 20: still with some of the caution of a young watch."""
    looks, change, streams = 160, 100, 80
    runs = simulate(
        np.random.default_rng(30),
        streams=streams,
        baseline=20,
        looks=looks,
        drop=lambda look: drop if look >= change else 0.0,
    )
    delays = [first_drift(runs, s, looks, after=change) for s in range(streams)]
    assert None not in delays
    print("delay median, 90 %:", np.median(delays), np.quantile(delays, 0.9))
    assert np.median(delays) <= median
    assert np.quantile(delays, 0.9) <= ninety


def test_a_young_watch_finds_a_collapse_within_four_looks(simulate, lower_limit):
    streams = 200
    runs = simulate(
        np.random.default_rng(31),
        streams=streams,
        baseline=8,
        looks=4,
        cases=30,
        level=0.7,
        polarised=0.4,
        drop=lambda _: 0.57,
    )
    found = sum(first_drift(runs, s, 4, smallest_drop=0.03) is not None for s in range(streams))
    print("found", found, "of", streams)
    assert lower_limit(found, streams) >= 0.9


@pytest.mark.parametrize(("length", "depth"), [(1, 0.3), (2, 0.3), (2, 0.6)])
def test_a_short_outage_wakes_nobody(simulate, upper_limit, length, depth):
    looks, streams, every = 1000, 30, 50
    runs = simulate(
        np.random.default_rng(32),
        streams=streams,
        baseline=20,
        looks=looks,
        drop=lambda look: depth if look % every >= every - length else 0.0,
    )
    fired = sum(
        sum(now.level is Level.DRIFT and before.level is not Level.DRIFT for before, now in itertools.pairwise(answers))
        for answers in (list(signals(runs, s, looks)) for s in range(streams))
    )
    blips = streams * looks // every
    print("alarms", fired, "in", blips, "blips")
    assert upper_limit(fired, blips) <= 0.015


def test_after_a_recovery_nobody_is_woken_again(simulate):
    looks, streams = 400, 40
    runs = simulate(
        np.random.default_rng(33),
        streams=streams,
        baseline=20,
        looks=looks,
        drop=lambda look: 0.10 if 100 <= look < 150 else 0.0,
    )
    ends, again = [], 0
    for s in range(streams):
        answers = list(signals(runs, s, looks))
        end = next(look for look, signal in enumerate(answers) if signal.reason == "recovered")
        ends.append(end - 149)
        again += any(signal.level is Level.DRIFT for signal in answers[end:])
    print("looks to recovery, median and 90 %:", np.median(ends), np.quantile(ends, 0.9), "again:", again)
    assert min(ends) >= 1
    assert np.median(ends) <= 10
    assert again <= 1


def test_a_drop_that_stays_is_not_declared_over(simulate, upper_limit):
    """At most 1 % a week is the aim; the limit allows for the size of this sample."""
    looks, streams, over = 350, 120, 0
    runs = simulate(
        np.random.default_rng(34),
        streams=streams,
        baseline=20,
        looks=looks,
        drop=lambda look: 0.05 if look >= 100 else 0.0,
    )
    drifting = 0
    for s in range(streams):
        answers = list(signals(runs, s, looks))
        begin = next((look for look, signal in enumerate(answers) if signal.level is Level.DRIFT), looks)
        if begin + 168 < looks:
            drifting += 1
            over += any(signal.reason == "recovered" for signal in answers[begin : begin + 168])
    print("declared over within a week:", over, "of", drifting)
    assert drifting > 110
    assert upper_limit(over, drifting) <= 0.05
