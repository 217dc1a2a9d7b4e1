"""Gates with two real language models, by hand: the same prompt in other words, one without its format, a weak model.

    python -m benchmarks.real_models.gates --strong http://127.0.0.1:18080 --weak http://127.0.0.1:18081 --out FOLDER

Needs two OpenAI-compatible servers, a better and a worse model. Holds ``--times`` gates of each kind on the 30 cases of
the workspace that ``init`` writes, and counts the answers:

    reworded   the same prompt in other words: never a regression
    formless   the instruction to answer in JSON is taken out: always a regression
    weak       the weak model as candidate: always a regression, for less than half of the calls of a full gate
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections import Counter
from pathlib import Path

from benchmarks.real_models.server import ROOT, watchdog

TEMPLATE = ROOT / "watchdog" / "workspace" / "template"
FORM = 'Answer with one JSON object and nothing else: {"answer": "one short sentence"}.'
YAML = """\
version: 1
owner: {{ team: ai-eng }}
providers:
  strong: {{ kind: openai, base_url: "{strong}/v1", api_key: "${{KEY:-none}}", limits: {limits} }}
  weak: {{ kind: openai, base_url: "{weak}/v1", api_key: "${{KEY:-none}}", limits: {limits} }}
watches:
  reply:
    cases: {{ golden: golden_sets/support_reply }}
    current:
      provider: strong
      model: assistant
      prompt: current.md
      parameters: {{ temperature: 0.3, max_tokens: 60 }}
    scorers: [is-json, case-checks]
    smallest_drop: 0.1
    deadline: 6h
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--strong", required=True)
    parser.add_argument("--weak", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--kinds", nargs="*", default=["weak", "formless", "reworded"])
    given = parser.parse_args()
    write(given.out, given.strong, given.weak)
    for kind in given.kinds:
        verdicts: Counter[str] = Counter()
        shares: list[float] = []
        for number in range(given.times):
            began = time.monotonic()
            report = gate(given.out, f"{kind}.{'yaml' if kind == 'weak' else 'md'}", number)
            verdicts[report["verdict"]] += 1
            shares.append(report["calls"] / report["calls_full"])
            took = f"{shares[-1]:.2f} of the calls, {time.monotonic() - began:.0f} s"
            print(kind, number, report["verdict"], took, *report["reasons"], flush=True)
        print(kind, dict(verdicts), f"calls: mean {sum(shares) / len(shares):.2f}, most {max(shares):.2f}", flush=True)


def write(folder: Path, strong: str, weak: str) -> None:
    """A workspace whose prompt wants JSON, and the candidates."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(TEMPLATE / "golden_sets", folder / "golden_sets", dirs_exist_ok=True)
    limits = "{ concurrency: 2, max_concurrency: 2, timeout: 300, attempts: 2 }"
    (folder / "watchdog.yaml").write_text(YAML.format(strong=strong, weak=weak, limits=limits), encoding="utf-8")
    plain = (TEMPLATE / "prompts" / "support_reply.md").read_text(encoding="utf-8")
    current = plain.replace("Answer in one short sentence.", FORM)
    assert current != plain
    reworded = current.replace("Use only these facts.", "Use these facts only.")
    assert reworded != current
    for name, text in {"current": current, "formless": plain, "reworded": reworded}.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "weak.yaml").write_text("provider: weak\n", encoding="utf-8")


def gate(folder: Path, candidate: str, number: int) -> dict[str, object]:
    """One gate, asked for anew: another seed is another question."""
    done = watchdog(folder, "gate", "reply", "--candidate", candidate, "--json", "--seed", str(number))
    if not done.stdout:
        raise SystemExit(done.stderr)
    found: dict[str, object] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
