"""A small world: one watch, a few cases, runs made from scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, CheckSpec, Estimand, Origin
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.domain.watch import Owner, ScorerPlan, Watch

SAME = Instruments(golden_set="g", pinned="p", scorers={"exact": "1"})


def _case(number: int, **facts) -> Case:
    return Case(id=f"c{number}", digest=facts.pop("digest", f"d{number}"), **facts)


@pytest.fixture
def cases() -> list[Case]:
    return [_case(number, tags=("easy",) if number < 10 else ("hard",)) for number in range(20)]


@pytest.fixture
def watch() -> Watch:
    def plan(name: str, better: Better) -> ScorerPlan:
        return ScorerPlan(name=name, spec=CheckSpec(name=name), better=better, layer=Layer.QUALITY)

    return Watch(
        name="reply",
        feature="reply",
        owner=Owner(team="ai"),
        targets={},
        scorers=(plan("exact", Better.HIGHER), plan("refusal", Better.LOWER)),
    )


@pytest.fixture
def key() -> Callable[..., MetricKey]:
    def build(arm: Arm = Arm.CURRENT, **facts) -> MetricKey:
        return MetricKey(**{"watch": "reply", "scorer": "exact", "arm": arm, **facts})

    return build


@pytest.fixture
def run_of(cases) -> Callable[..., RunScores]:
    """A run from ``{role: {case number: value or Outcome}}``; one value for all cases is allowed."""

    def build(
        number: int,
        scores: Mapping[Role, object],
        *,
        scorer: str = "exact",
        instruments: Instruments = SAME,
        among: list[Case] | None = None,
    ) -> RunScores:
        known = cases if among is None else among
        calls = []
        for role, values in scores.items():
            for index, case in enumerate(known):
                estimand = Estimand.TRAFFIC if case.origin is Origin.TRAFFIC else Estimand.GOLDEN_SET
                value = values[index] if isinstance(values, list) else values
                if isinstance(value, Outcome):
                    calls.append(ScoredCall(Series(scorer, role, estimand), case.id, value, None))
                else:
                    outcome = Outcome.PASSED if value >= 1 else Outcome.FAILED
                    calls.append(ScoredCall(Series(scorer, role, estimand), case.id, outcome, float(value)))
        return RunScores.collect(f"run{number}", 1000.0 * number, known, calls, instruments)

    return build
