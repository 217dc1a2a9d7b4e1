"""How long a backtest takes: a year of 50 metrics, looked at every hour with 100 cases.

    OMP_NUM_THREADS=1 python -m benchmarks.backtest.year [--looks 8760] [--metrics 50] [--keep FILE]

Fills an SQLite store (not timed) with a baseline of 20 looks and the year, five metrics of which drop by five points
for a week, and runs the whole backtest on it. Case scores are stored for the newest 1,000 looks: a backtest reads no
others. Prints seconds of the clock and of one core, and what was found.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from watchdog.backtest.backtest import POOLED, Plan, backtest
from watchdog.detect.budget import divide, paging_metrics
from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline
from watchdog.domain.case import Case, CheckSpec, GoldenSet
from watchdog.domain.metric import Arm, Better, Layer, MetricKey, Observation
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.watch import FalseAlarmBudget, Owner, ScorerPlan, Watch
from watchdog.store.store import Store

HOUR, BASELINE, CASES, BATCH = 3600.0, 20, 100, 250


def watch_of(metrics: int) -> Watch:
    cases = tuple(Case(id=f"c{n:03}", digest=f"d{n}", tags=("hard",) if n % 5 == 0 else ()) for n in range(CASES))
    return Watch(
        name="year",
        feature="year",
        owner=Owner(team="bench"),
        targets={},
        scorers=tuple(
            ScorerPlan(name=f"m{n:02}", spec=CheckSpec(name="x"), better=Better.HIGHER, layer=Layer.QUALITY)
            for n in range(metrics)
        ),
        golden=GoldenSet(name="g", version="1", cases=cases, digest="g"),
    )


def fill(store: Store, watch: Watch, looks: int, rng: np.random.Generator) -> None:
    names = [case.id for case in watch.golden.cases]
    chances = rng.beta(1.8, 0.2, (len(watch.scorers), CASES))
    keys = [MetricKey(watch="year", scorer=plan.name, arm=Arm.CURRENT) for plan in watch.scorers]
    first = (rng.random((BASELINE, *chances.shape)) < chances).astype(float)
    means = first.mean(0)
    spread = (means * (1 - means)).sum(1) / CASES**2
    metrics = {
        key: MetricBaseline(
            key=key,
            case_means=dict(zip(names, means[m].tolist(), strict=True)),
            case_counts=dict.fromkeys(names, BASELINE),
            case_variances=dict(zip(names, (means[m] * (1 - means[m])).tolist(), strict=True)),
            case_digests={case.id: case.digest for case in watch.golden.cases},
            x=tuple((first[:, m] - means[m]).mean(1).tolist()),
            variances=(float(spread[m]),) * BASELINE,
            lost=tuple((1 - first[:, m]).sum(1).tolist()),
            n=(CASES,) * BASELINE,
            level=float(means[m].mean()),
        )
        for m, key in enumerate(keys)
    }
    with store.begin() as session:
        session.baselines.add(
            Baseline(
                id="b", watch="year", version=1, status=BaselineStatus.LOCKED, frozen_at=0.0, frozen_by="bench",
                reason="bench", run_ids=(), instruments=Instruments(), metrics=metrics,
            )
        )  # fmt: skip
    for start in range(0, looks, BATCH):
        seen = []
        with store.begin() as session:
            for look in range(start, min(start + BATCH, looks)):
                run = Run(
                    id=f"run{look}", watch="year", trigger=Trigger.SCHEDULE, status=RunStatus.FINISHED,
                    planned_for=HOUR * (look + 1),
                )  # fmt: skip
                session.runs.save(run)
                drop = np.where((np.arange(len(keys)) < 5) & (looks // 2 <= look < looks // 2 + 168), 0.05, 0.0)
                scores = (rng.random(chances.shape) < chances * (1 - drop[:, None] / 0.9)).astype(float)
                for m, key in enumerate(keys):
                    kept = look >= looks - POOLED
                    seen.append(
                        Observation(
                            key=key, run_id=run.id, at=run.planned_for, n=CASES, planned=CASES,
                            level=float(scores[m].mean()), x=float((scores[m] - means[m]).mean()),
                            variance=float(spread[m]), lost=float((1 - scores[m]).sum()), u=float(rng.random()),
                            case_scores=dict(zip(names, scores[m].tolist(), strict=True)) if kept else {},
                        )
                    )  # fmt: skip
            session.detection.save_observations(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", type=int, default=8760)
    parser.add_argument("--metrics", type=int, default=50)
    parser.add_argument("--keep", type=Path, help="the database: filled when it is not there, and left")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.keep or Path(folder) / "year.db"
        fresh = not file.exists()
        store, watch = Store(f"sqlite:///{file}"), watch_of(options.metrics)
        store.prepare()
        if fresh:
            fill(store, watch, options.looks, np.random.default_rng(1))
        plan = Plan(
            watch=watch,
            division=divide(FalseAlarmBudget(count=1, seconds=90 * 86_400.0), paging_metrics(watch, HOUR)),
            false_alarms="1 per 90d",
            what_if=False,
            every=HOUR,
        )
        clock, core = time.perf_counter(), time.process_time()
        with store.read() as session:
            view = backtest(session, plan, now=0.0)
        measured = {
            "metrics": options.metrics,
            "looks": options.looks,
            "seconds": round(time.perf_counter() - clock, 1),
            "core_seconds": round(time.process_time() - core, 1),
            "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "fired": [(row.metric, row.looks) for row in view.fired],
            "false_alarms_allowed_and_counted": [view.total.allowed, view.total.achieved, view.total.interval],
            "median_delays_of_5_points": sorted(r.median for r in view.found if r.scenario == "−5 points"),
        }
        store.close()
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
