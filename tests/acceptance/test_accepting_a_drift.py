"""A lower level that is meant: accepted on purpose, with a name and a reason, and the alert ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def watchdog(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "eval_watchdog", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_drift_that_is_meant_is_frozen_on_purpose_and_its_alert_resolves(tmp_path):
    assert watchdog(tmp_path, "init", ".")[0] == 0
    for _ in range(8):
        assert watchdog(tmp_path, "run", "--json")[0] == 0
    assert watchdog(tmp_path, "baseline", "freeze", "support_reply", "--because", "first")[0] == 0
    recordings = tmp_path / "recordings" / "support_reply.jsonl"
    rows = [json.loads(line) for line in recordings.read_text().splitlines()]
    for row in rows:
        row["text"] = "I am not sure."
    (tmp_path / "recordings" / "worse.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    text = (tmp_path / "watchdog.yaml").read_text()
    text = text.replace("\nwatches:", "\n  worse: { kind: recorded, path: recordings/worse.jsonl }\n\nwatches:")
    before, current = text.split("    current:\n", 1)
    (tmp_path / "watchdog.yaml").write_text(
        before + "    current:\n" + current.replace("provider: main", "provider: worse", 1)
    )
    codes = [watchdog(tmp_path, "run", "--json")[0] for _ in range(9)]
    assert codes[-1] == 1
    refused, output = watchdog(tmp_path, "baseline", "freeze", "support_reply", "--runs", "8", "--because", "oops")
    assert refused == 0, output  # the eight calm runs: the drop is not among them
    assert watchdog(tmp_path, "run", "--json")[0] in (0, 1)
    frozen, output = watchdog(
        tmp_path, "baseline", "freeze", "support_reply", "--runs", "8", "--accept-drift", "--because", "meant"
    )
    assert frozen == 0
    assert "locked, from 8 runs" in output
    watchdog(tmp_path, "run")  # a mass failure is over after two looks without one
    code, output = watchdog(tmp_path, "run")
    assert code == 0, output
    alerts = json.loads(watchdog(tmp_path, "alerts", "list", "--json")[1])
    assert {alert["state"] for alert in alerts if alert["alert_type"] == "model"} == {"resolved"}
