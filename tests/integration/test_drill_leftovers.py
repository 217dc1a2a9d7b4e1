"""A drill that was killed leaves an open page behind; the next one closes it, and leaves one that goes on alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from watchdog.app.build import open_app
from watchdog.cli import app
from watchdog.clock import SystemClock
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.drill import Drill, DrillKind, DrillOutcome
from watchdog.drill.drill import close_leftovers
from watchdog.drill.outbox import marked
from watchdog.store.ownership import this_process

LABELS = {"alertname": "EvalDrift", "alert_type": "model", "severity": "page", "watch": "support_reply"}
PAGE = marked(
    Alert(
        fingerprint="f", labels=LABELS, annotations={"summary": "worse"}, state=AlertState.FIRING,
        starts_at=1_700_000_000.0, updated_at=1_700_000_000.0, fired_at=1_700_000_000.0,
    )
)  # fmt: skip
LEFT = Drill(
    id="left", kind=DrillKind.QUALITY_DROP, watch="support_reply", started_at=1_700_000_000.0, open=(PAGE,),
    owner=this_process().replace(":", ":1", 1),  # a process that is certainly gone
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    return tmp_path


async def closed(workspace, *drills):
    async with open_app(workspace, {}, SystemClock()) as house:
        with house.store.begin() as session:
            for drill in drills:
                session.drills.save(drill)
        found = await close_leftovers(house)
        with house.store.read() as session:
            return found, session.drills.all()


async def test_the_page_of_a_drill_that_was_killed_is_closed(workspace, capsys):
    found, [drill] = await closed(workspace, LEFT)
    assert [one.id for one in found] == ["left"]
    assert (drill.outcome, drill.open) == (DrillOutcome.INTERRUPTED, ())
    assert drill.finished_at is not None
    said = capsys.readouterr().out
    assert "RESOLVED page model EvalDrift" in said
    assert "DRILL, nothing is wrong: worse" in said


async def test_a_drill_that_goes_on_is_left_alone(workspace, capsys):
    alive = replace(LEFT, owner=this_process())
    found, drills = await closed(workspace, alive)
    assert found == []
    assert drills == [alive]
    assert capsys.readouterr().out == ""
