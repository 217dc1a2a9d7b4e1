"""Real run-to-run noise: one small language model looked at again and again, its prompt reworded, another in its place.

    python -m benchmarks.detection.real_noise report             what results/real_looks.jsonl says; seconds
    python -m benchmarks.detection.real_noise collect --home ~/.cache/local-llms --out FOLDER

``collect`` needs in --home the files venv/bin/python (with xllamacpp, llama.cpp's own HTTP server), strong.gguf and
weak.gguf. It asks the thirty cases that ``eval-watchdog init`` writes, at temperature 0.7, through the product's own
``run``: calm looks, then looks at each reworded prompt and at the weak model. Every look is appended to
FOLDER/looks.jsonl as it comes, one line each: {"phase", "at", "scores": {case: 0 or 1}}. Half a minute a look on one
idle core; called again it goes on where it was.
``report`` lets the product's own freeze, observe and detector see them.
"""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.real_models.server import Server, watchdog
from watchdog.detect.baseline import freeze
from watchdog.detect.cases import Turn, changed_cases
from watchdog.detect.observe import observe
from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.domain.baseline import Baseline, Instruments
from watchdog.domain.case import Case, CheckSpec, Estimand
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey, Observation
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, ScorerPlan, Watch

LOOKS = Path(__file__).with_name("results") / "real_looks.jsonl"
YAML = """\
version: 1
owner: {{ team: ai-eng, vertical: retail }}
providers:
  here:
    kind: openai
    base_url: "http://127.0.0.1:{port}/v1"
    api_key: "${{KEY:-none}}"
    limits: {{ concurrency: 2, max_concurrency: 2, timeout: 300s }}
watches:
  support_reply:
    cases: {{ golden: golden_sets/support_reply }}
    current:
      provider: here
      model: assistant
      prompt: prompts/{prompt}.md
      parameters: {{ temperature: 0.7, max_tokens: 60 }}
    scorers: [case-checks]
    runbook: runbooks/support_reply.md
notify: [stdout]
"""
CALM = "Use only these facts. Answer in one short sentence."
FACT = "- The shop is at 7 Quay Street, beside the lighthouse.\n"
#: Edits that a well-meaning colleague might ship: what of the prompt becomes what.
SLIPS = {
    "friendlier": (
        CALM,
        "Be warm and friendly, thank the customer for asking, and wish them a nice ride. Use these facts.",
    ),
    "vaguer": (CALM, "Use only these facts. Answer in one short sentence, and leave out figures where you can."),
    "shorter": (FACT, ""),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    doors = parser.add_subparsers(required=True)
    collecting = doors.add_parser("collect")
    collecting.set_defaults(door=collect)
    collecting.add_argument("--home", type=Path, default=Path.home() / ".cache" / "local-llms")
    collecting.add_argument("--out", type=Path, required=True)
    collecting.add_argument("--only", nargs="*", default=["calm", *SLIPS, "weak"], help="phases")
    collecting.add_argument("--calm", type=int, default=60)
    collecting.add_argument("--slip", type=int, default=10)
    collecting.add_argument("--weak", type=int, default=6)
    reporting = doors.add_parser("report")
    reporting.set_defaults(door=report)
    reporting.add_argument("--looks", type=Path, default=LOOKS)
    reporting.add_argument("--mean-runs", type=float, default=87_600.0)
    reporting.add_argument("--repeats", type=int, default=1, help="so many looks one after the other make one look")
    options = parser.parse_args()
    options.door(options)


def collect(options: argparse.Namespace) -> None:
    workspace = options.out / "workspace"
    if not workspace.exists():
        watchdog(Path.cwd(), "init", str(workspace))
    written = (workspace / "prompts" / "support_reply.md").read_text()
    for name, (before, after) in SLIPS.items():
        assert before in written
        (workspace / "prompts" / f"{name}.md").write_text(written.replace(before, after))
    looks = options.out / "looks.jsonl"
    for phase, model, prompt, wanted in (
        ("calm", "strong", "support_reply", options.calm),
        *((slip, "strong", slip, options.slip) for slip in SLIPS),
        ("weak", "weak", "support_reply", options.weak),
    ):
        have = sum(json.loads(line)["phase"] == phase for line in lines(looks))
        if phase not in options.only or have >= wanted:
            continue
        server = Server(options.home)
        (workspace / "watchdog.yaml").write_text(YAML.format(port=server.port, prompt=prompt))
        server.serve(model)
        try:
            for number in range(have, wanted):
                with looks.open("a") as file:
                    file.write(json.dumps({"phase": phase, **look(workspace)}) + "\n")
                print(phase, number + 1, flush=True)
        finally:
            server.stop()


WATCH = Watch(
    name="real",
    feature="real",
    owner=Owner(team="bench"),
    targets={Role.CURRENT: Target(role=Role.CURRENT, provider="here", model="assistant")},
    scorers=(ScorerPlan(name="checks", spec=CheckSpec(name="case-checks"), better=Better.HIGHER, layer=Layer.QUALITY),),
)
SERIES = Series("checks", Role.CURRENT, Estimand.GOLDEN_SET)
KEY = MetricKey(watch="real", scorer="checks", arm=Arm.CURRENT)


#: What one look asked: the scores of each case, one a repeat.
Asked = dict[str, list[float]]


def report(options: argparse.Namespace) -> None:
    once: dict[str, list[dict[str, float]]] = {}
    for row in map(json.loads, lines(options.looks)):
        once.setdefault(row["phase"], []).append(row["scores"])
    phases = {phase: repeated(asked, options.repeats) for phase, asked in once.items()}
    calm = np.array([[sum(scores) / len(scores) for scores in look.values()] for look in phases["calm"]])
    means, shares = calm.mean(1), calm.mean(0)
    answers = len(calm) * options.repeats
    within = (shares * (1 - shares)).mean() * answers / (answers - 1) / (calm.shape[1] * options.repeats)
    around = means - means.mean()
    lags = [float(around[lag:] @ around[: len(around) - lag] / (around @ around)) for lag in (1, 2, 3)]
    print(
        f"{len(calm)} calm looks of {calm.shape[1]} cases: mean {means.mean():.3f}, sd of a run "
        f"{means.std(ddof=1):.4f}, expected from the cases alone {within**0.5:.4f}, autocorrelation at lags 1 to 3 "
        f"{', '.join(f'{lag:.2f}' for lag in lags)}; {int(((shares > 0) & (shares < 1)).sum())} cases vary"
    )
    for looks in (8, 20):
        if looks >= len(calm):
            continue
        first = [scored(number, asked) for number, asked in enumerate(phases["calm"][:looks])]
        baseline = freeze(WATCH, first, baseline_id="b", version=1, at=0.0, by="bench", reason="bench")
        detector = PsrDetector(mean_runs_to_false_alarm=options.mean_runs, smallest_drop=0.03, min_baseline_runs=8)
        start = detector.start(baseline.metrics[KEY])
        calm_looks = seen(baseline, phases["calm"][looks:], looks)
        state, said = walk(detector, start, calm_looks)
        most = max(signal.statistic for signal in said)
        loud = sum(signal.level is not Level.CALM for signal in said)
        print(
            f"baseline of {looks}: {len(said)} calm looks, {loud} of them not calm, most evidence {most:.1f} of "
            f"{math.log(options.mean_runs):.1f}; the digest of cases {digest(baseline, calm_looks)}"
        )
        for phase, found in phases.items():
            change = np.mean([list(scores.values()) for scores in found]) - means.mean()
            if phase == "calm":
                continue
            for begun, when in ((start, "right after the baseline"), (state, "after the calm looks")):
                _, said = walk(detector, begun, seen(baseline, found, 1000))
                at = next((n for n, signal in enumerate(said, 1) if signal.level is Level.DRIFT), None)
                told = f"found at look {at} ({said[at - 1].reason})" if at else f"not found in {len(said)}"
                print(f"  {phase} ({100 * change:+.0f} points), {when}: {told}")
            print(f"  {phase}, the digest of cases: {digest(baseline, seen(baseline, found, 1000))}")


def digest(baseline: Baseline, looks: list[Observation]) -> str:
    """After how many looks cases are named as newly failing."""
    for count in range(1, len(looks) + 1):
        changes = changed_cases(WATCH, baseline, {KEY: looks[:count]})
        if failing := sorted(change.case_id for change in changes if change.turn is Turn.FAILING):
            return f"names {', '.join(failing)} after {count} looks"
    return f"names none in {len(looks)}"


def repeated(asked: list[dict[str, float]], repeats: int) -> list[Asked]:
    """Looks of so many repeats of each case; what is left over at the end is left out."""
    together = [asked[at : at + repeats] for at in range(0, len(asked) - repeats + 1, repeats)]
    return [{case: [scores[case] for scores in look] for case in look[0]} for look in together]


def scored(number: int, asked: Asked) -> RunScores:
    calls = [
        ScoredCall(SERIES, case, Outcome.PASSED if value else Outcome.FAILED, value)
        for case, scores in asked.items()
        for value in scores
    ]
    cases = [Case(id=case) for case in asked]
    return RunScores.collect(f"run-{number}", 3600.0 * number, cases, calls, Instruments())


def seen(baseline: Baseline, looks: Iterable[Asked], first: int) -> list[Observation]:
    """Looks as the detector sees them; ``first``: the number of the first."""
    return [
        found
        for number, asked in enumerate(looks, first)
        for found in observe(WATCH, baseline, scored(number, asked)).observations
        if found.key == KEY
    ]


def walk(
    detector: PsrDetector, state: DetectorState, looks: Iterable[Observation]
) -> tuple[DetectorState, list[Signal]]:
    said = []
    for observation in looks:
        state, signal = detector.update(state, observation)
        said.append(signal)
    return state, said


def lines(looks: Path) -> list[str]:
    return looks.read_text().splitlines() if looks.exists() else []


def look(workspace: Path) -> dict[str, object]:
    begun = time.time()
    done = watchdog(workspace, "run", "--json")
    if done.returncode != 0:
        sys.exit(done.stderr)
    with sqlite3.connect(workspace / "watchdog.db") as database:
        [(run,)] = database.execute("SELECT id FROM runs ORDER BY planned_for DESC LIMIT 1")
        rows = database.execute(
            "SELECT case_id, value FROM scores WHERE run_id = ? ORDER BY case_id", (run,)
        ).fetchall()
    return {"at": round(begun), "seconds": round(time.time() - begun, 1), "scores": dict(rows)}


if __name__ == "__main__":
    main()
