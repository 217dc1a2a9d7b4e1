"""Walks the script: a simulator in a process of its own, a workspace on disk, the real road over real HTTP."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchdog.app.build import App, open_app
from watchdog.demo.report import write_report
from watchdog.demo.script import CALM, EVERY_HOURS, LOOKS, PINNED, SCENES, Scene
from watchdog.domain.alert import AlertState, AlertType
from watchdog.domain.run import Trigger
from watchdog.errors import WatchdogError
from watchdog.pipeline.baseline import freeze_baseline
from watchdog.pipeline.measuring import Progress
from watchdog.pipeline.road import Look
from watchdog.render.views import StoryLine, Tone
from watchdog.simulator.feature import SUPPORT_REPLY

WATCH = "support_reply"
#: Real seconds that one second of waiting (a retry, a pause) takes.
_PACE = 0.002
_TONES = {AlertType.MODEL: Tone.WORSE, AlertType.INFRA: Tone.INFRA, AlertType.TOOL: Tone.INFRA}

_YAML = """\
# The workspace of the demo: an ordinary one, but for the provider, which is simulated.
version: 1
store: sqlite:///watchdog.db
false_alarms: 1 per 90d
owner: {{ team: ai-eng, vertical: retail }}
providers:
  simulated: {{ kind: openai, base_url: "{url}/v1", api_key: "${{DEMO_KEY:-none}}" }}
prices:
  sim-1: {{ input: 0.25, output: 2.0 }}
watches:
  support_reply:
    cases: {{ golden: golden_sets/support_reply }}
    pinned: {{ provider: simulated, model: {pinned}, prompt: golden_sets/support_reply/prompt.md }}
    current: {{ provider: simulated, model: {current}, prompt: golden_sets/support_reply/prompt.md }}
    scorers:
      - is-json: {{ schema: golden_sets/support_reply/schema.json }}
      - json-fields
      - case-checks
      - not-refusal
    every: 2h
    smallest_drop: 0.03
    measures: {{ latency: false }}   # a simulator answers as fast as this machine has time for it
"""


class DemoClock:
    """The time of day is moved by the script; what takes time, takes real time, and waiting is shortened."""

    def __init__(self, now: float) -> None:
        self.at = now

    def now(self) -> float:
        """Unix time in the story."""
        return self.at

    def monotonic(self) -> float:
        """Real seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait a fraction of it."""
        await asyncio.sleep(seconds * _PACE)


@dataclass(slots=True)
class Told:
    """What has happened so far."""

    say: Callable[[StoryLine], None]
    story: list[StoryLine] = field(default_factory=list)
    looks: int = 0
    calls: int = 0
    pages: int = 0

    def tell(self, at: float, sentence: str, tone: Tone) -> None:
        """Say a sentence and keep it for the report."""
        line = StoryLine(at=at, sentence=sentence, tone=tone)
        self.story.append(line)
        self.say(line)


async def run_demo(folder: Path, *, say: Callable[[StoryLine], None], progress: Progress, end: float) -> Told:
    """The whole story, ending at Unix time ``end``; leaves the workspace and report.html in ``folder``.

    Raises:
        WatchdogError: the simulator did not start, or a stage failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    golden = folder / "golden_sets" / WATCH
    shutil.copytree(SUPPORT_REPLY, golden)
    start = end - LOOKS * EVERY_HOURS * 3600.0
    clock, told = DemoClock(start), Told(say)
    simulator, url = await _start_simulator()
    try:
        _write(folder, url, "sim-1")
        _control(url, CALM)
        app = open_app(folder, {}, clock)
        progress.start(LOOKS, "looks")
        for number in range(LOOKS):
            clock.at = start + number * EVERY_HOURS * 3600.0
            for scene in SCENES:
                if scene.look == number:
                    app = await _play(scene, app, url, folder, told)
            look = await app.road.look(app.built(WATCH), Trigger.SCHEDULE, clock.now())
            _tell(look, told)
            progress.advance()
        progress.stop()
        told.tell(clock.now(), "Four weeks are over.", Tone.CALM)
        write_report(app, WATCH, told.story, folder / "report.html", since=start)
        async with app:
            pass
    finally:
        progress.stop()
        simulator.terminate()
        await simulator.wait()
    return told


async def _play(scene: Scene, app: App, url: str, folder: Path, told: Told) -> App:
    """Let a scene happen; the app that the next look uses."""
    now = app.clock.now()
    told.tell(now, scene.sentence, Tone.CHANGE)
    if scene.control:
        _control(url, scene.control)
    if scene.operator == "freeze":
        baseline = freeze_baseline(app.store, app.built(WATCH), runs=20, by="demo", because="three calm days", now=now)
        told.tell(now, f"Baseline {baseline.version} is {baseline.status}: {len(baseline.run_ids)} looks.", Tone.CALM)
    if scene.operator == "pin":
        _write(folder, url, PINNED)
        async with app:
            pass
        return open_app(folder, {}, app.clock)
    return app


def _tell(look: Look, told: Told) -> None:
    told.looks += 1
    told.calls += look.measured.calls
    decision = look.decision
    if decision is None:
        return
    for transition in decision.transitions:
        if not transition.notifies:
            continue
        alert = transition.alert
        name = alert.labels["alertname"]
        summary = alert.annotations.get("summary", "")
        if alert.state is AlertState.FIRING:
            told.pages += 1
            kind = AlertType(alert.labels["alert_type"])
            told.tell(transition.at, f"ALERT {name} (alert_type={kind}): {summary}", _TONES[kind])
            for key in ("description", "worst_cases", "next_command"):
                if alert.annotations.get(key):
                    told.tell(transition.at, f"   {key.replace('_', ' ')}: {alert.annotations[key]}", _TONES[kind])
        else:
            told.tell(transition.at, f"RESOLVED {name} (alert_type={alert.labels['alert_type']}).", Tone.BETTER)


def _write(folder: Path, url: str, current: str) -> None:
    text = _YAML.format(url=url, pinned=PINNED, current=current)
    (folder / "watchdog.yaml").write_text(text, encoding="utf-8")


async def _start_simulator() -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "eval_watchdog", "simulate", "--port", "0", "--json",
        "--config", "no-workspace.yaml",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        await process.wait()
        raise WatchdogError("the simulator did not start; what it said is above")
    return process, json.loads(line)["url"]


def _control(url: str, patch: Mapping[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own simulator on loopback
        f"{url}/control", data=json.dumps(patch).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310
        reply.read()
