from __future__ import annotations

from watchdog.domain.alert import AlertState
from watchdog.domain.run import CHANGED, Change
from watchdog.domain.target import Role
from watchdog.domain.watch import Owner, Watch
from watchdog.pipeline.news import change_news

WATCH = Watch(name="reply", feature="support", owner=Owner(team="ai", vertical="health"), targets={}, scorers=())


def a_change(what="prompt", before="a1", after="b2", at=1_790_000_000.0):
    return Change(what=what, role=Role.CURRENT, before=before, after=after, at=at)


def test_a_change_is_told_once_with_what_it_was_and_is():
    (news,) = change_news(WATCH, [a_change()])
    assert news.alert.labels["alertname"] == CHANGED
    assert news.alert.annotations["summary"].endswith("current prompt changed from a1 to b2")
    assert (news.alert.annotations["before"], news.alert.annotations["after"]) == ("a1", "b2")
    assert (news.at, news.alert.starts_at) == (1_790_000_000.0, 1_790_000_000.0)
    assert news.alert.state is AlertState.RESOLVED
    assert not news.notifies


def test_two_changes_of_the_same_thing_at_the_same_time_are_two_news():
    first, second = change_news(WATCH, [a_change(after="b2"), a_change(after="c3")])
    assert first.id != second.id
    assert change_news(WATCH, [a_change(after="b2")])[0].id == first.id


def test_fingerprints_come_and_go_without_news():
    told = ["provider", "prompt", "model", "parameters", "served model"]
    assert len(change_news(WATCH, [a_change(what) for what in [*told, "fingerprint"]])) == len(told)
