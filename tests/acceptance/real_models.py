"""Two real language models, by hand: a baseline, calm looks, a weaker model behind the same URL, and back again.

    python tests/acceptance/real_models.py --home ~/.cache/local-llms --out FOLDER

Needs in --home the files venv/bin/python (with xllamacpp, llama.cpp's own HTTP server), strong.gguf and weak.gguf. Two
servers run: one with the strong model for the pinned arm and the judge, one for the current arm, in which the strong
model is swapped for the weak one and back. Each computes on one thread: threads that wait for each other on too few
cores are many times slower. Takes about half an hour on two idle cores:
a look is 60 answers of the watch ``support_reply`` and 6 answers with 6 verdicts of the watch ``tone``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys, time, xllamacpp as x
p = x.CommonParams()
p.model.path, p.port, p.hostnames = sys.argv[1], int(sys.argv[2]), ["127.0.0.1"]
p.n_ctx, p.n_parallel, p.cpuparams.n_threads = 8192, 2, 1
server = x.Server(p)
while True:
    time.sleep(3600)
"""
YAML = """\
version: 1
false_alarms: 1 per 90d
owner: {{ team: ai-eng, vertical: retail }}
providers:
  here: {{ kind: openai, base_url: "{strong}/v1", api_key: "${{KEY:-none}}", limits: {limits} }}
  there: {{ kind: openai, base_url: "http://127.0.0.1:{port}/v1", api_key: "${{KEY:-none}}", limits: {limits} }}
  judge: {{ kind: anthropic, base_url: "{strong}", api_key: "${{KEY:-none}}", limits: {limits} }}
watches:
  support_reply:
    cases: {{ golden: golden_sets/support_reply }}
    pinned: {{ provider: here, model: assistant, prompt: prompts/support_reply.md, parameters: {sampling} }}
    current: {{ provider: there, model: assistant, prompt: prompts/support_reply.md, parameters: {sampling} }}
    scorers: [case-checks, not-refusal]
    every: 30m
    smallest_drop: 0.05
    runbook: runbooks/support_reply.md
  tone:
    cases: {{ golden: golden_sets/tone }}
    pinned: {{ provider: here, model: assistant, prompt: prompts/support_reply.md, parameters: {sampling} }}
    current: {{ provider: there, model: assistant, prompt: prompts/support_reply.md, parameters: {sampling} }}
    scorers:
      - judge:
          {{ use: helpfulness, provider: judge, model: assistant, parameters: {{ temperature: 0, max_tokens: 120 }} }}
    every: 30m
    smallest_drop: 0.1
    runbook: runbooks/support_reply.md
notify: [stdout]
"""


class Server:
    """One model at a time behind one URL."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.home, self.port = home, free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def serve(self, name: str) -> None:
        self.stop()
        python = self.home / "venv" / "bin" / "python"
        command = [str(python), "-c", SERVE, str(self.home / f"{name}.gguf"), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as reply:
                    if json.load(reply).get("status") == "ok":
                        return
            except OSError:
                time.sleep(0.5)
        sys.exit(f"the {name} model does not answer on port {self.port}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


def watchdog(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eval_watchdog", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)


def look(folder: Path, name: str) -> dict:
    begun = time.monotonic()
    done = watchdog(folder, "run", "--json")
    if done.returncode not in (0, 1):
        sys.exit(f"{name}: exit {done.returncode}\n{done.stderr}")
    views = json.loads(done.stdout)
    said = []
    for view in views:
        for row in view["metrics"]:
            if row["arm"] in ("current", "current-pinned") and row["score"] is not None:
                said.append(f"{row['metric']}/{row['arm']} {row['score']:.3f} {row['level']} {row['evidence']:.1f}")
        lost = {
            o: n for row in view["outcomes"] for o, n in row["counts"].items() if o not in ("passed", "failed") and n
        }
        if lost:
            said.append(f"{view['watch']}: {lost}")
    firing = [a for a in json.loads(watchdog(folder, "alerts", "list", "--json").stdout) if a["state"] == "firing"]
    print(
        f"{name}: {time.monotonic() - begun:.0f} s, exit {done.returncode}, firing {len(firing)}; {'; '.join(said)}",
        flush=True,
    )
    return {"firing": firing, "views": views}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path.home() / ".cache" / "local-llms")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--baseline", type=int, default=8)
    parser.add_argument("--calm", type=int, default=12)
    options = parser.parse_args()
    folder = options.out
    shutil.rmtree(folder, ignore_errors=True)
    print(watchdog(Path.cwd(), "init", str(folder)).stdout)
    tone = folder / "golden_sets" / "tone"
    tone.mkdir()
    (tone / "set.yaml").write_text('name: tone\nversion: "1"\nreviewed_by: [authors]\n')
    rows = (folder / "golden_sets" / "support_reply" / "cases.jsonl").read_text().splitlines()[:3]
    (tone / "cases.jsonl").write_text("\n".join(rows) + "\n")
    limits = "{ concurrency: 2, max_concurrency: 2, timeout: 180s }"
    sampling = "{ temperature: 0.7, max_tokens: 60 }"
    pinned, current = Server(options.home), Server(options.home)
    text = YAML.format(strong=f"http://127.0.0.1:{pinned.port}", port=current.port, limits=limits, sampling=sampling)
    (folder / "watchdog.yaml").write_text(text)
    failures = []
    try:
        pinned.serve("strong")
        current.serve("strong")
        print(watchdog(folder, "check").stdout, flush=True)
        for number in range(options.baseline):
            look(folder, f"baseline {number + 1}")
        for watch in ("support_reply", "tone"):
            done = watchdog(folder, "baseline", "freeze", watch, "--because", "eight looks", "--by", "script")
            print(done.stdout, done.stderr, flush=True)
        for number in range(options.calm):
            if look(folder, f"calm {number + 1}")["firing"]:
                failures.append(f"an alert fired at calm look {number + 1}")
        current.serve("weak")
        fired = None
        for number in range(4):
            seen = look(folder, f"weak {number + 1}")
            fired = [
                a for a in seen["firing"] if a["alert_type"] == "model" and a["labels"]["watch"] == "support_reply"
            ]
            if fired:
                print(json.dumps(fired[0], indent=2), flush=True)
                break
        if not fired:
            failures.append("no model alert within 4 looks of the weak model")
        elif "served model" not in json.dumps(fired[0]["annotations"]) or not fired[0]["annotations"].get(
            "worst_cases"
        ):
            failures.append("the alert does not name the served model and the flipped cases")
        current.serve("strong")
        for number in range(4):
            if not look(folder, f"back {number + 1}")["firing"]:
                break
        else:
            failures.append("not resolved within 4 looks of going back")
    finally:
        current.stop()
        pinned.stop()
    print("FAILED: " + "; ".join(failures) if failures else "as it should be", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
