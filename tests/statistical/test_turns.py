"""Looks that take turns through a large golden set keep the promise, and find what a fixed part would not."""

from __future__ import annotations

import numpy as np
import pytest

from watchdog.stats.paired import SHRINKAGE
from watchdog.stats.panel import PredictivePanel
from watchdog.stats.turns import doubt, out_of_sample

pytestmark = pytest.mark.statistical

CASES, PART = 400, 40


class Turns:
    """Pass/fail cases of unequal difficulty, a tenth of them asked at each look, in rounds that are dealt anew."""

    def __init__(self, rng, streams, *, rounds, noise=0.0, level=0.9):
        self.rng, self.streams, self.noise = rng, streams, noise
        self.chances = np.clip(rng.beta(level * 2, 2 - level * 2, (streams, CASES)), 1e-6, 1 - 1e-6)
        self.order = np.empty((0, 0))
        self.turn = 0
        asked = [self.look() for _ in range(rounds * CASES // PART)]
        passed, squares = np.zeros((2, streams, CASES))
        for cases, scores in asked:
            np.put_along_axis(passed, cases, np.take_along_axis(passed, cases, 1) + scores, 1)
        self.means = passed / rounds
        for cases, scores in asked:
            off = (scores - np.take_along_axis(self.means, cases, 1)) ** 2
            np.put_along_axis(squares, cases, np.take_along_axis(squares, cases, 1) + off, 1)
        pooled = squares.sum(1, keepdims=True) / CASES / (rounds - 1)
        self.plain = (squares + SHRINKAGE * pooled) / (rounds - 1 + SHRINKAGE)
        self.looks, self.rounds = len(asked), rounds
        self.asked = asked

    def look(self, drop=0.0):
        """Cases and scores of the next look, one row a stream."""
        place = self.turn % (CASES // PART)
        if place == 0:
            self.order = self.rng.permuted(np.tile(np.arange(CASES), (self.streams, 1)), axis=1)
        self.turn += 1
        cases = self.order[:, place * PART : (place + 1) * PART]
        chances = np.take_along_axis(self.chances, cases, 1)
        if self.noise:
            weather = self.rng.normal(0, self.noise, (self.streams, 1))
            chances = 1 / (1 + np.exp(-np.log(chances / (1 - chances)) - weather))
        return cases, (self.rng.random(cases.shape) < chances - drop).astype(float)

    def summaries(self, looks, *, corrected=True):
        """x, sampling variance, score lost and cases of looks, rows are looks."""
        factor = doubt(self.rounds, self.looks) if corrected else 1.0
        x = [(scores - np.take_along_axis(self.means, cases, 1)).mean(1) for cases, scores in looks]
        variances = [factor * np.take_along_axis(self.plain, cases, 1).sum(1) / PART**2 for cases, _ in looks]
        lost = [PART - scores.sum(1) for _, scores in looks]
        return np.array(x), np.array(variances), np.array(lost), np.full((len(looks), self.streams), float(PART))

    def panel(self, mean_runs, *, corrected=True):
        """The detectors after the baseline."""
        x, *others = self.summaries(self.asked, corrected=corrected)
        factor = out_of_sample(self.rounds, self.looks) if corrected else 1.0
        return PredictivePanel(x * factor, *others, mean_runs=mean_runs, smallest_drop=0.0, keen=True)


def alarms_of(turns, mean_runs, looks, *, corrected=True):
    """False alarms over so many looks of every stream."""
    panel, alarms = turns.panel(mean_runs, corrected=corrected), 0
    for _ in range(looks):
        x, variance, lost, n = (row[0] for row in turns.summaries([turns.look()], corrected=corrected))
        ringing = panel.update(x, variance, turns.rng.random(turns.streams), lost, n) >= mean_runs
        panel.restart(ringing)
        alarms += int(ringing.sum())
    return alarms


@pytest.mark.parametrize(("rounds", "noise", "level"), [(2, 0.0, 0.7), (3, 0.0, 0.7), (3, 0.0, 0.9), (3, 0.3, 0.9)])
def test_looks_that_take_turns_keep_the_promise_from_the_first_look_on(rounds, noise, level):
    mean_runs, streams, looks = 300.0, 600, 150
    turns = Turns(np.random.default_rng(31), streams, rounds=rounds, noise=noise, level=level)
    alarms = alarms_of(turns, mean_runs, looks)
    assert alarms + 2 * np.sqrt(alarms) <= streams * looks / mean_runs


def test_baseline_looks_that_were_not_corrected_would_ring_more_often():
    """What the factors of stats/turns.py are for: two looks at a case make a mean that fits them too well."""
    counts = [
        alarms_of(Turns(np.random.default_rng(32), 600, rounds=2, level=0.7), 300.0, 60, corrected=corrected)
        for corrected in (True, False)
    ]
    assert counts[0] * 2 < counts[1]


def test_a_drop_over_all_cases_is_found_by_parts_of_them():
    """Five points, a hundred looks after a baseline of three rounds, at one false alarm in 34,560 looks."""
    mean_runs, streams = 34_560.0, 200
    turns = Turns(np.random.default_rng(33), streams, rounds=3)
    panel, found = turns.panel(mean_runs), np.full(streams, np.inf)
    for number in range(200):
        calm = number < 100
        x, variance, lost, n = (row[0] for row in turns.summaries([turns.look(0.0 if calm else 0.05)]))
        ringing = panel.update(x, variance, turns.rng.random(streams), lost, n) >= mean_runs
        assert not calm or ringing.sum() <= 2
        if not calm:
            found[ringing] = np.minimum(found[ringing], number - 99)
    assert np.median(found) <= 30
    assert (found <= 100).mean() >= 0.97
