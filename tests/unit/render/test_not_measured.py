"""What was not measured is never shown as calm."""

from __future__ import annotations

import io
import json

from watchdog.domain.metric import Arm
from watchdog.render.as_json import as_json
from watchdog.render.terminal import console, show_metrics
from watchdog.render.views import MetricRow

LOST = MetricRow(
    metric="exact", arm=Arm.CURRENT, level=None, n=0, planned=30, reason="30 of 30 cases were lost to failed calls"
)


def test_the_terminal_says_not_measured_and_why():
    out = io.StringIO()
    show_metrics([LOST], console(out, width=100))
    assert "not measured" in out.getvalue()
    assert "30 of 30 cases were lost" in out.getvalue()
    assert "calm" not in out.getvalue()


def test_json_has_no_level_for_it():
    row = json.loads(as_json(LOST))
    assert row["level"] is None
    assert row["reason"].startswith("30 of 30")
