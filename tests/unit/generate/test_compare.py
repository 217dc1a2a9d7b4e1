import copy

import pytest

from watchdog.generate.alertmanager import alertmanager_config
from watchdog.generate.compare import differences


@pytest.fixture
def wanted(teams):
    return alertmanager_config(teams)


def as_told(config):
    """The same configuration as a server would tell it."""
    told = copy.deepcopy(config)
    told["global"] |= {"smtp_hello": "localhost", "http_config": {"follow_redirects": True, "enable_http2": True}}
    told["global"]["resolve_timeout"] = "180s"
    told["route"]["continue"] = False
    told["route"]["group_by"].reverse()
    told["receivers"].reverse()
    told["inhibit_rules"].reverse()
    told["templates"] = []
    return told


def test_defaults_order_and_spelling_make_no_difference(wanted):
    assert differences(wanted, as_told(wanted)) == []


def test_a_hidden_credential_is_taken_for_the_same(wanted):
    live = as_told(wanted)
    [service] = next(each for each in live["receivers"] if each["name"] == "page-crm")["pagerduty_configs"]
    service["routing_key_file"] = "<secret>"
    assert differences(wanted, live) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda live: live["route"]["routes"].pop(), "route.routes[8]"),
        (lambda live: live["route"]["routes"].reverse(), "route.routes[0].matchers"),
        (lambda live: live["route"]["routes"][2].pop("continue"),
         "route.routes[2].continue"),
        (lambda live: live["inhibit_rules"].pop(), "inhibit_rules"),
        (lambda live: live["route"].update(group_wait="31s"), "route.group_wait"),
        (lambda live: live["receivers"].append({"name": "mine"}), "receivers.mine"),
        (lambda live: live["global"].update(resolve_timeout="5m"), "global.resolve_timeout"),
    ],
)  # fmt: skip
def test_what_means_something_else_is_told_with_its_place(wanted, change, field):
    live = as_told(wanted)
    change(live)
    assert any(difference.field.startswith(field) for difference in differences(wanted, live))
