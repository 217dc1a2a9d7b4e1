"""What the scorers said in one run, by case: the material of baselines and observations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, Estimand, Origin
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.stats.paired import CaseScore, differences


class Series(NamedTuple):
    """What is scored by whom: one list of case scores in a run."""

    scorer: str
    role: Role
    estimand: Estimand


class ScoredCall(NamedTuple):
    """One planned (case, repeat) of a series, and what became of it."""

    series: Series
    case_id: str
    outcome: Outcome
    #: None unless passed or failed.
    value: float | None


class RunScores(Struct, frozen=True, kw_only=True):
    """Scores of one run, with the cases they belong to."""

    run_id: str
    #: Unix time of the look.
    at: float
    #: The run's cases by id: weights, clusters, tags, digests.
    cases: Mapping[str, Case]
    #: Mean score over the repeats of every case that was scored.
    scores: Mapping[Series, Mapping[str, CaseScore]]
    #: Ids of the cases that were planned for a series; those lost to a failing provider or tool.
    planned: Mapping[Series, frozenset[str]]
    errors: Mapping[Series, frozenset[str]] = field(default_factory=dict)
    instruments: Instruments = Instruments()

    @classmethod
    def collect(
        cls,
        run_id: str,
        at: float,
        cases: Iterable[Case],
        calls: Iterable[ScoredCall],
        instruments: Instruments,
    ) -> RunScores:
        """Add up the repeats. A case with any scored repeat is scored; a failed call is an error only without one."""
        values: dict[Series, dict[str, list[float]]] = {}
        planned: dict[Series, set[str]] = {}
        failed: dict[Series, set[str]] = {}
        for call in calls:
            planned.setdefault(call.series, set()).add(call.case_id)
            if call.value is not None:
                values.setdefault(call.series, {}).setdefault(call.case_id, []).append(call.value)
            elif call.outcome is Outcome.ERROR:
                failed.setdefault(call.series, set()).add(call.case_id)
        scores = {
            series: {
                case_id: CaseScore(value=math.fsum(found) / len(found), repeats=len(found))
                for case_id, found in by_case.items()
            }
            for series, by_case in values.items()
        }
        return cls(
            run_id=run_id,
            at=at,
            cases={case.id: case for case in cases},
            scores=scores,
            planned={series: frozenset(ids) for series, ids in planned.items()},
            errors={series: frozenset(ids.difference(scores.get(series, ()))) for series, ids in failed.items()},
            instruments=instruments,
        )

    def arms(self, watch: str, tags: Iterable[str] = ()) -> list[MetricKey]:
        """Metrics that this run says something about, in order; of ``tags`` those that its cases have."""
        found = set()
        for (scorer, role, estimand), cases in self.planned.items():
            if role not in _ARMS:
                continue
            borne = {tag for case in cases if case in self.cases for tag in self.cases[case].tags}
            for tag in ("", *borne.intersection(tags)):
                found.add(MetricKey(watch=watch, scorer=scorer, arm=_ARMS[role], estimand=estimand, tag=tag))
        both = {key for key in found if key.arm is Arm.CURRENT and _with_arm(key, Arm.PINNED) in found}
        return sorted(found | {_with_arm(key, Arm.DIFFERENCE) for key in both})

    def of(self, key: MetricKey) -> ArmScores:
        """Scores of one metric. For differences: of the cases that both arms scored."""
        if key.arm is Arm.DIFFERENCE:
            current, pinned = self.of(_with_arm(key, Arm.CURRENT)), self.of(_with_arm(key, Arm.PINNED))
            return ArmScores(
                differences(current.scores, pinned.scores),
                current.planned & pinned.planned,
                current.errors | pinned.errors,
            )
        series = Series(key.scorer, _ROLES[key.arm], key.estimand)
        planned = frozenset(case for case in self.planned.get(series, ()) if self._concerns(case, key))
        scores = {case: score for case, score in self.scores.get(series, {}).items() if case in planned}
        return ArmScores(scores, planned, self.errors.get(series, frozenset()) & planned)

    def _concerns(self, case_id: str, key: MetricKey) -> bool:
        case = self.cases.get(case_id)
        if case is None:
            return False
        estimand = Estimand.TRAFFIC if case.origin is Origin.TRAFFIC else Estimand.GOLDEN_SET
        return estimand is key.estimand and (not key.tag or key.tag in case.tags)

    def weights(self) -> dict[str, float]:
        """Weight of every case in the mean."""
        return {case.id: case.weight for case in self.cases.values()}

    def clusters(self) -> dict[str, str]:
        """Cluster of the cases that have one."""
        return {case.id: case.cluster for case in self.cases.values() if case.cluster is not None}


class ArmScores(NamedTuple):
    """Scores of one metric in one run, and the ids of the cases planned and lost."""

    scores: Mapping[str, CaseScore]
    planned: frozenset[str]
    errors: frozenset[str]


_ARMS = {Role.CURRENT: Arm.CURRENT, Role.PINNED: Arm.PINNED, Role.JUDGE: Arm.ANCHORS}
_ROLES = {arm: role for role, arm in _ARMS.items()}


def _with_arm(key: MetricKey, arm: Arm) -> MetricKey:
    return MetricKey(watch=key.watch, scorer=key.scorer, arm=arm, estimand=key.estimand, tag=key.tag)
