"""What a channel refuses for good is an alert on the others, until somebody has settled it."""

from __future__ import annotations

import json
import time

import pytest
import structlog
from typer.testing import CliRunner

from watchdog.alert.undelivered import NAME
from watchdog.app.outbox import StoreOutbox
from watchdog.cli import app
from watchdog.domain.alert import Alert, AlertState, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.store.store import Store

CHANNELS = ("first", "second")
NOTIFY = "\nnotify:\n  - webhook: { url: 'https://hooks.example', name: first }\n  - stdout: { name: second }\n"


@pytest.fixture
def workspace(tmp_path):
    """A workspace with two channels and an alert that is queued on both."""
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    config = tmp_path / "watchdog.yaml"
    config.write_text(config.read_text().replace("\nnotify:\n", NOTIFY))
    yield tmp_path
    structlog.reset_defaults()


@pytest.fixture
def store(workspace):
    opened = Store(f"sqlite:///{workspace}/watchdog.db")
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def alert(store):
    labels = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "watch": "support_reply"}
    now = time.time() - 60
    firing = Alert(
        fingerprint=digest(labels),
        labels=labels,
        annotations={"summary": "worse"},
        state=AlertState.FIRING,
        starts_at=now,
        updated_at=now,
        fired_at=now,
    )
    with store.begin() as session:
        step = Transition(alert=firing, before=AlertState.PENDING, reason=Reason.HELD, at=now)
        session.alerts.save("support_reply", [step], CHANNELS)
    return firing


def queue(store, channel):
    """(alert name, state) of what waits on a channel."""
    with store.read() as session:
        due = session.outbox.due(channel, time.time() + 1, 10)
        return [(alert.labels["alertname"], alert.state.value) for alert in (row.alert for row in due)]


def refuse(store, channels=CHANNELS):
    outbox = StoreOutbox(store, channels)
    [delivery] = outbox.due("first", time.time(), 10)
    outbox.failed(delivery, time.time(), "refuses our credentials (401)", None)
    return delivery


def ask(workspace, *arguments):
    done = CliRunner().invoke(app, ["alerts", *arguments, "--config", str(workspace)])
    return done.exit_code, done.output


def test_a_refused_page_pages_on_the_other_channel_and_not_on_its_own(store, alert):
    refuse(store)
    assert queue(store, "first") == []
    assert queue(store, "second") == [("EvalDrift", "firing"), (NAME, "firing")]


@pytest.mark.parametrize(
    ("base", "page"),
    [("", "docs/runbooks/delivery-dead.md"), ("http://wd.example", "http://wd.example/runbooks/delivery-dead")],
)
def test_its_alert_links_to_a_page_that_can_be_opened(store, alert, base, page):
    outbox = StoreOutbox(store, CHANNELS, runbook_base_url=base)
    [delivery] = outbox.due("first", time.time(), 10)
    outbox.failed(delivery, time.time(), "refuses our credentials (401)", None)
    _, told = outbox.due("second", time.time(), 10)
    assert told.alert.annotations["runbook_url"] == page


def test_the_only_channel_is_told_of_itself_rather_than_nobody(store, alert):
    refuse(store, channels=("first",))
    assert queue(store, "first") == [(NAME, "firing")]


def test_a_failure_that_passes_is_no_dead_letter(store, alert):
    outbox = StoreOutbox(store, CHANNELS)
    [delivery] = outbox.due("first", time.time(), 10)
    outbox.failed(delivery, time.time(), "503", time.time() + 60)
    assert queue(store, "second") == [("EvalDrift", "firing")]


def test_the_list_says_what_was_lost_and_retrying_ends_the_alert(workspace, store, alert):
    letter = refuse(store)
    code, output = ask(workspace, "dead", "--json")
    assert code == 0
    [shown] = json.loads(output)
    assert (shown["id"], shown["channel"], shown["error"]) == (letter.id, "first", "refuses our credentials (401)")
    assert shown["labels"]["alertname"] == "EvalDrift"
    assert NAME in ask(workspace, "list")[1]
    assert ask(workspace, "dead", "--channel", "first", "--retry")[0] == 0
    assert queue(store, "first") == [("EvalDrift", "firing")]
    with store.read() as session:
        states = {one.labels["alertname"]: one.state for one in session.alerts.all()}
    assert states == {"EvalDrift": AlertState.FIRING, NAME: AlertState.RESOLVED}


def test_what_is_dropped_is_forgotten(workspace, store, alert):
    letter = refuse(store)
    assert ask(workspace, "dead", letter.id, "--drop")[0] == 0
    assert queue(store, "first") == []
    assert "Everything was delivered" in ask(workspace, "dead")[1]


def test_a_letter_that_is_not_there_and_two_wishes_at_once_are_refused(workspace, store, alert):
    code, output = ask(workspace, "dead", "nonsense", "--drop")
    assert code == 2
    assert "alerts dead" in output
    assert ask(workspace, "dead", "--retry", "--drop")[0] == 2
