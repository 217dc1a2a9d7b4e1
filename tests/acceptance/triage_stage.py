"""A stage for triage: two features, a provider that can be turned, a fallback, and a baseline of eight good looks.

``reply`` is a model behind the OpenAI protocol with a judge and traffic; ``agent`` is a JSON agent with tools and
retrieval. Latencies are real: ``LATENCY`` seconds for each call.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.acceptance.conftest import HurriedClock, command_line, environment
from watchdog.app.build import open_app
from watchdog.clock import SystemClock
from watchdog.domain.run import Trigger
from watchdog.pipeline.baseline import freeze_baseline
from watchdog.simulator.feature import SUPPORT_REPLY
from watchdog.simulator.server import SimulatorServer
from watchdog.simulator.simulator import Simulator
from watchdog.workspace.golden import load_golden
from watchdog.workspace.locate import shipped

LATENCY = 0.2
REPLY, AGENT = "reply", "agent"
PINNED, SERVED, UPDATED, SPARE, JUDGE = "sim-1-2026-08", "sim-1-2026-09", "sim-1-2026-11", "spare-1", "sim-judge"
#: Production asks for an alias; the pinned snapshot is as good and not the same.
CALM: dict[str, Any] = {
    "models": {
        "*": {"quality": 0.93, "latency": LATENCY, "latency_spread": 0.1, "tags": {"billing": 0.15}},
        UPDATED: {"quality": 0.3},
        "agent-1-2026-11": {"quality": 0.3},
        JUDGE: {"latency": LATENCY},
    },
    "aliases": {"sim-1": SERVED, "agent-1": "agent-1-2026-09"},
}
#: What a prompt must say for the model to answer well.
PHRASE = "Reply with one JSON object and nothing else"

YAML = """\
version: 1
store: sqlite:///watchdog.db
owner: {{ team: ai-eng }}
providers:
  simulated: {{ kind: openai, base_url: "{url}/v1", api_key: "${{SIM_KEY:-none}}", limits: {limits} }}
  judges: {{ kind: openai, base_url: "{url}/v1", api_key: "${{SIM_KEY:-none}}", limits: {limits} }}
  spare: {{ kind: openai, base_url: "{url}/v1", api_key: "${{SIM_KEY:-none}}", limits: {limits} }}
  agents:
    kind: http
    url: "{url}/agent"
    body: {{ model: "{{{{ model }}}}", messages: "{{{{ messages }}}}" }}
    answer: answer
    model: model
    contexts: contexts
    tool_calls: tool_calls
    input_tokens: usage.input_tokens
    output_tokens: usage.output_tokens
    limits: {limits}
watches:
  reply:
    cases:
      golden: golden_sets/support_reply
      traffic: {{ path: traffic.jsonl, per_run: 20, scorers: [helpfulness, not-refusal] }}
    pinned: {{ provider: simulated, model: {pinned}, prompt: prompts/pinned.md }}
    current: {{ provider: simulated, model: sim-1, prompt: prompts/current.md }}
    fallback: {{ provider: spare, model: {spare}, prompt: prompts/current.md }}
    scorers:
      - case-checks
      - json-fields
      - not-refusal
      - judge: {{ use: helpfulness, provider: judges, model: {judge} }}
    every: 30m
  agent:
    cases: {{ golden: golden_sets/support_reply }}
    pinned: {{ provider: agents, model: agent-1-2026-08, prompt: prompts/pinned.md }}
    current: {{ provider: agents, model: agent-1, prompt: prompts/current.md }}
    scorers:
      - case-checks
      - json-fields
    every: 30m
notify:
  - stdout
"""

TEAMS = """\
version: 1
teams:
  platform: { pagerduty: { routing_key_file: /etc/keys/platform } }
  ai-eng: { pagerduty: { routing_key_file: /etc/keys/ai } }
  crm: { pagerduty: { routing_key_file: /etc/keys/crm } }
  integrations: { pagerduty: { routing_key_file: /etc/keys/int } }
owners: { infra: platform, model: ai-eng, tool: integrations }
tools:
  - { tool_name: "crm.*", team: crm }
"""


class Provider:
    """A simulator on loopback in a thread of this process; it knows the documents of the cases."""

    def __init__(self, golden_folder: Path) -> None:
        golden = load_golden(golden_folder, "golden", lambda *_: None).checked().golden_set
        self._loop = asyncio.new_event_loop()
        self._server = SimulatorServer(Simulator([golden], seed=7))
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.url = self._run(self._server.start())

    def control(self, patch: Mapping[str, Any]) -> None:
        body = json.dumps(patch).encode()
        request = urllib.request.Request(f"{self.url}/control", data=body)
        urllib.request.urlopen(request, timeout=10).close()

    def calm(self) -> None:
        """As on a good day, all of it."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/reset", data=b""), timeout=10).close()
        self.control(CALM)

    def close(self) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


@dataclass
class Stage:
    """A workspace and its provider."""

    folder: Path
    provider: Provider

    @classmethod
    def build(cls, folder: Path) -> Stage:
        """Files alone; no look yet."""
        _golden(folder / "golden_sets" / "support_reply")
        shutil.copytree(shipped("judges") / "helpfulness", folder / "judges" / "helpfulness")
        prompt = (SUPPORT_REPLY / "prompt.md").read_text(encoding="utf-8")
        (folder / "prompts").mkdir()
        for name in ("pinned", "current"):
            (folder / "prompts" / f"{name}.md").write_text(prompt, encoding="utf-8")
        (folder / "teams.yaml").write_text(TEAMS, encoding="utf-8")
        stage = cls(folder, Provider(folder / "golden_sets" / "support_reply"))
        stage.provider.calm()
        stage.write()
        stage.traffic(lambda tags: "billing" not in tags, at=time.time() - 2 * 86400.0, count=400, segment="home")
        return stage

    def write(self) -> None:
        limits = "{ concurrency: 16, max_concurrency: 32 }"
        text = YAML.format(url=self.provider.url, limits=limits, pinned=PINNED, spare=SPARE, judge=JUDGE)
        (self.folder / "watchdog.yaml").write_text(text, encoding="utf-8")

    def traffic(self, wanted: Any, *, at: float, count: int, segment: str) -> None:
        """Append production inputs: those of the cases whose tags are wanted."""
        path = self.folder / "golden_sets" / "support_reply" / "cases.jsonl"
        cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        chosen = [case for case in cases if wanted(case["tags"])]
        rng = Random(3)
        rows = [
            {"sample_id": f"{segment}-{number}", "ts": at + number * 1e-3, "input": rng.choice(chosen)["input"],
             "segment": segment, "prompt_version": "v1"}
            for number in range(count)
        ]  # fmt: skip
        with (self.folder / "traffic.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)

    async def looks(self, watches: tuple[str, ...] = (REPLY, AGENT), count: int = 8) -> None:
        """Looks half an hour apart that end now, and a baseline of them; calls take their real time."""
        clock = HurriedClock(time.time() - count * 1800.0, pace=1.0)
        async with open_app(self.folder, {}, clock) as app:
            for _ in range(count):
                clock.skip(1740.0)
                await asyncio.gather(*(app.road.look(app.built(watch), Trigger.SCHEDULE) for watch in watches))
            for watch in watches:
                freeze_baseline(app.store, app.built(watch), by="test", because="good looks", now=clock.now())
            clock.skip(600.0)
            await asyncio.gather(*(app.road.look(app.built(watch), Trigger.SCHEDULE) for watch in watches))

    def copy(self, folder: Path) -> Stage:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Stage(folder, self.provider)

    def triage(self, watch: str) -> tuple[int, list[str], dict[str, Any], float]:
        """Exit code, lines on the screen, report and seconds of the real command."""
        began = time.monotonic()
        done = subprocess.run(
            command_line("triage", watch), cwd=self.folder, env=environment(), capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        seconds = time.monotonic() - began
        assert done.stdout, done.stderr
        with open_app(self.folder, {}, SystemClock()) as app, app.store.read() as session:
            (kept,) = session.triages.all(watch, last=1)
        return done.returncode, done.stdout.splitlines(), dict(kept.report), seconds


def _golden(folder: Path) -> None:
    """The demo's cases, each with two documents that its answer must be grounded in."""
    shutil.copytree(SUPPORT_REPLY, folder)
    path = folder / "cases.jsonl"
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for case in cases:
        about = f"About {case['id']}: what the shop promises, and what it does not, as of this year."
        case["contexts"] = [about, f"Notes on {' and '.join(case['tags'])} for {case['id']}, kept by the support team."]
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
