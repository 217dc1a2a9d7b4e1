"""Every arm of every metric of every watch, as the daemon would have measured it."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.detection.streams import Arm, World, simulate
from benchmarks.quarter.story import (
    CHECKS,
    FAILING,
    JUDGE_AT,
    JUDGE_DROP,
    JUDGED,
    LATENCY,
    LOOKS,
    WATCHES,
    Story,
    lost,
    provider_of,
)
from watchdog.domain import metric as house
from watchdog.domain.metric import MetricKey

BASELINE = 48
CASES = 60
Series = dict[MetricKey, tuple[Arm, int]]


def measured(names: list[str], story: Story, rng: np.random.Generator) -> list[Series]:
    """The series of each watch; the runs of the baseline come first."""
    found: list[Series] = [{} for _ in names]
    scored = _scored(story, rng)
    for name in (*CHECKS, *JUDGED):
        judged = name in JUDGED
        level = 0.8 if judged else float(rng.choice([0.85, 0.9, 0.95, 0.98]))
        world = World(
            cases=CASES,
            baseline=BASELINE,
            shared=0.2,
            correlation=0.3,
            season=0.15,
            pinned=True,
            level=level,
            graded=judged,
            scored=scored,
            drop=lambda look, name=name: lost(name, look, shared=False),
            both=lambda look, name=name: lost(name, look, shared=True),
        )
        runs = simulate(world, streams=WATCHES, looks=LOOKS, rng=rng)
        assert runs.pinned is not None
        assert runs.difference is not None
        arms = {house.Arm.CURRENT: runs.current, house.Arm.PINNED: runs.pinned, house.Arm.DIFFERENCE: runs.difference}
        if judged:
            lower = JUDGE_DROP * 0.7 / level
            frozen = World(
                cases=60, level=0.7, alike=0.3, graded=True, baseline=BASELINE,
                both=lambda look, lower=lower: lower if look >= JUDGE_AT else 0.0,
            )  # fmt: skip
            arms[house.Arm.ANCHORS] = simulate(frozen, streams=WATCHES, looks=LOOKS, rng=rng).current
        for stream, watch in enumerate(names):
            found[stream] |= {MetricKey(watch=watch, scorer=name, arm=arm): (arms[arm], stream) for arm in arms}
    latency = _latency(scored, rng)
    for stream, watch in enumerate(names):
        found[stream][MetricKey(watch=watch, scorer=LATENCY, arm=house.Arm.CURRENT)] = (latency, stream)
    return found


def _scored(story: Story, rng: np.random.Generator) -> np.ndarray:
    """Share of the cases scored: 15 % of the looks are partial, and hardly anything comes through an outage."""
    shape = (BASELINE + LOOKS, WATCHES)
    share = np.where(rng.random(shape) < 0.15, rng.uniform(0.2, 0.9, shape), 1.0)
    for look in range(LOOKS):
        down = story.down(look)
        for watch in range(WATCHES):
            if provider_of(watch) in down:
                share[BASELINE + look, watch] = 1.0 - FAILING
    return share


def _latency(scored: np.ndarray, rng: np.random.Generator) -> Arm:
    """Mean log-ratios of the answers' times: noise of each answer, of the hour, and a daily wave of 15 %."""
    runs = np.arange(len(scored))[:, None]
    n = np.maximum(1.0, np.round(scored * CASES))
    wave = math.log(1.15) * np.sin(2 * np.pi * runs / 24)
    own = rng.standard_normal(n.shape) * 0.4 / np.sqrt(n)
    slower = wave + rng.standard_normal(n.shape) * 0.05 + own
    return Arm(-slower, 0.16 / n, None, n)
