from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from watchdog.correlate.situation import Reference, Situation
from watchdog.correlate.stage import correlate
from watchdog.domain.alert import Condition
from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.case import CheckSpec, Estimand, GoldenSet
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, ScorerPlan, TrafficPlan, Watch

NOW = 1_790_000_000.0

WATCH = Watch(
    name="support_reply",
    feature="support reply",
    owner=Owner(team="ai-eng", vertical="healthcare"),
    targets={
        Role.CURRENT: Target(role=Role.CURRENT, provider="openai", model="gpt-x"),
        Role.PINNED: Target(role=Role.PINNED, provider="openai", model="gpt-x-2026-08-07"),
    },
    scorers=(
        ScorerPlan(
            name="helpfulness",
            spec=CheckSpec(name="judge", arguments={"judge": "helpfulness"}),
            better=Better.HIGHER,
            layer=Layer.QUALITY,
        ),
        ScorerPlan(name="is-json", spec=CheckSpec(name="is-json"), better=Better.HIGHER, layer=Layer.BEHAVIORAL),
    ),
    golden=GoldenSet(name="support", version="1", cases=(), digest="g"),
    traffic=TrafficPlan(path="traffic.jsonl", scorers=("is-json",)),
)


def key_of(scorer: str, arm: Arm = Arm.CURRENT, estimand: Estimand = Estimand.GOLDEN_SET, tag: str = "") -> MetricKey:
    return MetricKey(watch=WATCH.name, scorer=scorer, arm=arm, estimand=estimand, tag=tag)


def signal_of(key: MetricKey, level: Level = Level.CALM, **more: Any) -> Signal:
    values: dict[str, Any] = {
        "key": key,
        "run_id": "r1",
        "at": NOW,
        "level": level,
        "statistic": 12.5,
        "threshold": 11.4,
        "effect": -0.072,
        "interval": (-0.093, -0.051),
        "n": 60,
        "since": NOW - 7200 if level is Level.DRIFT else None,
        "reason": "evidence",
    }
    return Signal(**{**values, **more})


def calm_signals() -> dict[MetricKey, Signal]:
    keys = [
        key_of(scorer, arm, estimand)
        for scorer, estimand in (
            ("helpfulness", Estimand.GOLDEN_SET),
            ("is-json", Estimand.GOLDEN_SET),
            ("is-json", Estimand.TRAFFIC),
        )
        for arm in (Arm.CURRENT, Arm.PINNED, Arm.DIFFERENCE)
    ]
    return {key: signal_of(key) for key in keys}


def look(*changed: Signal, without: tuple[MetricKey, ...] = (), watch: Watch = WATCH, **more: Any) -> Situation:
    """A calm look, but for some signals, and without some metrics."""
    signals = {**calm_signals(), **{signal.key: signal for signal in changed}}
    for key in without:
        signals.pop(key, None)
    situation = Situation(
        watch=watch,
        at=NOW,
        signals=tuple(signals.values()),
        not_observed=dict.fromkeys(without, "3 of 60 answers scored"),
        baseline=Reference(version=4, status=BaselineStatus.LOCKED),
    )
    return replace(situation, **more)


def claims(situation: Situation) -> Callable[..., Condition]:
    """Find the one condition with certain labels (None: without that label)."""
    conditions = correlate(situation)

    def one(alertname: str, **labels: str | None) -> Condition:
        wanted: Mapping[str, str | None] = {"alertname": alertname, **labels}
        found = [
            condition
            for condition in conditions
            if all(condition.labels.get(name) == value for name, value in wanted.items())
        ]
        assert len(found) == 1, [dict(condition.labels) for condition in found]
        return found[0]

    return one


class House:
    """What the tests of this folder build looks with."""

    NOW = NOW
    WATCH = WATCH
    key = staticmethod(key_of)
    signal = staticmethod(signal_of)
    look = staticmethod(look)
    claims = staticmethod(claims)


@pytest.fixture
def house() -> type[House]:
    return House
