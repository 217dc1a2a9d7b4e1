from __future__ import annotations

import hashlib

import pytest

from watchdog.errors import UsageError
from watchdog.notify.group_key import GroupKeys

PAGER = {"name": "pager", "pagerduty_configs": [{}]}
CHAT = {"name": "chat", "slack_configs": [{}]}


def keys(route, *receivers):
    return GroupKeys({"route": route, "receivers": [PAGER, CHAT, *receivers]})


def hashed(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_key_is_made_of_the_route_and_the_labels_it_groups_by():
    route = {"receiver": "pager", "group_by": ["feature", "alert_type", "absent"]}
    labels = {"alert_type": "model", "feature": 'a "quoted" é', "metric": "x"}
    assert keys(route).key(labels) == hashed('{}:{alert_type="model", feature="a \\"quoted\\" é"}')


def test_the_deepest_route_that_takes_an_alert_names_it_and_inherits_what_it_does_not_say():
    leaf = {"matchers": ['severity =~ "page|sev1"', "alert_type = model"]}
    route = {"receiver": "pager", "group_by": ["feature"], "routes": [{"matchers": ['team != "x"'], "routes": [leaf]}]}
    labels = {"alert_type": "model", "severity": "page", "feature": "chat"}
    tail = '{feature="chat"}'
    assert keys(route).key(labels) == hashed('{}/{team!="x"}/{alert_type="model",severity=~"page|sev1"}:' + tail)
    assert keys(route).key({**labels, "severity": "ticket"}) == hashed('{}/{team!="x"}:' + tail)
    assert keys(route).key({**labels, "team": "x"}) == hashed("{}:" + tail)


def test_the_first_receiver_that_pages_counts_and_continue_goes_on():
    copy = {"matchers": ["severity = page"], "receiver": "chat", "continue": True}
    route = {"receiver": "chat", "routes": [copy, {"matchers": ["alert_type = infra"], "receiver": "pager"}]}
    assert keys(route).key({"severity": "page", "alert_type": "infra"}) == hashed('{}/{alert_type="infra"}:{}')
    copy["continue"] = False
    assert keys(route).key({"severity": "page", "alert_type": "infra"}) is None
    assert keys(route).key({"severity": "page", "alert_type": "model"}) is None


def test_a_pattern_is_held_against_the_whole_value():
    route = {"receiver": "chat", "routes": [{"matchers": ['tool !~ "crm.*"', "tool =~ .+"], "receiver": "pager"}]}
    assert keys(route).key({"tool": "my-crm"}) is not None
    assert keys(route).key({"tool": "crm-2"}) is None
    assert keys(route).key({}) is None


@pytest.mark.parametrize(
    "configuration",
    [
        None,
        "text",
        [],
        {},
        {"route": {}, "receivers": None},
        {"route": {"matchers": ["no matcher"]}, "receivers": [PAGER]},
        {"route": {"routes": [{"matchers": ['a =~ "("']}]}, "receivers": [PAGER]},
    ],
)
def test_what_is_no_configuration_is_refused(configuration):
    with pytest.raises(UsageError, match="configuration of Alertmanager"):
        GroupKeys(configuration)


def test_a_route_of_its_own_is_another_route():
    route = {"receiver": "pager", "routes": [{"matchers": ['drill = "true"'], "receiver": "chat"}]}
    labels = {"alert_type": "model"}
    assert keys(route).routes({**labels, "drill": "true"}) == ('{}/{drill="true"}',)
    assert keys(route).routes(labels) == ("{}",)


def test_a_group_waits_as_long_as_the_route_that_waits_least_says():
    soon = {"matchers": ["severity = page"], "receiver": "chat", "group_wait": "1m30s", "continue": True}
    at_once = {"matchers": ["drill = true"], "receiver": "pager", "group_wait": "0s"}
    route = {"receiver": "pager", "group_wait": "5m", "routes": [soon, at_once]}
    assert keys(route).group_wait({}) == 300.0
    assert keys(route).group_wait({"severity": "page"}) == 90.0
    assert keys(route).group_wait({"severity": "page", "drill": "true"}) == 0.0
    assert keys({"receiver": "pager"}).group_wait({}) == 30.0
