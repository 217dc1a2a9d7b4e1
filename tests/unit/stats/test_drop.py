"""How large a drop is, given that it rang."""

import numpy as np
import pytest

from watchdog.stats.drop import Doubt, drop, drop_at_alarm
from watchdog.stats.interval import Effect, Moments

WHITE = (0.0, 0.6)
CALM = np.array([0.9, 0.92, 0.88, 0.91, 0.89, 0.9, 0.91, 0.89] * 5)


def test_a_deeper_drop_is_believed_to_scatter_more_until_it_has_been_seen():
    before = Moments(40, 0.0, 40 * 0.02**2)
    widths = {}
    for runs in (3, 300):
        for fall in (-0.02, -0.2):
            after = Moments(runs, fall, runs * 0.02**2)
            found = drop(after, before, answers=100, floor=0.0, correlation=WHITE)
            assert found.value == pytest.approx(fall)
            widths[runs, fall] = found.high - found.low
    assert widths[3, -0.2] > 1.4 * widths[3, -0.02]
    assert widths[300, -0.2] < 1.1 * widths[300, -0.02]


def test_where_answers_scatter_as_they_fall_the_runs_do_so_as_well():
    """The bound d (1 - d) on what a loss adds to an answer's variance, held against a loss that reaches it."""
    rng = np.random.default_rng(3)
    scores = rng.beta(4, 2, 200_000)
    lost = scores * (rng.random(len(scores)) < 0.3)
    d = lost.mean()
    assert scores.var() < (scores - lost).var() <= scores.var() + d * (1 - d)


def test_weather_makes_it_wider():
    after, before = Moments(6, -0.1, 0.002), Moments(40, 0.0, 0.01)
    still = drop(after, before, answers=100, floor=0.0, correlation=WHITE)
    windy = drop(after, before, answers=100, floor=0.0, correlation=(0.5, 0.6))
    assert windy.high - windy.low > 1.2 * (still.high - still.low)


def test_the_interval_at_an_alarm_holds_that_of_every_onset_it_may_have_had():
    history = np.array([*CALM, 0.88, 0.84, 0.83, 0.85, 0.82])
    joined, _ = drop_at_alarm(history, 4, (3, 6), answers=100, floor=0.01, correlation=WHITE)
    for runs in range(3, 7):
        alone = drop(
            Moments.of(history[-runs:]), Moments.of(history[:-runs]), answers=100, floor=0.01, correlation=WHITE
        )
        assert joined.low <= alone.low < alone.high <= joined.high
        if runs == 4:
            assert alone.value == joined.value


def test_doubt_gives_the_joined_interval_back_and_fades_with_the_runs():
    history = np.array([*CALM, 0.88, 0.84, 0.83, 0.85, 0.82])
    joined, doubt = drop_at_alarm(history, 4, (3, 6), answers=100, floor=0.01, correlation=WHITE)
    plain, none = drop_at_alarm(history, 4, (4, 4), answers=100, floor=0.01, correlation=WHITE)
    assert none == Doubt()
    assert doubt.widen(plain, 4) == pytest.approx(joined)
    later = doubt.widen(Effect(-0.1, -0.11, -0.09), 400)
    assert -0.1102 < later.low <= -0.11
    assert -0.09 <= later.high < -0.0898
