from __future__ import annotations

import pytest

from watchdog.alert.look import Standing, alerts_of_look, concluded
from watchdog.alert.story import News, known_as, news_for
from watchdog.alert.worse import Growth
from watchdog.domain.alert import AlertState, Audience, Cause, ConditionStatus, Incident, Severity, Size, Told
from watchdog.domain.policy import Policy
from watchdog.domain.silence import Matcher, Silence, SilenceKind

CHAT = Audience(channel="slack")
PAGER = Audience(channel="pagerduty", severities=("sev1", "page"))


def incident_of(house, told=None, **more):
    values = {"id": "i1", "watch": "support", "cause": Cause.OURS, "opened_at": house.NOW - 60}
    known = {} if told is None else {"slack": Told(times=1, severity=told)}
    return Incident(**{**values, "told": known, **more})


@pytest.mark.parametrize(
    ("told", "closed", "firing", "fresh", "news"),
    [
        (None, False, [], [], News.NOTHING),
        (None, False, ["ticket"], ["ticket"], News.OPENED),
        (None, False, ["ticket"], [], News.OPENED),  # what was silenced and lasts
        (None, True, [], [], News.NOTHING),
        (Severity.NONE, False, ["page"], ["page"], News.OPENED),  # it came back
        (Severity.PAGE, False, ["page", "page"], ["page"], News.JOINED),
        (Severity.PAGE, False, ["page", "ticket"], ["ticket"], News.JOINED),
        (Severity.PAGE, False, ["page"], [], News.NOTHING),
        (Severity.TICKET, False, ["ticket", "page"], ["page"], News.RAISED),
        (Severity.PAGE, False, ["page", "sev1"], ["sev1"], News.RAISED),
        (Severity.PAGE, False, ["page", "worse"], ["worse"], News.GREW),
        (Severity.PAGE, False, ["page", "worse"], [], News.NOTHING),
        (Severity.PAGE, False, ["page", "took over"], ["took over"], News.JOINED),  # another feature's page ended
        (Severity.PAGE, True, [], [], News.OVER),
        (Severity.NONE, True, [], [], News.NOTHING),
    ],
)
def test_what_is_new_for_a_channel(house, told, closed, firing, fresh, news):
    def alert(kind):
        if kind in ("page", "ticket", "sev1"):
            return house.alert(labels={"severity": kind})
        why = Growth.GREW if kind == "worse" else Growth.RAISED
        return house.alert(labels={"worse": "1"}, annotations={"worse_because": why.value})

    incident = incident_of(house, told, closed_at=house.NOW if closed else None)
    found = news_for(CHAT, incident, [alert(kind) for kind in firing], [alert(kind) for kind in fresh], 1.5)
    assert found is news
    assert found.worth_telling is (news not in (News.JOINED, News.NOTHING))


@pytest.mark.parametrize(
    ("told", "grew", "news"),
    [
        (-0.08, -0.12, News.GREW),
        (-0.08, -0.119, News.KNOWN),  # it doubled, from 6 points; but 8 points were told of another metric
        (None, -0.05, News.GREW),  # nothing was estimated of what was told
        (-0.08, None, News.GREW),
    ],
)
def test_an_incident_got_worse_when_a_drop_is_beyond_the_largest_that_was_told(house, told, grew, news):
    effects = {"answer-cost": -9.0} | ({} if told is None else {"": told})
    known = {"slack": Told(times=1, severity=Severity.PAGE, effects=effects)}
    incident = Incident(id="i1", watch="support", cause=Cause.OURS, opened_at=house.NOW - 60, told=known)
    worse = house.alert(labels={"worse": "1"}, annotations={"worse_because": Growth.GREW.value}, told_effect=grew)
    assert news_for(CHAT, incident, [worse], [worse], 1.5) is news
    assert news.worth_telling is (news is News.GREW)


def test_members_that_grow_after_one_another_are_told_once_and_in_the_end(house):
    tape = Tape(house, CHAT)
    metrics = "abcd"
    assert tape.look(*(drift(house, metric) for metric in metrics)) == [("slack", News.OPENED)]
    for grown in range(1, 5):  # one after the other falls by 20 points instead of 8
        heard = tape.look(
            *(drift(house, metric, points=20.0, looks=40) for metric in metrics[:grown]),
            *(drift(house, metric) for metric in metrics[grown:]),
        )
        assert heard == ([("slack", News.GREW)] if grown == 1 else [])
    assert tape.look(*(drift(house, metric, status=ConditionStatus.CLEAR) for metric in metrics)) == [
        ("slack", News.OVER)
    ]


class Tape:
    """Looks at one watch one after the other, and what the channels heard."""

    def __init__(self, house, *audiences, silences=()):
        self.house, self.audiences, self.silences = house, audiences, silences
        self.now, self.open, self.incidents, self.heard = house.NOW, [], {}, []

    def look(self, *conditions, seconds=60.0):
        self.now += seconds
        outcome = alerts_of_look(
            "support",
            conditions,
            Standing(open_alerts=self.open, incidents=list(self.incidents.values()), silences=self.silences),
            policy=Policy(),
            every=60.0,
            at=self.now,
            now=self.now,
            audiences=self.audiences,
        )
        return self.keep(outcome)

    def keep(self, outcome):
        changed = {each.alert.id for each in outcome.transitions}
        self.open = [alert for alert in self.open if alert.id not in changed]
        self.open += [each.alert for each in outcome.transitions if each.alert.state is not AlertState.RESOLVED]
        self.incidents |= {incident.id: incident for incident in outcome.incidents}
        self.heard += outcome.tellings
        return [(each.channel, each.news) for each in outcome.tellings]


def drift(house, metric, points=8.0, status=ConditionStatus.ACTIVE, looks=5, **labels):
    size = Size(effect=-points / 100, margin=0.01, looks=looks) if status is ConditionStatus.ACTIVE else None
    return house.condition(status, labels={"metric": metric, **labels}, size=size)


def test_an_incident_opens_gets_worse_and_ends_under_one_identity(house):
    tape = Tape(house, CHAT, PAGER)
    clear = ConditionStatus.CLEAR
    assert tape.look(drift(house, "a", severity="ticket")) == [("slack", News.OPENED)]
    assert tape.look(drift(house, "a", severity="ticket"), drift(house, "b")) == [
        ("slack", News.RAISED),
        ("pagerduty", News.OPENED),
    ]
    assert tape.look(drift(house, "a", severity="ticket"), drift(house, "b"), drift(house, "c")) == []
    assert tape.look(drift(house, "b", points=20.0, looks=40), drift(house, "c")) == [
        ("slack", News.GREW),
        ("pagerduty", News.GREW),
    ]
    assert tape.look(drift(house, "b", status=clear), drift(house, "c")) == []
    assert tape.look(drift(house, "b", status=clear), drift(house, "c", status=clear)) == [
        ("slack", News.OVER),
        ("pagerduty", News.OVER),
    ]
    for channel, messages in (("slack", 4), ("pagerduty", 3)):
        said = [each for each in tape.heard if each.channel == channel]
        assert len(said) == len({each.id for each in said}) == messages
        assert {each.alert.id for each in said} == {said[0].alert.id}
        assert [each.alert.state for each in said] == [AlertState.FIRING] * (messages - 1) + [AlertState.RESOLVED]
        assert said[-1].alert.labels["severity"] == "page"
        assert said[-1].alert.resolved_at == tape.now
    assert [each.alert.annotations.get("news") for each in tape.heard if each.channel == "slack"] == [
        None, News.RAISED, News.GREW, None,
    ]  # fmt: skip


def test_the_end_is_told_under_the_labels_of_what_was_told_even_by_the_look_of_another_watch(house):
    team = Audience(channel="slack", only={"team": ("ai-eng",)})
    tape = Tape(house, team)
    tape.look(drift(house, "a", team="ai-eng"))
    (alert,) = tape.open
    tape.open = []  # resolved by hand, say, by a process that died before it told
    standing = Standing(incidents=list(tape.incidents.values()))
    outcome = concluded("other", [], standing, policy=Policy(), every=0.0, now=tape.now + 5, audiences=[team])
    (end,) = outcome.tellings
    assert (end.news, end.alert.labels) == (News.OVER, alert.labels)


def test_a_channel_hears_only_of_what_is_its_business(house):
    search = Audience(channel="search", only={"team": ("search",)})
    tape = Tape(house, search)
    assert tape.look(drift(house, "a", team="chat")) == []
    assert tape.look(drift(house, "a", team="chat"), drift(house, "b", team="search")) == [("search", News.OPENED)]
    assert tape.heard[0].alert.labels["metric"] == "b"


def test_an_incident_that_comes_back_is_told_again_under_the_same_identity(house):
    tape = Tape(house, CHAT)
    for status in (ConditionStatus.ACTIVE, ConditionStatus.CLEAR, ConditionStatus.ACTIVE):
        tape.look(drift(house, "a", status=status))
    assert [each.news for each in tape.heard] == [News.OPENED, News.OVER, News.OPENED]
    assert len({each.alert.id for each in tape.heard}) == 1
    assert len({each.id for each in tape.heard}) == 3


def test_a_silenced_member_is_told_to_nobody_and_hides_no_other(house):
    silence = Silence(
        id="s1", kind=SilenceKind.SILENCE, matchers=(Matcher("metric", "=", "a"),), starts_at=0.0,
        ends_at=house.NOW + 200, by="me", because="known",
    )  # fmt: skip
    tape = Tape(house, CHAT, silences=[silence])
    assert tape.look(drift(house, "a")) == []
    assert tape.look(drift(house, "a"), drift(house, "b")) == [("slack", News.OPENED)]
    assert tape.heard[0].alert.labels["metric"] == "b"
    alone = Tape(house, CHAT, silences=[silence])
    assert [alone.look(drift(house, "a")) for _ in range(4)] == [[], [], [], [("slack", News.OPENED)]]


def test_a_member_is_acknowledged_under_the_identity_that_the_channel_knows(house):
    tape = Tape(house, PAGER)
    tape.look(drift(house, "a"))
    (incident,), (alert,), (told,) = tape.incidents.values(), tape.open, tape.heard
    assert known_as(incident, alert, "pagerduty").id == told.alert.id
    assert known_as(incident, alert, "webhook") == alert
