from itertools import pairwise

import pytest
import yaml

from watchdog.generate.alertmanager import alertmanager_config, alertmanager_text
from watchdog.generate.expected import table, told
from watchdog.generate.matchers import impossible, shadowed
from watchdog.generate.tree import inhibitions, tree
from watchdog.text.matchers import parse


def routes(route, above=()):
    """Every route below one, with the matchers of all above it."""
    for each in route.get("routes", []):
        matchers = (*above, *each["matchers"])
        yield each, matchers
        yield from routes(each, matchers)


def test_severity_never_groups_and_old_matchers_are_never_written(teams):
    text = alertmanager_text(teams)
    assert tree(teams)["group_by"] == ["alert_type", "vertical", "feature"]
    for route, _ in routes(tree(teams)):
        assert "severity" not in route.get("group_by", [])
        assert not {"match", "match_re"} & route.keys()
    assert yaml.safe_load(text)["global"]["resolve_timeout"] == "3m"


def test_an_incident_is_one_group_of_each_receiver_at_the_same_hours_and_a_tool_is_one_of_its_own(teams):
    grouped, whole = set(), {}
    for parent, above in routes(tree(teams)):
        own = [route for route in parent.get("routes", []) if route["matchers"] == ['incident!=""']]
        if not own:
            continue
        ([route], times) = own, {name: parent[name] for name in parent if name.endswith("time_intervals")}
        assert 'alert_type="tool"' not in above
        assert route == {**times, "matchers": route["matchers"], "receiver": parent["receiver"],
                         "group_by": ["alert_type", "incident"]}  # fmt: skip
        assert parent["routes"][-1] == route  # pages of it before tickets
        grouped.add(route["receiver"])
        whole |= times
    assert whole.keys() == {"active_time_intervals", "mute_time_intervals"}
    assert {"page-exec", "page-platform", "ticket-platform", "page-ai-eng", "ticket-ai-eng"} <= grouped


def test_every_generated_route_can_match(teams):
    def walk(route, above):
        before = []
        for each in route.get("routes", []):
            mine = [*above, *map(parse, each["matchers"])]
            assert impossible(mine) == ""
            assert shadowed(mine, before) is None, each["matchers"]
            if not each.get("continue"):
                before.append(list(map(parse, each["matchers"])))
            walk(each, mine)

    walk(tree(teams), [])


def test_a_sev1_is_copied_and_goes_on_to_its_owner(teams):
    assert told(teams, {"alert_type": "model", "severity": "sev1", "vertical": "sales"}) == [
        "page-exec",
        "page-ai-eng",
    ]
    [copy] = [route for route, _ in routes(tree(teams)) if route["receiver"] == "page-exec" and route.get("continue")]
    assert copy["matchers"] == ['severity="sev1"']


def test_a_strict_vertical_waits_for_nobody(teams):
    [healthcare] = [route for route, above in routes(tree(teams)) if above[-1:] == ('vertical="healthcare"',)]
    assert healthcare["group_wait"] == "0s"


def test_a_tier_with_hours_pages_in_them_and_writes_outside_them(teams):
    pages = [
        (route["receiver"], route.get("active_time_intervals"), route.get("mute_time_intervals"))
        for route, above in routes(tree(teams))
        if above[:2] == ('alert_type="model"', 'vertical="sales"') and above[2:] == ('severity=~"page|critical"',)
    ]
    assert pages == [("ticket-ai-eng", None, ["business-hours"]), ("page-ai-eng", ["business-hours"], None)]


def test_a_tier_that_may_not_page_writes_and_a_sev1_pages_all_the_same(teams):
    alert = {"alert_type": "model", "vertical": "after-hours"}
    assert told(teams, {**alert, "severity": "page"}) == ["ticket-ai-eng"]
    assert told(teams, {**alert, "severity": "sev1"}) == ["page-exec", "page-ai-eng"]


def test_cost_is_digested_by_the_hour_until_it_pages(teams):
    [digest] = [route for route, _ in routes(tree(teams)) if 'metric="cost"' in route["matchers"]]
    assert (digest["group_wait"], digest["group_interval"]) == ("1h", "1h")
    cost = {"alert_type": "infra", "metric": "cost"}
    assert told(teams, {**cost, "severity": "ticket"}) == ["ticket-platform"]
    assert told(teams, {**cost, "severity": "page"}) == ["page-platform"]


def test_the_heartbeat_goes_outside_and_repeats(teams):
    heartbeat = tree(teams)["routes"][0]
    assert (heartbeat["receiver"], heartbeat["repeat_interval"]) == ("deadman", "1m")


def test_no_inhibition_ties_by_a_label_that_both_may_lack():
    optional = {"drill", "vertical", "tag", "arm", "estimand", "channel", "instance"}
    for rule in inhibitions():
        there = {parse(text).label for text in rule["target_matchers"]} & {
            parse(text).label for text in rule["source_matchers"]
        }
        ties = set(rule["equal"]) - optional
        assert ties <= there or "alertname" in rule["equal"], rule


def test_a_judge_that_moved_mutes_no_page_that_the_house_let_through():
    for rule in inhibitions():
        if 'alertname="JudgeDrift"' in rule["source_matchers"] and 'alertname="EvalDrift"' in rule["target_matchers"]:
            assert 'severity=~"ticket|info"' in rule["target_matchers"]
            break
    else:
        pytest.fail("no rule ties a judge to what rests on it")


def test_every_receiver_that_is_there_is_named_and_only_those(teams):
    config = alertmanager_config(teams)
    named = {config["route"]["receiver"], *(route["receiver"] for route, _ in routes(config["route"]))}
    assert {receiver["name"] for receiver in config["receivers"]} == named


def test_the_table_has_forty_rows_or_more_and_no_row_twice(teams):
    rows = table(teams)
    assert len(rows) >= 40
    ordered = sorted(str(sorted(labels.items())) for labels, _ in rows)
    assert all(one != other for one, other in pairwise(ordered))


def test_slack_texts_are_escaped_and_keys_are_files(teams):
    for receiver in alertmanager_config(teams)["receivers"]:
        for slack in receiver.get("slack_configs", []):
            assert slack["text"].count('reReplaceAll "<" "&lt;"') == 3
            assert "api_url_file" in slack
        for service in receiver.get("pagerduty_configs", []):
            assert "routing_key" not in service
