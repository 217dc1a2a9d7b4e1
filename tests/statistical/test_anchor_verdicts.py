"""The judge's anchors as the third arm: how often the verdict at the alarm is right.

    python tests/statistical/test_anchor_verdicts.py 400

A watch of 100 cases at 90 % (a look's standard deviation is 2.5 points on either arm), 32 anchors whose mean the
judge's own noise moves by 1.5 points from look to look, looks every half an hour, anchors graded daily as the road does
it, a baseline of 20 looks, one false alarm in 10,000 looks, 3 points the smallest drop. Changes come after 50 calm
looks.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import binom

from watchdog.alert.stage import reconcile
from watchdog.correlate.situation import Judge, Situation
from watchdog.correlate.stage import correlate
from watchdog.detect.anchors import settle
from watchdog.detect.psr import PsrDetector
from watchdog.detect.two_sided import TwoSidedDetector
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline
from watchdog.domain.case import CheckSpec, GoldenSet
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey, Observation
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import AnchorCadence, Owner, ScorerPlan, Watch
from watchdog.pipeline.anchors import WANTED, due

pytestmark = pytest.mark.statistical

A, SMALLEST, EVERY, CALM = 10_000.0, 0.03, 1800.0, 50
LIVES = 25
SD = {Arm.CURRENT: 0.0246, Arm.PINNED: 0.0246, Arm.ANCHORS: 0.015}
KEYS = {arm: MetricKey(watch="reply", scorer="tone", arm=arm) for arm in Arm}
WATCH = Watch(
    name="reply",
    feature="reply",
    owner=Owner(team="ai"),
    targets={role: Target(role=role, provider="p", model=role.value) for role in (Role.CURRENT, Role.PINNED)},
    scorers=(ScorerPlan(name="tone", spec=CheckSpec(name="judge"), better=Better.HIGHER, layer=Layer.QUALITY),),
    golden=GoldenSet(name="g", version="1", cases=(), digest="g"),
    smallest_drop=SMALLEST,
)


@dataclass(frozen=True)
class Life:
    """What was told in one life."""

    #: Alerts by name in the order they were first told, each with looks since the change and its cause.
    told: tuple[tuple[str, int, str], ...]
    #: Looks that graded the anchors, of the calm ones.
    graded: int

    def first(self, name: str) -> tuple[int, str] | None:
        return next(((looks, cause) for told, looks, cause in self.told if told == name), None)


def live(seed: int, shift: dict[Arm, float], looks: int = 60, calm: int = CALM) -> Life:
    """One life of a watch whose arms are shifted by so much after the calm looks."""
    rng = np.random.default_rng(seed)
    first = {arm: rng.normal(0, sd, WANTED) for arm, sd in SD.items()}
    first[Arm.DIFFERENCE] = first[Arm.CURRENT] - first[Arm.PINNED]
    metrics = {KEYS[arm]: reference(KEYS[arm], x - x.mean()) for arm, x in first.items()}
    means = {arm: x.mean() for arm, x in first.items()}
    baseline = Baseline(
        id="b", watch="reply", version=1, status=BaselineStatus.LOCKED, frozen_at=0.0, frozen_by="t", reason="t",
        run_ids=(), instruments=Instruments(), metrics=metrics,
    )  # fmt: skip
    facts = {"mean_runs_to_false_alarm": A, "smallest_drop": SMALLEST}
    one, two = PsrDetector(**facts), TwoSidedDetector(**facts)
    states = {key: (two if key.arm is Arm.ANCHORS else one).start(metric) for key, metric in metrics.items()}
    graded_at = [-EVERY * back for back in range(WANTED, 0, -1)]
    anchors: list[Observation] = []
    said: list[Signal] = []
    standing: dict[MetricKey, Signal] = {}
    told: dict[str, tuple[str, int, str]] = {}
    alerts: list[Alert] = []
    for look in range(calm + looks):
        at = look * EVERY
        x = {
            arm: rng.normal(0, sd) - means[arm] + (shift.get(arm, 0.0) if look >= calm else 0.0)
            for arm, sd in SD.items()
        }
        x[Arm.DIFFERENCE] = (
            x[Arm.CURRENT] - x[Arm.PINNED] + means[Arm.CURRENT] - means[Arm.PINNED] - means[Arm.DIFFERENCE]
        )
        if not due(
            AnchorCadence.DAILY, "tone", now=at, graded_at=graded_at, signals=said, smallest_drop=SMALLEST
        ).graded:
            del x[Arm.ANCHORS]
        else:
            graded_at.append(at)
        said = []
        for arm, value in x.items():
            seen = observation(KEYS[arm], at, value, rng.uniform())
            states[KEYS[arm]], signal = (two if arm is Arm.ANCHORS else one).update(states[KEYS[arm]], seen)
            said.append(signal)
            anchors += [seen] if arm is Arm.ANCHORS else []
        said = settle(said, baseline, {KEYS[Arm.ANCHORS]: anchors}, smallest_drop=lambda _metric: SMALLEST)
        situation = Situation(
            watch=WATCH, at=at, signals=said, judges={"tone": Judge(provider="j", model="j")},
            standing={key: signal for key, signal in standing.items() if key.arm not in x},
        )  # fmt: skip
        standing |= {signal.key: signal for signal in said if signal.key.arm is Arm.ANCHORS}
        transitions = reconcile(correlate(situation), alerts, at)
        alerts = [each.alert for each in transitions if each.alert.state is not AlertState.RESOLVED]
        for alert in (each.alert for each in transitions if each.notifies and each.alert in alerts):
            cause = alert.cause.name + (" corrected" if "judge_shift" in alert.annotations else "")
            told.setdefault(alert.labels["alertname"], (alert.labels["alertname"], look - calm + 1, cause))
    return Life(told=tuple(told.values()), graded=sum(0 <= at < calm * EVERY for at in graded_at))


def reference(key: MetricKey, x: np.ndarray) -> MetricBaseline:
    within = 2 * SD[Arm.CURRENT] ** 2 if key.arm is Arm.DIFFERENCE else SD[key.arm] ** 2
    return MetricBaseline(
        key=key, case_means={}, case_counts={}, case_variances={}, case_digests={}, x=tuple(x),
        variances=(within,) * len(x),
    )  # fmt: skip


def observation(key: MetricKey, at: float, x: float, u: float) -> Observation:
    within = 2 * SD[Arm.CURRENT] ** 2 if key.arm is Arm.DIFFERENCE else SD[key.arm] ** 2
    return Observation(key=key, run_id=str(at), at=at, n=100, planned=100, level=0.9, x=x, variance=within, u=u)


def judge(by: float) -> dict[Arm, float]:
    return dict.fromkeys((Arm.CURRENT, Arm.PINNED, Arm.ANCHORS), by)


def lives(number: int, shift: dict[Arm, float], seed: int, **more: int) -> list[Life]:
    return [live(seed * 100_000 + n, shift, **more) for n in range(number)]


def at_least(hits: int, of: int, share: float) -> None:
    """Not significantly (0.1 %) fewer than that share."""
    assert binom.cdf(hits, of, share) > 0.001, f"{hits} of {of}, {share:.0%} wanted"


@pytest.mark.parametrize("by", [-0.05, -0.10])
def test_a_judge_that_became_stricter_is_told_as_that_and_no_page_goes_out(by):
    found = lives(LIVES, judge(by), seed=1)
    at_least(sum(life.first("JudgeDrift") is not None for life in found), LIVES, 0.98)
    at_least(sum(life.first("EvalDrift") is None for life in found), LIVES, 0.95)


@pytest.mark.parametrize(("pinned", "cause"), [(0.0, "PROVIDER_MODEL"), (-0.10, "SHARED")])
def test_a_real_drop_is_told_with_its_cause_and_the_judge_is_not_blamed(pinned, cause):
    found = lives(LIVES, {Arm.CURRENT: -0.10, Arm.PINNED: pinned}, seed=2)
    at_least(sum(life.first("EvalDrift") is not None for life in found), LIVES, 0.99)
    at_least(sum((life.first("EvalDrift") or (0, ""))[1] == cause for life in found), LIVES, 0.9)
    at_least(sum(life.first("JudgeDrift") is None for life in found), LIVES, 0.98)


def test_both_at_once_are_both_told():
    found = lives(LIVES, judge(-0.05) | {Arm.CURRENT: -0.15}, seed=3)
    at_least(sum(life.first("EvalDrift") is not None for life in found), LIVES, 0.98)
    at_least(sum(life.first("JudgeDrift") is not None for life in found), LIVES, 0.98)


def main(number: int) -> None:
    """The table of docs/statistics.md."""
    scenes = {
        "calm, 500 looks": ({}, {"looks": 450}),
        "judge -5": (judge(-0.05), {}),
        "judge -10": (judge(-0.10), {}),
        "judge +5": (judge(0.05), {"looks": 250}),
        "current -5": ({Arm.CURRENT: -0.05}, {}),
        "current -10": ({Arm.CURRENT: -0.10}, {}),
        "both arms -10": ({Arm.CURRENT: -0.10, Arm.PINNED: -0.10}, {}),
        "judge -5, current -15": (judge(-0.05) | {Arm.CURRENT: -0.15}, {}),
        "judge +5, current -5": (judge(0.05) | {Arm.CURRENT: -0.05}, {}),
    }
    for at, (name, (shift, more)) in enumerate(scenes.items()):
        found = lives(number, shift, seed=50 + at, **more)
        graded = np.mean([life.graded for life in found])
        print(f"{name} ({number} lives); {graded:.1f} of {CALM} calm looks graded anchors")
        for alert in ("EvalDrift", "JudgeDrift", "PinnedDrift"):
            told = [first for life in found if (first := life.first(alert))]
            if told:
                delays = np.percentile([looks for looks, _ in told], [50, 90])
                print(
                    f"  {alert} {len(told)}: looks {delays[0]:.0f}/{delays[1]:.0f}; {dict(Counter(c for _, c in told))}"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
