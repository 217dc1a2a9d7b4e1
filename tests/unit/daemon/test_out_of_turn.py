"""When a look out of turn is worth its money."""

from __future__ import annotations

import pytest

from watchdog.daemon.out_of_turn import Money, out_of_turn
from watchdog.pipeline.suspicion import LOOKED_BACK, Suspicion

HOUR = 3600.0
NOW = 1_000_000.0
SUSPECT = Suspicion(looks=1)


def verdict(suspicion=SUSPECT, *, interval=HOUR, ended=NOW, now=NOW, next_planned=None, money=None):
    due = NOW + interval if next_planned is None else next_planned
    return out_of_turn(suspicion, now=now, ended=ended, next_planned=due, interval=interval, money=money)


@pytest.mark.parametrize(("interval", "gap"), [(HOUR, 600), (1800.0, 600), (6 * HOUR, HOUR), (24 * HOUR, 4 * HOUR)])
def test_a_suspicion_is_looked_at_after_ten_minutes_or_a_sixth_of_the_interval(interval, gap):
    assert verdict(interval=interval) == (NOW + gap, "suspect")


@pytest.mark.parametrize(
    ("suspicion", "why"),
    [
        (Suspicion(), "nothing is suspect"),
        (Suspicion(drifting=True), "nothing is suspect"),
        (Suspicion(looks=4, out_of_turn=3), "enough looks were made out of turn"),
        (Suspicion(looks=LOOKED_BACK), "it has been suspect for long"),
    ],
)
def test_there_is_an_end_to_looking(suspicion, why):
    assert verdict(suspicion) == (None, why)


@pytest.mark.parametrize("interval", [300.0, 600.0, 800.0])
def test_a_watch_that_looks_often_anyhow_needs_no_look_out_of_turn(interval):
    assert verdict(interval=interval) == (None, "the next planned look comes as soon")


def test_after_a_restart_the_look_is_made_when_it_was_to_be_made_or_at_once():
    assert verdict(ended=NOW - 200).at == NOW + 400
    assert verdict(ended=NOW - 2000).at == NOW


@pytest.mark.parametrize(
    ("money", "at"),
    [
        (None, NOW + 600),
        (Money(left=1.0, look=0.2, planned=0.8), NOW + 600),
        (Money(left=1.0, look=0.2, planned=0.9), None),
        (Money(left=1.0, look=None, planned=0.0), None),
    ],
)
def test_the_looks_of_the_timetable_come_first(money, at):
    found = verdict(money=money)
    assert found.at == at
    assert found.reason == ("suspect" if at else "the day's budget has nothing to spare")
