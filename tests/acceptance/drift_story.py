"""The daemon's whole story in about a minute, for whoever watches the Alertmanager: calm, a silent update, recovery.

    AM_URLS=http://127.0.0.1:9093 python tests/acceptance/drift_story.py [--bad 12] [--good 20] [--outage]

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
    runbook: https://runbooks.example/support-reply
server: {{ port: 0 }}
notify:
  - alertmanager: {{ urls: [{urls}], resend_every: 1 }}
"""
CALM = {
    "models": {"sim-1-2026-08": {"quality": 0.93}, "sim-1-2026-11": {"quality": 0.5}, "*": {"faults": {}}},
    "aliases": {"sim-1": "sim-1-2026-08"},
}


def control(url: str, patch: dict) -> None:
    request = urllib.request.Request(f"{url}/control", json.dumps(patch).encode())
    urllib.request.urlopen(request, timeout=10).read()


def looks(folder: Path, environment: dict[str, str]) -> int:
    """Finished looks so far."""
    command = [sys.executable, "-m", "eval_watchdog", "scores", "support_reply", "--since", "1h", "--json"]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bad", type=int, default=12, help="looks on the worse model")
    parser.add_argument("--good", type=int, default=20, help="looks after going back")
    parser.add_argument("--outage", action="store_true", help="take the provider down instead")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="drift-story."))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shutil.copytree(ROOT / "watchdog" / "simulator" / "support_reply", folder / "golden")
    command = [sys.executable, "-m", "eval_watchdog"]
    simulator = subprocess.Popen(
        [*command, "simulate", "--port", "0", "--json"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    daemon = None
    try:
        url = json.loads(simulator.stdout.readline())["url"]
        control(url, CALM)
        urls = ", ".join(f'"{each}"' for each in os.environ["AM_URLS"].split(","))
        (folder / "watchdog.yaml").write_text(YAML.format(url=url, urls=urls))
        daemon = subprocess.Popen([*command, "serve", "--log-level", "warning"], cwd=folder, env=environment)
        wait_for_looks(folder, environment, 10)
        freeze = [*command, "baseline", "freeze", "support_reply", "--because", "the story", "--by", "story"]
        subprocess.run(freeze, cwd=folder, env=environment, check=True)
        wait_for_looks(folder, environment, 3)
        print("story: the bad part begins", flush=True)
        worse = (
            {"models": {"*": {"faults": {"503": 1.0}}}} if options.outage else {"aliases": {"sim-1": "sim-1-2026-11"}}
        )
        control(url, worse)
        wait_for_looks(folder, environment, options.bad)
        print("story: back to good", flush=True)
        control(url, CALM)
        wait_for_looks(folder, environment, options.good)
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(60)
        print(f"story: the daemon ended with {code}", flush=True)
        sys.exit(code)
    finally:
        for process in (daemon, simulator):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
