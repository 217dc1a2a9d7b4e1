"""People say about alerts: be quiet, somebody is at it, there is work on the feature; and it is shown to all others."""

from __future__ import annotations

import json
import time

import pytest
import structlog
from typer.testing import CliRunner

from watchdog.app.outbox import StoreOutbox
from watchdog.cli import app
from watchdog.domain.alert import Alert, AlertState, Cause, Incident, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.domain.silence import Matcher, Silence, SilenceKind
from watchdog.store.store import Store

CHANNEL = "\nnotify:\n  - webhook: { url: 'https://hooks.example', name: room }\n"


@pytest.fixture
def workspace(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    config = tmp_path / "watchdog.yaml"
    config.write_text(config.read_text().replace("\nnotify:\n", CHANNEL))
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
    times = {"starts_at": now, "updated_at": now, "fired_at": now}
    firing = Alert(
        fingerprint=digest(labels), labels=labels, annotations={}, state=AlertState.FIRING, incident_id="inc1", **times
    )
    incident = Incident(
        id="inc1", watch="support_reply", cause=Cause.OURS, opened_at=now, members=(firing.fingerprint,)
    )
    with store.begin() as session:
        step = Transition(alert=firing, before=AlertState.PENDING, reason=Reason.HELD, at=now)
        session.alerts.save("support_reply", [step], ["room"])
        session.alerts.save_incidents([incident])
    return firing


@pytest.fixture
def ask(workspace):
    def asked(*arguments, code=0):
        done = CliRunner().invoke(app, [*arguments, "--config", str(workspace)])
        assert done.exit_code == code, done.output
        return done.output

    return asked


def due(store):
    return [each.alert.labels["watch"] for each in StoreOutbox(store).due("room", time.time(), 10)]


def listed(ask):
    [view] = json.loads(ask("alerts", "list", "--json"))
    return view["annotations"]


def test_an_alert_is_silenced_by_its_id_shown_so_and_told_when_it_is_taken_back(ask, store, alert):
    assert due(store) == ["support_reply"]
    said = ask("alerts", "silence", alert.id, "--for", "2h", "--because", "known, OPS-12", "--by", "ann")
    assert "1 open alerts: EvalDrift" in said
    assert due(store) == []
    assert listed(ask)["silenced"].endswith("by ann: known, OPS-12")
    assert "silenced: silenced until" in ask("alerts", "list")
    [found] = json.loads(ask("alerts", "silences", "--json"))
    assert (found["by"], found["kind"], found["ends_at"] - found["starts_at"]) == ("ann", "silence", 7200)
    assert 'watch="support_reply"' in found["matchers"]
    assert 'worse=""' in found["matchers"]  # that it got worse is told all the same
    ask("alerts", "unsilence", found["id"], "--by", "bob")
    assert due(store) == ["support_reply"]
    assert "silenced" not in listed(ask)
    assert "Nothing is silenced." in ask("alerts", "silences")
    assert "ended by bob" in " ".join(ask("alerts", "silences", "--since", "1h").split())
    ask("alerts", "unsilence", found["id"], code=2)


def test_an_incident_is_silenced_by_its_id(ask, store, alert):
    ask("alerts", "silence", "inc1", "--for", "1h", "--because", "known")
    [found] = json.loads(ask("alerts", "silences", "--json"))
    assert found["matchers"] == ['incident="inc1"']


def test_what_alertmanager_repeats_is_said_with_the_command_that_stops_it(workspace, store, alert):
    config = workspace / "watchdog.yaml"
    config.write_text(config.read_text().replace(CHANNEL, CHANNEL + "  - alertmanager: { urls: ['http://am:9093'] }\n"))
    silence = [
        "alerts",
        "silence",
        "watch=support_reply",
        "--for",
        "2h",
        "--because",
        "a b",
        "--config",
        str(workspace),
    ]
    assert CliRunner().invoke(app, silence).stderr == ""
    with store.begin() as session:
        step = Transition(alert=alert, before=AlertState.PENDING, reason=Reason.HELD, at=alert.starts_at)
        session.alerts.save("support_reply", [step], ["alertmanager"])
        session.outbox.delivered(f"{alert.id}-firing", "alertmanager", time.time())
    said = CliRunner().invoke(app, silence).stderr
    assert "alertmanager knows 1 of them" in said
    assert "amtool silence add --duration=2h '--comment=a b' 'watch=\"support_reply\"'" in said


def test_matchers_silence_what_they_match(ask, store, alert):
    assert "no open alert" in ask("alerts", "silence", "metric=is-json", "--for", "1h", "--because", "x")
    assert due(store) == ["support_reply"]
    ask("alerts", "silence", "watch=support_reply", "alert_type=~model|tool", "--for", "1h", "--because", "x")
    assert due(store) == []


@pytest.mark.parametrize(
    ("about", "remedy"),
    [
        (["support"], "alerts list"),
        (["watch=suport_reply"], "did you mean"),
        (["watch"], "alerts list"),
        (["watch==("], "no watch"),
        (["watch=~("], "regular expression"),
        (["metric=~.*"], "name a value"),
        (["metric!=is-json"], "name a value"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(ask, alert, about, remedy):
    assert remedy in ask("alerts", "silence", *about, "--for", "1h", "--because", "x", code=2)


def test_a_silence_says_how_long_and_why(ask, alert):
    assert "--for" in ask("alerts", "silence", "watch=support_reply", "--for", "0s", "--because", "x", code=2)
    assert "--because" in ask("alerts", "silence", "watch=support_reply", "--for", "1h", "--because", " ", code=2)
    ask("alerts", "silence", "watch=support_reply", "--for", "soon", "--because", "x", code=2)


@pytest.mark.parametrize(
    ("made", "lasting"),
    [(["alerts", "silence", "watch=support_reply"], "3651d"), (["maintenance", "add", "support_reply"], "99999999d")],
)
def test_a_silence_of_more_than_ten_years_is_refused_and_not_kept(ask, alert, made, lasting):
    assert "10 years at most" in ask(*made, "--for", lasting, "--because", "x", code=2)
    assert json.loads(ask("alerts", "silences", "--json")) == []


def test_a_silence_without_an_end_that_any_calendar_has_is_listed_all_the_same(ask, store, alert):
    matchers = (Matcher("watch", "=", "support_reply"),)
    made = Silence(
        id="a1", kind=SilenceKind.SILENCE, matchers=matchers, starts_at=-1e15, ends_at=1e15, by="ann", because="x"
    )
    with store.begin() as session:
        session.silences.save([made])
    assert "for ever" in ask("alerts", "silences")
    assert listed(ask)["silenced"] == "silenced for ever by ann: x"


def test_a_maintenance_window_is_announced_listed_and_called_off(ask, store, alert):
    ask("maintenance", "add", "support_reply", "--from", "2126-01-01T02:00", "--for", "2h", "--because", "index")
    assert due(store) == ["support_reply"]
    [later] = json.loads(ask("maintenance", "list", "--json"))
    assert later["starts_at"] == 4_922_906_400.0
    ask("maintenance", "end", later["id"])
    ask("maintenance", "add", "support_reply", "--for", "2h", "--because", "index", "--by", "ann")
    assert due(store) == []
    assert "in a maintenance window until" in listed(ask)["silenced"]
    [now] = json.loads(ask("maintenance", "list", "--json"))
    ask("maintenance", "end", now["id"])
    assert due(store) == ["support_reply"]
    assert "No maintenance is announced." in ask("maintenance", "list")
    assert "no watch" in ask("maintenance", "add", "nobody", "--for", "2h", "--because", "index", code=2)
    over = ["maintenance", "add", "support_reply", "--from", "2020-01-01", "--for", "2h", "--because", "index"]
    assert "over already" in ask(*over, code=2)


@pytest.mark.parametrize("name", ["id", "incident_id"])
def test_the_first_who_acknowledges_stays_named_and_stands_in_the_incident(ask, alert, name):
    assert "acknowledged by ann" in ask("alerts", "ack", getattr(alert, name), "--by", "ann")
    assert "stays named" in ask("alerts", "ack", alert.id, "--by", "bob")
    assert listed(ask)["acknowledged"].startswith("by ann, ")
    assert "EvalDrift is acknowledged by ann" in ask("incidents")
    assert "bob" not in ask("incidents")


def test_an_incident_is_shown_by_its_id(ask, alert):
    assert alert.incident_id in ask("incidents", "list")
    assert alert.incident_id in ask("incidents", "show", alert.incident_id)
    assert json.loads(ask("incidents", "show", alert.incident_id, "--json"))["id"] == alert.incident_id
    assert "'eval-watchdog incidents list' shows them" in ask("incidents", "show", "none", code=2)
    for words in (["show"], ["show", "a", "b"], ["list", "a"], ["close"]):
        assert "incidents show ID" in ask("incidents", *words, code=2)


def test_an_acknowledgement_is_kept_whatever_a_channel_lacks_and_every_pager_that_is_not_told_is_named(
    ask, workspace, alert
):
    config = workspace / "watchdog.yaml"
    lacking = "  - pagerduty: { routing_key: '${NOT_SET_HERE}' }\n  - slack: { token: '${NOR_THIS}', channel: x }\n"
    config.write_text(config.read_text().replace(CHANNEL, CHANNEL + lacking))
    said = ask("alerts", "ack", alert.id, "--by", "ann", code=1)
    assert "acknowledged by ann" in said
    assert "not told to pagerduty" in said
    assert "NOT_SET_HERE" in said
    assert "slack" not in said
    assert listed(ask)["acknowledged"].startswith("by ann, ")


def test_nothing_that_does_not_fire_is_acknowledged(ask, alert):
    ask("alerts", "resolve", alert.id, "--because", "over", "--by", "ann")
    assert "alerts list" in ask("alerts", "ack", alert.id, code=2)
