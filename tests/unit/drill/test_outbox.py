from __future__ import annotations

import pytest

from watchdog.domain.alert import Alert, AlertState, Reason, Transition
from watchdog.domain.drill import DRILL, TRUE
from watchdog.drill.outbox import PREFIX, DrillOutbox, marked
from watchdog.store.store import Store

AHEAD = -7200.0


def an_alert(state=AlertState.FIRING, **more):
    labels = {"alertname": "EvalDrift", "watch": "reply", "severity": "page"}
    said = {"summary": "worse"}
    values = {"starts_at": 10_000.0, "updated_at": 10_060.0, "fired_at": 10_060.0, **more}
    return Alert(fingerprint="f", labels=labels, annotations=said, state=state, **values)


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'shadow.db'}")
    store.prepare()
    yield store
    store.close()


def decided(store, alert, before=None):
    with store.begin() as session:
        transition = Transition(alert=alert, before=before, reason=Reason.HELD, at=alert.updated_at)
        session.alerts.save("reply", [transition], ["pager"])


def test_what_is_marked_is_another_alert_that_says_it_is_a_drill():
    real = an_alert()
    drill = marked(real)
    assert drill.labels == {**real.labels, DRILL: TRUE}
    assert drill.fingerprint != real.fingerprint
    assert drill.id != real.id
    assert drill.annotations["summary"] == f"{PREFIX}worse"


def test_times_of_the_shadow_become_times_of_the_world():
    ended = marked(an_alert(AlertState.RESOLVED, resolved_at=10_120.0), AHEAD)
    assert (ended.starts_at, ended.fired_at, ended.resolved_at) == (2800.0, 2860.0, 2920.0)


def test_nothing_leaves_without_the_mark(store):
    decided(store, an_alert())
    outbox = DrillOutbox(store, AHEAD)
    now = 10_070.0 + AHEAD
    live = outbox.live_alerts("pager", now, 900.0)
    [row] = outbox.due("pager", now, 10)
    assert [alert.labels[DRILL] for alert in (*live, row.alert)] == [TRUE, TRUE]
    assert row.alert.id == live[0].id


def test_a_row_is_due_by_the_time_of_the_world_and_taken_once(store):
    decided(store, an_alert())
    outbox = DrillOutbox(store, AHEAD)
    assert outbox.due("pager", 10_000.0 + AHEAD, 10) == []
    [row] = outbox.due("pager", 10_070.0 + AHEAD, 10)
    outbox.failed(row, 2870.0, "503", 2880.0)
    assert outbox.errors == {"pager": "503"}
    assert outbox.due("pager", 2875.0, 10) == []
    [row] = outbox.due("pager", 2881.0, 10)
    outbox.delivered(row, 2881.0)
    assert outbox.due("pager", 2900.0, 10) == []
    assert outbox.taken == {("pager", row.alert.id, AlertState.FIRING): 2881.0}
    assert outbox.errors == {}
