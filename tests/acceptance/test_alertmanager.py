"""The daemon against a real Alertmanager that dies, forgets, refuses and comes back. By hand: each takes minutes.

    AM_ACCEPT=/path/to/am_accept.py pytest tests/acceptance/test_alertmanager.py [-k killed]

AM_ACCEPT_SLOW=2 gives a busy machine twice the time; a story that comes too late for its faults says so.

``am_accept.py`` starts a real Alertmanager behind a recording proxy, and stand-ins for whoever it pages; around a
command, here ``drift_story.py`` (the daemon itself) or a drill, it breaks things and holds what arrived against what
was expected. Without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

HOUSE = Path(__file__).resolve().parents[2]
#: Seconds after the start at which the story gets bad, at which its alerts surely fire, and at which it gets good.
BAD, FIRING, GOOD = (round(at * float(os.environ.get("AM_ACCEPT_SLOW", "1"))) for at in (45, 70, 90))
PACE = ["--bad", "5", "--good", "15", "--bad-at", str(BAD), "--good-at", str(GOOD)]
STORY = [sys.executable, "-P", str(HOUSE / "tests" / "acceptance" / "drift_story.py")]
TOOL = os.environ.get("AM_ACCEPT", "")

pytestmark = [
    pytest.mark.alertmanager,
    pytest.mark.statistical,
    pytest.mark.skipif(not Path(TOOL).is_file(), reason="AM_ACCEPT does not name am_accept.py"),
    pytest.mark.skipif(
        not (shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")), reason="no Alertmanager here"
    ),
]

MODEL = ("pd-ai-eng:firing:alert_type=model", "pd-ai-eng:resolved:alert_type=model", "pagerduty:ai-eng:resolved")
INFRA = ("pd-platform:firing:alertname=ProviderDown", "pd-platform:resolved:alertname=ProviderDown")
#: Alertmanager, and a pager in its place when it has been down for two minutes.
NOTIFY = """\
  - alertmanager: { urls: ["${AM_URL}"], resend_every: 1 }
  - pagerduty: { routing_key: standby, url: "${SINK_URL}", when_down: alertmanager }
"""


class Scenario(NamedTuple):
    """Arguments of am_accept.py, those of the story, and what must and must not arrive."""

    break_it: tuple[str, ...] = ()
    story: tuple[str, ...] = ()
    expect: tuple[str, ...] = MODEL
    never: tuple[str, ...] = ("pd-platform",)
    #: Longest time between two posts of a firing alert, seconds; None while nobody takes them.
    gap: int | None = 10


SCENARIOS = {
    "calm, a drift, and recovery": Scenario(),
    "an outage of the provider is the platform's": Scenario(
        story=("--outage",), expect=INFRA, never=("pd-ai-eng", "pagerduty:ai-eng")
    ),
    "killed and started again while it pages": Scenario(break_it=("--fault", "down@{firing}+8"), gap=None),
    "stopped in good order and started again": Scenario(break_it=("--fault", "term@{firing}+8"), gap=None),
    "killed, and what it knew is gone": Scenario(break_it=("--fault", "wipe@{firing}+4"), gap=None),
    "gone while the alert resolves": Scenario(
        break_it=("--fault", "wipe@{good}+20"), story=("--good", "40"), gap=None
    ),
    "refusing with 503": Scenario(break_it=("--fault", "503@{firing}+12")),
    "one of two killed": Scenario(break_it=("--ha", "2", "--fault", "down@{firing}+8#0"), gap=None),
    "one of two killed, and what it knew is gone": Scenario(
        break_it=("--ha", "2", "--fault", "wipe@{firing}+8#1"), gap=None
    ),
    "receivers that refuse at first": Scenario(
        break_it=("--sink-fail", "pd-ai-eng:500:3", "--sink-fail", "pagerduty:429:2")
    ),
    "a secondary that always refuses": Scenario(
        break_it=("--sink-fail", "slack:500:999"), story=("--direct",), expect=(*MODEL, "pagerduty:direct:resolved")
    ),
    "channels of our own behind TLS": Scenario(
        break_it=("--tls",),
        story=("--direct",),
        expect=(*MODEL, "pagerduty:direct:firing", "pagerduty:direct:resolved", "jsm:firing", "jsm:resolved",
                "slack:direct:message:>=2"),
    ),
}  # fmt: skip


def accept(folder: Path, command: list[str], *arguments: str) -> tuple[dict, str]:
    """What am_accept.py says, and what was said on the way; its exit code must be 0."""
    (folder / "tmp").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, TOOL, "--full", *arguments, "--", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOUSE), "TMPDIR": str(folder / "tmp")},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    (folder / "report.json").write_text(done.stdout, encoding="utf-8")
    (folder / "said.txt").write_text(done.stderr, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout), done.stderr


def left_open(report: dict) -> list[tuple[str, str]]:
    """(receiver, identity) of what was paged and never resolved. The dead man's switch never is."""
    return [
        (receiver, identity)
        for receiver, alerts in report["receivers"].items()
        for identity, life in alerts.items()
        if life[-1]["status"] == "firing" and receiver != "deadman"
    ]


def starts(report: dict) -> dict[str, set[str]]:
    """Beginnings that were posted of each alert of the story, by its labels."""
    found: dict[str, set[str]] = {}
    for post in report["all_posts"]:
        for alert in post["alerts"]:
            if alert["labels"]["alertname"] != "Watchdog":
                found.setdefault(json.dumps(alert["labels"], sort_keys=True), set()).add(alert["startsAt"])
    return found


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A workspace with a baseline."""
    folder = tmp_path_factory.mktemp("ready")
    subprocess.run([*STORY, "--prepare", str(folder)], env={**os.environ, "PYTHONPATH": str(HOUSE)}, check=True)
    return folder


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_nothing_is_lost_and_no_page_is_left_open(scenario: Scenario, ready: Path, tmp_path: Path):
    expect = [word for what in scenario.expect for word in ("--expect", what)]
    never = [word for what in scenario.never for word in ("--expect-none", what)]
    gap = ["--max-gap", str(scenario.gap)] if scenario.gap else []
    broken = [word.format(firing=FIRING, good=GOOD) for word in scenario.break_it]
    told = [*STORY, *PACE, "--ready", str(ready), *scenario.story]
    watched = ["--timeout", "600", "--linger", "12", "--hold"]
    report, said = accept(tmp_path, told, *watched, *broken, *expect, *never, *gap)
    assert "the daemon ended with 0" in said
    assert left_open(report) == []
    assert report["invalid_payloads"] == []
    assert all(len(times) == 1 for times in starts(report).values()), "an episode has one beginning"


@pytest.mark.parametrize(
    ("kind", "expect", "never"),
    [
        ("quality-drop", ("pd-ai-eng:firing:drill=true:==1", "pd-ai-eng:resolved:drill=true:==1"), "pd-platform"),
        (
            "alertmanager-down",
            (
                "pagerduty:standby:firing:drill=true:==1",
                "pagerduty:standby:resolved",
                "pd-platform:resolved:drill=true",
            ),
            "pd-ai-eng",
        ),
    ],
)
def test_a_drill_from_a_fresh_workspace_prints_the_time_to_page(kind, expect, never, tmp_path):
    command = [sys.executable, "-P", "-m", "eval_watchdog"]
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    subprocess.run([*command, "init", str(tmp_path)], env=environment, check=True, capture_output=True)
    config = tmp_path / "watchdog.yaml"
    written = config.read_text(encoding="utf-8")
    assert "  - stdout\n" in written
    config.write_text(written.replace("  - stdout\n", NOTIFY), encoding="utf-8")
    drill = [*command, "drill", "run", kind]
    wanted = [word for what in expect for word in ("--expect", what)]
    report, said = accept(
        tmp_path, drill, "--timeout", "400", "--linger", "6", "--hold", *wanted, "--expect-none", never
    )
    assert "time to page" in said
    assert left_open(report) == []
    posted = [alert["labels"] for post in report["all_posts"] for alert in post["alerts"]]
    assert posted
    assert all(labels["drill"] == "true" for labels in posted)
