"""The daemon's whole story in about a minute, for whoever watches the Alertmanager: calm, a silent update, recovery.

    AM_URLS=http://127.0.0.1:9093 python tests/acceptance/drift_story.py [--bad 12] [--good 20] [--outage] [--direct]

Starts the simulator and ``eval-watchdog serve`` with a look a second, freezes a baseline from its first looks, moves
the served model (or takes the provider down), moves it back, waits, stops the daemon with SIGTERM. Exit code 0 when the
daemon ended with 0. AM_URLS: one or more Alertmanagers, with commas.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
YAML = """\
version: 1
false_alarms: 1 per 1h
owner: {{ team: ai-eng, vertical: retail }}
providers:
  simulated:
    {{ kind: openai, base_url: "{url}/v1", api_key: "${{KEY:-none}}", limits: {{ attempts: 2, backoff_cap: 1 }} }}
watches:
  support_reply:
    cases: {{ golden: golden }}
    pinned: {{ provider: simulated, model: sim-1-2026-08, prompt: golden/prompt.md }}
    current: {{ provider: simulated, model: sim-1, prompt: golden/prompt.md }}
    scorers: [case-checks, json-fields, not-refusal]
    every: 1s
    measures: {{ latency: false }}  # a machine that is busy is slow
    runbook: https://runbooks.example/support-reply
server: {{ port: 0 }}
notify:
"""
ALERTMANAGER = """\
  - alertmanager: {{ urls: [{urls}], resend_every: 1 }}
"""
DIRECT = """\
  - pagerduty: { routing_key: direct, url: "${PD_BASE}" }
  - jsm: { api_key: "${KEY:-none}", url: "${SINK_URL}/jsm/ops/integration" }
  - slack: { webhook_url: "${SLACK_URL}" }
"""
COMMAND = [sys.executable, "-m", "eval_watchdog"]
CALM = {
    "models": {"sim-1-2026-08": {"quality": 0.93}, "sim-1-2026-11": {"quality": 0.5}, "*": {"faults": {}}},
    "aliases": {"sim-1": "sim-1-2026-08"},
}


def control(url: str, patch: dict) -> None:
    request = urllib.request.Request(f"{url}/control", json.dumps(patch).encode())
    urllib.request.urlopen(request, timeout=10).read()


def looks(folder: Path, environment: dict[str, str]) -> int:
    """Finished looks so far."""
    command = [*COMMAND, "scores", "support_reply", "--since", "1h", "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return sum(run["status"] == "finished" for run in json.loads(done.stdout)["runs"])


def wait_for_looks(folder: Path, environment: dict[str, str], more: int) -> None:
    """Until so many more looks have finished."""
    wanted = looks(folder, environment) + more
    deadline = time.monotonic() + 60 + 10 * more
    while looks(folder, environment) < wanted:
        if time.monotonic() > deadline:
            sys.exit(f"the daemon made fewer than {more} looks")
        time.sleep(0.5)


def wait_until(begun: float, seconds: float | None) -> None:
    """Until so many seconds after the beginning: whoever breaks things meanwhile goes by the clock."""
    if seconds is None:
        return
    if time.monotonic() > begun + seconds:
        sys.exit(f"too slow a machine: {seconds:g} s were over before the story had come so far")
    time.sleep(begun + seconds - time.monotonic())


def prepare(folder: Path, url: str, notify: str) -> None:
    """A workspace whose provider is the simulator."""
    if not (folder / "golden").exists():
        shutil.copytree(ROOT / "watchdog" / "simulator" / "support_reply", folder / "golden")
    (folder / "watchdog.yaml").write_text(YAML.format(url=url) + notify)


def freeze(folder: Path, environment: dict[str, str]) -> None:
    """The looks so far are the baseline."""
    command = [*COMMAND, "baseline", "freeze", "support_reply", "--because", "the story", "--by", "story"]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bad", type=int, default=12, help="looks on the worse model, at least")
    parser.add_argument("--good", type=int, default=20, help="looks after going back")
    parser.add_argument("--bad-at", type=float, help="seconds after the start at which it gets bad")
    parser.add_argument("--good-at", type=float, help="seconds after the start at which it gets good again")
    parser.add_argument("--outage", action="store_true", help="take the provider down instead")
    parser.add_argument("--direct", action="store_true", help="also page, open tickets and write without Alertmanager")
    parser.add_argument("--prepare", type=Path, help="only make a workspace with a baseline in this folder")
    parser.add_argument("--ready", type=Path, help="begin with a workspace that was prepared")
    return parser.parse_args()


def main() -> None:
    asked = options()
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="drift-story.")) if asked.prepare is None else asked.prepare
    if asked.ready is not None:
        shutil.copytree(asked.ready, folder, dirs_exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    simulator = subprocess.Popen(
        [*COMMAND, "simulate", "--port", "0", "--json", "--config", "no-workspace.yaml"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    daemon = None
    try:
        url = json.loads(simulator.stdout.readline())["url"]
        control(url, CALM)
        if asked.prepare is not None:
            prepare(folder, url, "  - stdout\n")
            for _ in range(10):
                subprocess.run([*COMMAND, "run"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
            freeze(folder, environment)
            return
        urls = ", ".join(f'"{each}"' for each in os.environ["AM_URLS"].split(","))
        prepare(folder, url, ALERTMANAGER.format(urls=urls) + (DIRECT if asked.direct else ""))
        daemon = subprocess.Popen([*COMMAND, "serve", "--log-level", "error"], cwd=folder, env=environment)
        if asked.ready is None:
            wait_for_looks(folder, environment, 10)
            freeze(folder, environment)
        wait_for_looks(folder, environment, 3)
        wait_until(begun, asked.bad_at)
        print("story: the bad part begins", flush=True)
        worse = {"models": {"*": {"faults": {"503": 1.0}}}} if asked.outage else {"aliases": {"sim-1": "sim-1-2026-11"}}
        control(url, worse)
        wait_for_looks(folder, environment, asked.bad)
        wait_until(begun, asked.good_at)
        print("story: back to good", flush=True)
        control(url, CALM)
        wait_for_looks(folder, environment, asked.good)
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(60)
        print(f"story: the daemon ended with {code}", flush=True)
        sys.exit(code)
    finally:
        for process in (daemon, simulator):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if asked.prepare is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
