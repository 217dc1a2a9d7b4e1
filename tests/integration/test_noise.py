"""``noise`` and ``alerts feedback`` over a store in which things happened; drills and verifications beside them."""

from __future__ import annotations

import json
import time

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from watchdog.alert.incident import Grouping
from watchdog.alert.story import tell
from watchdog.app.house import fallbacks_due, tell_of_drills, tell_of_fallbacks
from watchdog.cli import app
from watchdog.domain.alert import HOUSE, Alert, AlertState, Audience, Cause, Incident, Reason, Transition
from watchdog.domain.digest import digest
from watchdog.domain.drill import Drill, DrillKind, DrillOutcome, DrillPlan, Told
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.target import Role, Target
from watchdog.domain.verification import FallbackVerdict, Verification
from watchdog.domain.watch import Owner, Watch
from watchdog.pipeline.news import Channels
from watchdog.store.gates import GateRow
from watchdog.store.store import Store

DAY = 86400.0
NOW = time.time()
TOLD = Channels(alerts=("stdout",))


@pytest.fixture
def workspace(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    return tmp_path


@pytest.fixture
def store(workspace):
    opened = Store(f"sqlite:///{workspace}/watchdog.db")
    opened.prepare()
    with opened.begin() as session:
        session.runs.save(a_run("first", NOW - 30 * DAY))
    yield opened
    opened.close()


def a_run(run_id, at, trigger=Trigger.SCHEDULE):
    return Run(id=run_id, watch="support_reply", trigger=trigger, status=RunStatus.FINISHED, planned_for=at)


def a_page(store, days_ago):
    """A page that was delivered, and is over after an hour."""
    labels = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "watch": "support_reply"}
    at = NOW - days_ago * DAY
    firing = Alert(
        fingerprint=digest(labels), labels=labels, annotations={}, state=AlertState.FIRING,
        starts_at=at, updated_at=at, fired_at=at,
    )  # fmt: skip
    over = replace(firing, state=AlertState.RESOLVED, resolved_at=at + 3600, updated_at=at + 3600)
    with store.begin() as session:
        for alert, before in ((firing, AlertState.PENDING), (over, AlertState.FIRING)):
            step = Transition(alert=alert, before=before, reason=Reason.HELD, at=alert.updated_at)
            session.alerts.save("support_reply", [step], ["stdout"])
            session.outbox.delivered(step.id, "stdout", at + 1)
    return firing.id


def a_page_to_people(store, *, delivered):
    """A page of an incident that only a pager is told of: beside it in the outbox there is no row of its own."""
    at = NOW - DAY
    labels = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "watch": "support_reply"}
    firing = Alert(
        fingerprint=digest(labels), labels=labels, annotations={}, state=AlertState.FIRING,
        starts_at=at - 60, updated_at=at, fired_at=at, incident_id="i1",
    )  # fmt: skip
    incident = Incident(
        id="i1", watch="support_reply", cause=Cause.UNATTRIBUTED, opened_at=at, members=(firing.fingerprint,)
    )
    step = Transition(alert=firing, before=AlertState.PENDING, reason=Reason.HELD, at=at)
    grouping, [telling] = tell(
        Grouping(transitions=(step,), incidents=(incident,)), [], [], [Audience(channel="pager")], at, worse_by=0.05
    )
    with store.begin() as session:
        session.alerts.save_incidents(grouping.incidents)
        session.alerts.save("support_reply", grouping.transitions, [])
        session.alerts.enqueue(telling.id, telling.alert, [telling.channel], telling.at)
        if delivered:
            session.outbox.delivered(telling.id, "pager", at + 1)
    return firing.id


def ask(workspace, *arguments):
    return CliRunner().invoke(app, [*arguments, "--config", str(workspace)])


def test_a_word_on_an_alert_is_counted_and_the_budget_is_held_against_it(workspace, store):
    pages = [a_page(store, days_ago) for days_ago in (1, 3, 20)]
    quiet = ask(workspace, "noise", "--json")
    assert quiet.exit_code == 0
    [rule] = json.loads(quiet.stdout)["rules"]
    assert (rule["fired"], rule["paged"], rule["judged"], rule["duration"]) == (2, 2, 0, 3600.0)
    assert rule["unjudged"] == pages[:2]

    for page in (pages[0], pages[2]):
        said = ask(workspace, "alerts", "feedback", page, "--actionable", "no", "--false-alarm", "--by", "me")
        assert said.exit_code == 0, said.output
    loud = ask(workspace, "noise", "--json")
    standing = json.loads(loud.stdout)["standing"]
    assert loud.exit_code == 1  # one in ninety days is allowed, and there were two
    assert (standing["pages"], standing["judged"], standing["false"], standing["above"]) == (3, 2, 2, True)
    assert standing["achieved"] == pytest.approx(6.0, rel=0.01)  # in thirty days that are remembered

    assert ask(workspace, "alerts", "feedback", pages[2], "--actionable", "yes").exit_code == 0  # it was not, after all
    again = ask(workspace, "noise")
    assert again.exit_code == 0
    assert "EvalDrift support_reply" in again.stdout
    assert "within the budget" in again.stdout
    assert "### Top offenders" in ask(workspace, "noise", "--markdown").stdout


@pytest.mark.parametrize("delivered", [True, False])
def test_a_page_that_people_were_told_of_with_its_incident_is_a_page_once_a_channel_took_it(
    workspace, store, delivered
):
    page = a_page_to_people(store, delivered=delivered)
    assert ask(workspace, "alerts", "feedback", page, "--actionable", "no", "--false-alarm").exit_code == 0
    found = json.loads(ask(workspace, "noise", "--json").stdout)
    assert [(rule["fired"], rule["paged"]) for rule in found["rules"]] == [(1, int(delivered))]
    assert (found["standing"]["pages"], found["standing"]["false"]) == (int(delivered), int(delivered))


def test_a_word_that_makes_no_sense_is_refused(workspace, store):
    page = a_page(store, 1)
    for options, said in (
        (["--actionable", "maybe"], "yes or no"),
        (["--actionable", "yes", "--false-alarm"], "nothing to do"),
    ):
        done = ask(workspace, "alerts", "feedback", page, *options)
        assert done.exit_code == 2
        assert said in done.output
    assert ask(workspace, "alerts", "feedback", "nothing", "--actionable", "yes").exit_code == 2


def open_alerts(store):
    with store.read() as session:
        return {(alert.labels["alertname"], alert.state.value) for alert in session.alerts.open(HOUSE)}


def a_drill(outcome, days_ago):
    at = NOW - days_ago * DAY
    return Drill(
        id=f"d{days_ago}", kind=DrillKind.QUALITY_DROP, watch="support_reply", started_at=at, finished_at=at,
        outcome=outcome, told=(Told(channel="stdout", seconds=0.5, closed=0.1, receivers=("pager",)),), owner="us:1:2",
    )  # fmt: skip


def test_an_overdue_drill_fires_once_and_resolves_with_one_that_passed(store):
    plan = DrillPlan(every=20 * DAY, kinds=(DrillKind.QUALITY_DROP,))
    drills = [a_drill(DrillOutcome.PASSED, 25), a_drill(DrillOutcome.NOT_DELIVERED, 2)]
    for drill in drills:
        with store.begin() as session:
            session.drills.save(drill)
            tell_of_drills(session, plan, TOLD, NOW)
    with store.read() as session:
        assert session.drills.all() == drills
        assert [row.alert.labels["alertname"] for row in session.outbox.due("stdout", NOW, 9)] == ["DrillOverdue"]
    assert open_alerts(store) == {("DrillOverdue", "firing")}
    with store.begin() as session:
        session.drills.save(a_drill(DrillOutcome.PASSED, 0))
        tell_of_drills(session, plan, TOLD, NOW)
    assert open_alerts(store) == set()


def test_a_fallback_that_would_not_hold_fires_until_it_holds_or_is_gone(store):
    fallback = Target(role=Role.FALLBACK, provider="second", model="spare")
    watch = Watch(
        name="support_reply", feature="reply", owner=Owner(team="ai"), scorers=(), verify_fallback_every=7 * DAY,
        targets={Role.CURRENT: Target(role=Role.CURRENT, provider="first", model="usual"), Role.FALLBACK: fallback},
    )  # fmt: skip

    def verified(run_id, verdict):
        with store.begin() as session:
            session.runs.save(a_run(run_id, NOW, Trigger.GATE))
            session.gates.save(GateRow(id=run_id, watch=watch.name, key="k", at=NOW))
            found = Verification(
                id=run_id, watch=watch.name, at=NOW + len(run_id), verdict=verdict, target=fallback.digest,
                reasons=("worse",),
            )  # fmt: skip
            session.verifications.save(found)
            tell_of_fallbacks(session, [watch], TOLD, NOW)

    verified("v", FallbackVerdict.DOES_NOT_HOLD)
    assert open_alerts(store) == {("FallbackUnready", "firing")}
    verified("vv", FallbackVerdict.CANNOT_TELL)  # which settles nothing
    assert open_alerts(store) == {("FallbackUnready", "firing")}
    verified("vvv", FallbackVerdict.HOLDS)
    assert open_alerts(store) == set()
    verified("vvvv", FallbackVerdict.DOES_NOT_HOLD)
    with store.begin() as session:
        tell_of_fallbacks(session, [replace(watch, verify_fallback_every=None)], TOLD, NOW)
    assert open_alerts(store) == set()


def test_a_fallback_is_due_at_once_then_by_its_schedule_and_when_it_is_another_one(store):
    def a_watch(model="spare", every=7 * DAY):
        targets = {
            Role.CURRENT: Target(role=Role.CURRENT, provider="first", model="usual"),
            Role.FALLBACK: Target(role=Role.FALLBACK, provider="second", model=model),
        }
        owner = Owner(team="ai")
        return Watch(
            name="reply", feature="reply", owner=owner, scorers=(), targets=targets, verify_fallback_every=every
        )

    def due(watch, now):
        with store.read() as session:
            return fallbacks_due(session, [watch], now)

    assert due(a_watch(), NOW) == ["reply"]
    assert due(a_watch(every=None), NOW) == []
    with store.begin() as session:
        session.runs.save(a_run("v", NOW, Trigger.GATE))
        session.gates.save(GateRow(id="v", watch="reply", key="k", at=NOW))
        told = FallbackVerdict.CANNOT_TELL  # asking again at once would cost the same and tell no more
        target = a_watch().targets[Role.FALLBACK].digest
        session.verifications.save(
            Verification(id="v", watch="reply", at=NOW, verdict=told, target=target, reasons=("too few",))
        )
    assert due(a_watch(), NOW + 6 * DAY) == []
    assert due(a_watch(), NOW + 7 * DAY) == ["reply"]
    assert due(a_watch(model="another"), NOW + DAY) == ["reply"]
