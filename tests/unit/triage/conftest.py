from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from watchdog.correlate.situation import Judge, ProviderHealth, Reference, Situation
from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.case import CheckSpec, Estimand, GoldenSet
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, ScorerPlan, TrafficPlan, Watch
from watchdog.errors import ErrorKind
from watchdog.triage.advice import Setup
from watchdog.triage.diagnose import diagnose
from watchdog.triage.facts import Facts, Probe, Ratio, Takes
from watchdog.triage.standing import Source, Standing

NOW = 1_790_000_000.0


def _target(role: Role, provider: str, model: str) -> Target:
    return Target(role=role, provider=provider, model=model)


def _scorer(name: str) -> ScorerPlan:
    return ScorerPlan(name=name, spec=CheckSpec(name=name), better=Better.HIGHER, layer=Layer.QUALITY)


WATCH = Watch(
    name="reply",
    feature="support reply",
    owner=Owner(team="ai-eng"),
    targets={
        Role.CURRENT: _target(Role.CURRENT, "openai", "gpt-x"),
        Role.PINNED: _target(Role.PINNED, "openai", "gpt-x-2026-08-07"),
        Role.FALLBACK: _target(Role.FALLBACK, "spare", "spare-1"),
    },
    scorers=(_scorer("is-json"), _scorer("helpfulness")),
    golden=GoldenSet(name="support", version="1", cases=(), digest="g"),
    traffic=TrafficPlan(path="traffic.jsonl", scorers=("is-json",)),
)


def key(scorer: str, arm: Arm = Arm.CURRENT, estimand: Estimand = Estimand.GOLDEN_SET) -> MetricKey:
    return MetricKey(watch=WATCH.name, scorer=scorer, arm=arm, estimand=estimand)


def stands(metric: MetricKey, level: Level = Level.CALM, effect: float | None = None) -> Standing:
    size = {Level.CALM: 0.0, Level.SUSPECT: -0.05, Level.DRIFT: -0.4}[level] if effect is None else effect
    interval = (size - 0.06, size + 0.06)
    return Standing(key=metric, level=level, source=Source.SAMPLE, effect=size, interval=interval, n=40)


def probe(
    provider: str, role: Role, *, answered: int = 5, kind: ErrorKind = ErrorKind.SERVER, model: str = ""
) -> Probe:
    errors = {kind: 5 - answered} if answered < 5 else {}
    models = {"openai": "gpt-x", "spare": "spare-1", "judges": "judge-1"}
    return Probe(
        provider=provider, model=model or models[provider], role=role, calls=5, answered=answered, errors=errors,
        latency=0.2 if answered else None,
    )  # fmt: skip


def ratio(value: float) -> Ratio:
    return Ratio(value=value, low=0.9 * value, high=1.1 * value, cases=40, before=1.0, now=value)


def change(what: str, role: Role = Role.CURRENT, at: float = NOW) -> Change:
    return Change(what=what, role=role, before="a", after="b", at=at)


STEADY = Takes(latency=ratio(1.0), input_tokens=ratio(1.0), output_tokens=ratio(1.0))


class Case:
    """Facts of a calm night, of which a test changes what it is about."""

    def __init__(self) -> None:
        self.levels: dict[MetricKey, Standing] = {}
        for scorer in ("is-json", "helpfulness"):
            for arm in (Arm.CURRENT, Arm.PINNED, Arm.DIFFERENCE):
                self.level(key(scorer, arm))
        self.level(key("is-json", estimand=Estimand.TRAFFIC))
        self.level(key("helpfulness", Arm.ANCHORS))
        self.more: dict[str, Any] = {
            "probes": {
                "openai": probe("openai", Role.CURRENT),
                "spare": probe("spare", Role.FALLBACK),
                "judges": probe("judges", Role.JUDGE),
            },
            "health": [
                ProviderHealth(provider="openai", role="current", calls=60),
                ProviderHealth(provider="openai", role="pinned", calls=60),
            ],
            "takes": {Role.CURRENT: STEADY, Role.PINNED: STEADY},
            "referenced": True,
            "last_good": NOW - 1800.0,
            "looks": 9,
        }
        self.setup = Setup(watch=WATCH, fallback_works=True)

    def level(self, metric: MetricKey, level: Level = Level.CALM, effect: float | None = None) -> None:
        self.levels[metric] = stands(metric, level, effect)

    def fell(self, *arms: Arm, scorers: tuple[str, ...] = ("is-json", "helpfulness")) -> None:
        for scorer in scorers:
            for arm in arms:
                self.level(key(scorer, arm), Level.DRIFT)

    def probe(self, provider: str, role: Role, **more: Any) -> None:
        self.more["probes"] = {**self.more["probes"], provider: probe(provider, role, **more)}

    def facts(self, **more: Any) -> Facts:
        given: Mapping[str, Any] = {**self.more, **more}
        changes = given.get("changes", ())
        situation = Situation(
            watch=WATCH,
            at=NOW,
            signals=[standing.signal(NOW) for standing in self.levels.values()],
            not_observed=given.get("not_observed", {}),
            changes=changes,
            health=given["health"],
            baseline=Reference(version=1, status=BaselineStatus.LOCKED),
            judges={"helpfulness": Judge(provider="judges", model="judge-1")},
        )
        values = {"watch": WATCH, "now": NOW, "offline": False, "standings": self.levels, "situation": situation}
        return Facts(**{**values, **given})

    def told(self, **more: Any):
        """Questions and findings."""
        return diagnose(self.facts(**more), self.setup)

    def set_up(self, **changes: Any) -> None:
        self.setup = replace(self.setup, **changes)


@pytest.fixture
def night():
    return Case()
