"""Whether an alert may be told, by silences, times and what is known already."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.alert.hush import Hush, hush, standing
from watchdog.domain.alert import AlertState
from watchdog.domain.silence import Matcher, Silence, SilenceKind


def silence(starts=0.0, ends=100.0, *matchers, kind=SilenceKind.SILENCE, **more):
    written = matchers or (Matcher("watch", "=", "support"),)
    values = {"id": "s1", "by": "ann", "because": "known"}
    return Silence(kind=kind, matchers=written, starts_at=starts, ends_at=ends, **{**values, **more})


@pytest.mark.parametrize(
    ("silences", "decided_at", "now", "over", "told", "reason"),
    [
        ([], 10, 10, False, False, Hush.FREE),
        ([silence()], 10, 20, False, False, Hush.SILENCED),
        ([silence(kind=SilenceKind.MAINTENANCE)], 10, 20, False, False, Hush.MAINTENANCE),
        ([silence()], 10, 99.9, False, False, Hush.SILENCED),
        ([silence()], 10, 100, False, False, Hush.AFTERWARDS),
        ([silence()], 10, 100, True, False, Hush.NEVER),
        ([silence()], 10, 20, True, False, Hush.NEVER),
        ([silence()], 10, 20, False, True, Hush.TOLD),
        # decided before it began, and still not delivered then
        ([silence(15)], 10, 14, False, False, Hush.FREE),
        ([silence(15)], 10, 15, False, False, Hush.SILENCED),
        ([silence(15)], 10, 120, True, False, Hush.NEVER),
        # over before the alert was decided; yet to come
        ([silence(0, 9)], 10, 20, False, False, Hush.FREE),
        ([silence(0, 10)], 10, 20, True, False, Hush.FREE),
        ([silence(50)], 10, 20, True, False, Hush.FREE),
        # taken back before it began: it never held
        ([silence(50, 40)], 10, 60, True, False, Hush.FREE),
        # of two the one that ends last counts
        ([silence(0, 15), silence(0, 90, kind=SilenceKind.MAINTENANCE)], 10, 20, False, False, Hush.MAINTENANCE),
        ([silence(0, 100, Matcher("watch", "=", "other"))], 10, 20, False, False, Hush.FREE),
    ],
)
def test_what_becomes_of_a_firing_alert(house, silences, decided_at, now, over, told, reason):
    said = hush(house.alert(), silences, now, decided_at=decided_at, over=over, told=told)
    assert said.reason is reason
    assert said.held == (reason in {Hush.SILENCED, Hush.MAINTENANCE})
    assert said.leaves == (reason not in {Hush.SILENCED, Hush.MAINTENANCE, Hush.NEVER})


def test_an_end_leaves_whatever_is_silent(house):
    ended = house.alert(AlertState.RESOLVED, resolved_at=20.0)
    assert hush(ended, [silence()], 20, decided_at=20).reason is Hush.END


def test_a_silence_of_a_channel_holds_on_the_others(house):
    theirs = [silence(source="alertmanager")]
    assert hush(house.alert(), theirs, 20, decided_at=10, channel="alertmanager").reason is Hush.FREE
    assert hush(house.alert(), theirs, 20, decided_at=10, channel="slack").reason is Hush.SILENCED


@pytest.mark.parametrize(
    ("matchers", "taken"),
    [
        ([("metric", "=", "is-json"), ("watch", "=~", "sup.*")], True),
        ([("metric", "=", "is-json"), ("watch", "=", "other")], False),
        ([("metric", "!=", "is-json")], False),
        ([("tool_name", "=", "")], True),  # a label that is missing is the empty text
        ([("tool_name", "!~", ".+")], True),
        ([("watch", "=~", "supp")], False),  # the whole value
    ],
)
def test_all_matchers_must_match(house, matchers, taken):
    about = silence(0, 100, *(Matcher(*matcher) for matcher in matchers))
    assert (standing(house.alert(), [about], 50, 50) is not None) == taken


times = st.floats(0, 1000, allow_nan=False)


@settings(deadline=None)
@given(times, times, times, times, st.booleans())
def test_nothing_is_held_for_ever_and_nothing_held_leaves(house, starts, ends, decided_at, later, over):
    mine, now = [silence(starts, ends)], max(decided_at, later)
    said = hush(house.alert(), mine, now, decided_at=decided_at, over=over)
    assert not said.held or (mine[0].holds(now) and not over)
    after = hush(house.alert(), mine, 1001, decided_at=decided_at, over=over)
    assert not after.held
    if said.held:
        assert after.reason is Hush.AFTERWARDS


def test_it_says_until_when_by_whom_and_why():
    assert silence(ends=1_790_000_000).said == "silenced until 2026-09-21 14:13 UTC by ann: known"
    window = silence(ends=1_790_000_000, kind=SilenceKind.MAINTENANCE, source="am", by="", because="")
    assert window.said == "in a maintenance window in am until 2026-09-21 14:13 UTC by nobody named: no reason given"


def test_an_incident_is_silenced_by_its_id(house):
    of_incident = house.alert(incident_id="1c1d")
    mine = silence(0.0, 100.0, Matcher("incident", "=", "1c1d"))
    assert standing(of_incident, [mine], 10, 10) is mine
    assert standing(house.alert(), [mine], 10, 10) is None
