"""A metric of a hundred cases with a past: a baseline and looks, some of them bad."""

from __future__ import annotations

import numpy as np
import pytest

from watchdog.backtest.history import histories
from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline
from watchdog.domain.case import Case
from watchdog.domain.metric import Arm, MetricKey, Observation

CASES = {f"c{number}": Case(id=f"c{number}", tags=("hard",) if number % 5 == 0 else ("easy",)) for number in range(100)}


class Past:
    """Baselines and observations of made-up pass/fail metrics, the drop (in points) of each look given."""

    def __init__(self, seed=1, level=0.9, baseline_runs=20):
        self.rng = np.random.default_rng(seed)
        self.chances = np.clip(self.rng.beta(9 * level, 9 * (1 - level), len(CASES)), 0, 1)
        self.baseline_runs = baseline_runs

    def run(self, drop=0.0):
        level = self.chances.mean()
        return (self.rng.random(len(CASES)) < self.chances * (1 - drop / level)).astype(float)

    def metric(self, key, drops):
        first = np.array([self.run() for _ in range(self.baseline_runs)])
        means = first.mean(0)
        variance = float((means * (1 - means)).sum()) / len(CASES) ** 2
        reference = MetricBaseline(
            key=key,
            case_means=dict(zip(CASES, means.tolist(), strict=True)),
            case_counts=dict.fromkeys(CASES, self.baseline_runs),
            case_variances=dict(zip(CASES, (means * (1 - means)).tolist(), strict=True)),
            case_digests=dict.fromkeys(CASES, "d"),
            x=tuple((first - means).mean(1).tolist()),
            variances=(variance,) * self.baseline_runs,
            lost=tuple((1 - first).sum(1).tolist()),
            n=(len(CASES),) * self.baseline_runs,
            level=float(means.mean()),
        )
        observations = []
        for number, drop in enumerate(drops):
            scores = self.run(drop)
            observations.append(
                Observation(
                    key=key, run_id=f"r{number}", at=1000.0 + 3600.0 * number, n=len(CASES), planned=len(CASES),
                    level=float(scores.mean()), x=float((scores - means).mean()), variance=variance,
                    lost=float((1 - scores).sum()), u=float(self.rng.random()),
                    case_scores=dict(zip(CASES, scores.tolist(), strict=True)),
                )
            )  # fmt: skip
        return reference, observations

    def histories(self, **drops):
        """Histories of scorers by name, each from the drops of its looks; and their observations."""
        metrics, seen = {}, []
        for scorer, series in drops.items():
            key = MetricKey(watch="reply", scorer=scorer, arm=Arm.CURRENT)
            metrics[key], observations = self.metric(key, series)
            seen += observations
        baseline = Baseline(
            id="b", watch="reply", version=1, status=BaselineStatus.LOCKED, frozen_at=0.0, frozen_by="ann", reason="",
            run_ids=(), instruments=Instruments(), metrics=metrics,
        )  # fmt: skip
        return histories(baseline, seen)


@pytest.fixture
def past():
    return Past


@pytest.fixture
def cases():
    return CASES
