"""Two real language models, by hand: a baseline, calm looks, a weaker model behind the same URL, and back again.

    python -m benchmarks.real_models.story --home ~/.cache/local-llms --out FOLDER

Needs in --home the files venv/bin/python (with xllamacpp, llama.cpp's own HTTP server), strong.gguf and weak.gguf. Two
servers run: one with the strong model for the pinned arm and the judge, one for the current arm, in which the strong
model is swapped for the weak one and back. Each computes on one thread: threads that wait for each other on too few
cores are many times slower. Takes about an hour on two idle cores:
a look is 60 answers of the watch ``support_reply`` and 6 answers with 6 verdicts of the watch ``tone``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from benchmarks.real_models.server import Server, watchdog

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
          use: helpfulness
          provider: judge
          model: assistant
          parameters: {{ temperature: 0, max_tokens: 120 }}
          anchors: never # two dozen verdicts more at each look: four minutes here
    every: 30m
    smallest_drop: 0.1
    runbook: runbooks/support_reply.md
notify: [stdout]
"""


def look(folder: Path, name: str) -> dict:
    begun = time.monotonic()
    done = watchdog(folder, "run", "--json")
    if done.returncode not in (0, 1):
        sys.exit(f"{name}: exit {done.returncode}\n{done.stderr}")
    views = json.loads(done.stdout)
    said = []
    for view in views:
        said += [
            f"{row['metric']}/{row['arm']} {row['score']:.3f} {row['level']} {row['evidence']:.1f}"
            for row in view["metrics"]
            if row["arm"] in ("current", "current-pinned") and row["score"] is not None
        ]
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
        failures += [
            f"an alert fired at calm look {number + 1}"
            for number in range(options.calm)
            if look(folder, f"calm {number + 1}")["firing"]
        ]
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
