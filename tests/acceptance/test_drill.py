"""A drill pages through the real channels, closes what it opened, and touches nothing that is real."""

from __future__ import annotations

import json

import pytest

from watchdog.store.store import Store


def held(workspace, receiver, kind, *options):
    """The drill as the command line reports it, and its exit code."""
    workspace.write(notify=f'webhook: {{ url: "{receiver.url}", allow_loopback: true }}')
    done = workspace.command("drill", "run", kind, "--json", *options)
    return json.loads(done.stdout), done.returncode


def remembered(workspace):
    """What the real store knows of looks and alerts."""
    store = Store(f"sqlite:///{workspace.folder / 'watchdog.db'}")
    try:
        with store.read() as session:
            looks = [run.id for run in session.runs.of_watch("support_reply")]
            return looks, session.alerts.all(), session.outbox.dead(), session.drills.all()
    finally:
        store.close()


def alerts_of(receiver):
    """(alertname, status) of everything that arrived, each of it a drill's."""
    arrived = [alert for post in receiver.posts for alert in post.body["alerts"]]
    assert all(alert["labels"]["drill"] == "true" for alert in arrived)
    return [(alert["labels"]["alertname"], alert["status"]) for alert in arrived]


@pytest.mark.parametrize(
    ("kind", "alertname", "cause"),
    [
        pytest.param(
            "silent-model-update", "EvalDrift", "the provider changed the model", marks=pytest.mark.statistical
        ),
        ("judge-down", "EvalBlind", "nothing could be measured"),
    ],
)
def test_a_drill_pages_closes_and_leaves_the_house_as_it_was(
    judged_workspace, receiver, simulator, kind, alertname, cause
):
    looks, alerts, _, _ = remembered(judged_workspace)
    asked = simulator.stats()["calls"]
    drill, code = held(judged_workspace, receiver, kind)
    assert (code, drill["outcome"]) == (0, "passed"), drill
    assert drill["labels"]["alertname"] == alertname
    assert drill["cause"] == cause
    assert drill["asked"] == 0  # answers of the baseline's looks are played
    assert simulator.stats()["calls"] == asked
    assert drill["detect_seconds"] >= 1800 * (drill["looks"] > 1)
    assert drill["page_seconds"] >= drill["detect_seconds"]
    told = alerts_of(receiver)
    assert (alertname, "firing") in told
    assert sorted(name for name, status in told if status == "firing") == sorted(
        name for name, status in told if status == "resolved"
    )
    after, still, dead, drills = remembered(judged_workspace)
    assert (after, still, dead) == (looks, alerts, [])
    assert [(one.kind, one.outcome, one.open) for one in drills] == [(kind, "passed", ())]


def test_a_page_that_nobody_takes_is_a_drill_that_failed(workspace, receiver):
    receiver.refuse_every = 1
    drill, code = held(workspace, receiver, "provider-down", "--patience", "2s")
    assert (code, drill["outcome"]) == (1, "not delivered")
    assert "webhook" in drill["reason"]
    assert drill["told"][0]["seconds"] is None
    assert drill["page_seconds"] is None


@pytest.mark.statistical  # sixty looks
def test_a_drop_too_small_to_see_is_a_drill_that_failed(workspace, receiver):
    drill, code = held(workspace, receiver, "quality-drop", "--share", "0.01", "--seed", "5")
    assert (code, drill["outcome"]) == (1, "not detected")
    assert receiver.posts == []


def test_what_cannot_be_drilled_is_said_before_anything_is_begun(workspace, receiver):
    for kind, missing in (("judge-down", "no judge"), ("alertmanager-down", "no alertmanager")):
        done = workspace.command("drill", "run", kind)
        assert done.returncode == 2
        assert missing in done.stderr
