"""The end of a drift."""

import json

import numpy as np
import pytest

from watchdog.stats.interval import Moments
from watchdog.stats.recovery import Recovery

SD = 0.0246
WEEK = 168


def looks_until_recovered(mean, drop, rng, limit):
    recovery = Recovery(Moments.of(rng.normal(-drop, SD, 5)))
    for look in range(1, limit + 1):
        recovery = recovery.update(float(rng.normal(mean, SD)), smallest_drop=0.02, variance=SD**2)
        if recovery.recovered:
            return look
    return None


@pytest.mark.parametrize("drop", [0.03, 0.05, 0.10, 0.30])
def test_a_drop_that_lasts_is_not_resolved_within_a_week(drop):
    rng = np.random.default_rng(9)
    resolved = [looks_until_recovered(-drop, drop, rng, WEEK) for _ in range(60)]
    assert resolved.count(None) >= 59


@pytest.mark.parametrize(("drop", "within"), [(0.05, 30), (0.10, 10), (0.57, 3)])
def test_a_recovery_is_seen(drop, within):
    rng = np.random.default_rng(10)
    looks = [looks_until_recovered(0.0, drop, rng, 400) for _ in range(60)]
    assert None not in looks
    assert np.median(looks) <= within
    assert min(looks) >= 3


def test_half_a_recovery_is_none():
    rng = np.random.default_rng(11)
    resolved = [looks_until_recovered(-0.05, 0.10, rng, WEEK) for _ in range(60)]
    assert resolved.count(None) >= 58


def test_an_overestimated_drop_is_corrected_by_the_looks_that_follow():
    recovery = Recovery(Moments(3, -0.3, 0.0))
    for _ in range(50):
        recovery = recovery.update(-0.1, smallest_drop=0.02, variance=SD**2)
    assert recovery.down.mean == pytest.approx(-0.11, abs=0.01)
    assert not recovery.recovered


def test_json_and_back_is_exact():
    recovery = Recovery(Moments(3, -0.1, 0.01)).update(0.011, smallest_drop=0.02, variance=0.001)
    assert Recovery.from_json(json.loads(json.dumps(recovery.to_json()))) == recovery
