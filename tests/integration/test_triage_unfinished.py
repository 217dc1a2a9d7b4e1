"""The newest look never finished: triage says so, and calls nothing fine."""

from __future__ import annotations

import pytest

from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.store.store import Store
from watchdog.triage.history import unfinished_look

NOW = 10_000.0


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'watchdog.db'}")
    store.prepare()
    yield store
    store.close()


def said(store, status, *, leased_until=None, note="", triggered=Trigger.SCHEDULE):
    looks = [
        Run(id="a", watch="w", trigger=Trigger.SCHEDULE, status=RunStatus.FINISHED, planned_for=NOW - 900.0),
        Run(id="b", watch="w", trigger=triggered, status=status, planned_for=NOW - 600.0, note=note),
        Run(id="c", watch="w", trigger=Trigger.SCHEDULE, status=RunStatus.PLANNED, planned_for=NOW + 600.0),
    ]
    with store.begin() as session:
        for look in looks:
            session.runs.save(look)
        if leased_until is not None:
            assert session.runs.claim("b", "somebody", leased_until - 60.0, 60.0)
    with store.read() as session:
        return unfinished_look(session, "w", NOW)


@pytest.mark.parametrize(
    ("status", "leased_until", "told"),
    [
        (RunStatus.FINISHED, None, ""),
        (RunStatus.RUNNING, NOW + 30.0, ""),
        (RunStatus.RUNNING, NOW - 30.0, "nobody works on it any more"),
        (RunStatus.RUNNING, None, "nobody works on it any more"),
        (RunStatus.MEASURED, NOW - 30.0, "nobody works on it any more"),
        (RunStatus.INTERRUPTED, None, "was interrupted (stopped)"),
        (RunStatus.FAILED, None, "failed (stopped)"),
    ],
)
def test_a_look_that_never_finished_is_named(store, status, leased_until, told):
    assert told in said(store, status, leased_until=leased_until, note="stopped")
    assert bool(told) == bool(said(store, status, leased_until=leased_until, note="stopped"))


def test_a_gate_that_failed_is_no_look(store):
    assert said(store, RunStatus.FAILED, triggered=Trigger.GATE) == ""
