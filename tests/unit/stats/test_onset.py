from __future__ import annotations

import numpy as np
import pytest

from watchdog.stats.onset import REACH, onset_interval

CALM = [0.9, 0.92, 0.88, 0.91, 0.89, 0.9, 0.91, 0.89] * 5


def interval(values, looks, spread=0.0132, r1=0.0):
    return onset_interval(np.array(values), looks, spread=spread, correlation=(r1, 0.6))


def test_a_plain_step_has_one_onset():
    assert interval([*CALM, 0.6, 0.61, 0.59, 0.6], looks=4) == (4, 4)


def test_a_small_step_has_a_wide_interval_around_it():
    fewest, most = interval([*CALM, *(x - 0.02 for x in CALM[:10])], looks=10)
    assert fewest < 10 < most
    wide = interval([*CALM, *(x - 0.02 for x in CALM[:10])], looks=10, r1=0.5)
    assert wide[0] <= fewest
    assert wide[1] > most


def test_the_estimate_of_the_evidence_is_always_inside():
    assert interval([*CALM, 0.6, 0.61, 0.59, 0.6], looks=7) == (4, 7)
    assert interval([*CALM, 0.6, 0.61, 0.59, 0.6], looks=0) == (1, 4)


def test_where_nothing_fell_anything_may_be_the_onset():
    assert interval(CALM, looks=1, spread=1.0) == (1, len(CALM) - 2)
    assert interval([0.9] * 3, looks=1, spread=0.0) == (1, 1)


def test_onsets_are_sought_no_farther_than_the_reach():
    values = [*[0.9] * 300, *[0.8] * 300]
    fewest, most = interval(values, looks=1, spread=5.0)
    assert (fewest, most) == (1, REACH)


@pytest.mark.parametrize("shift", [0.0, 3.0, -2.0])
def test_the_level_of_the_scale_does_not_matter(shift):
    values = [*CALM, *(x - 0.03 for x in CALM[:6])]
    assert interval([x + shift for x in values], looks=6) == interval(values, looks=6)
