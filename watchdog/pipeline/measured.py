"""What one run measured, and the facts that follow from it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from watchdog.correlate.situation import JUDGE, ProviderHealth, ToolHealth, Toppled, WorstCase
from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.domain.baseline import Baseline
from watchdog.domain.case import Case, Estimand, Origin
from watchdog.domain.metric import Arm, Better, MetricKey, Observation
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run, Tally
from watchdog.domain.score import Outcome, ScoreRow
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.errors import ErrorKind
from watchdog.score.outcome import outcome_of

#: Cases named as the worst of a metric.
WORST = 10
#: A case is among the worst when its mean score fell by at least this much; a measure's logarithm rose by it.
WORST_DROP = 0.25
#: A case passes at the baseline when its mean score there is at least this much.
MOSTLY = 0.5
#: Answers that a 95 % quantile needs.
ENOUGH = 20


class Measured(Struct, frozen=True, kw_only=True):
    """A run with everything it measured."""

    run: Run
    #: The cases of the run by id.
    cases: Mapping[str, Case]
    responses: Mapping[ResponseKey, Response]
    scores: Sequence[ScoreRow]
    #: What became of every planned (call, scorer).
    outcomes: Sequence[ScoredCall]
    #: Scores by case, ready for the detectors.
    run_scores: RunScores
    #: Outcome counts of each role.
    tallies: Mapping[Role, Tally]
    health: Sequence[ProviderHealth]
    tools: Mapping[str, ToolHealth]
    #: Calls made now; the others had been recorded before.
    calls: int = 0
    problems: Sequence[str] = field(default_factory=tuple)

    @property
    def cost(self) -> float | None:
        """US dollars of the whole run, judges included, as far as prices are known; None when none is."""
        known = [cost for cost in self._costs() if cost is not None]
        return sum(known) if known or not self.unpriced else None

    @property
    def unpriced(self) -> int:
        """Calls whose cost is unknown."""
        return sum(cost is None for cost in self._costs())

    def _costs(self) -> list[float | None]:
        made = [response.cost for response in self.responses.values() if response.attempts]
        return made + [row.score.cost for row in self.scores if row.score.cost != 0.0]  # checks cost nothing


def estimand_of(case: Case) -> Estimand:
    """What a score of this case is a statement about."""
    return Estimand.TRAFFIC if case.origin is Origin.TRAFFIC else Estimand.GOLDEN_SET


def outcomes_of(
    planned: Iterable[tuple[ResponseKey, str]],
    cases: Mapping[str, Case],
    responses: Mapping[ResponseKey, Response],
    scores: Iterable[ScoreRow],
) -> tuple[list[ScoredCall], dict[Role, Tally]]:
    """What became of every planned (call, scorer), for the detectors and for people."""
    by_key = {(row.key, row.scorer): row.score for row in scores}
    calls: list[ScoredCall] = []
    counted: dict[Role, list[Outcome]] = {}
    for key, scorer in planned:
        score = by_key.get((key, scorer))
        outcome = outcome_of(responses.get(key), score)
        estimand = estimand_of(cases[key.case_id])
        value = score.value if score is not None and outcome in (Outcome.PASSED, Outcome.FAILED) else None
        calls.append(ScoredCall(Series(scorer, key.role, estimand), key.case_id, outcome, value))
        counted.setdefault(key.role, []).append(outcome)
    return calls, {role: Tally(counts=Counter(found)) for role, found in counted.items()}


def measured_calls(
    watch: Watch,
    planned: Iterable[tuple[ResponseKey, str]],
    cases: Mapping[str, Case],
    responses: Mapping[ResponseKey, Response],
) -> list[ScoredCall]:
    """What every planned call tells of each measure, as a logarithm.

    A measure that no answer tells (a price that is not known) is not a metric of this run.
    """
    asked = [
        (key, estimand_of(cases[key.case_id]), responses.get(key)) for key in dict.fromkeys(key for key, _ in planned)
    ]
    answered = any(response is not None and response.answered for _, _, response in asked)
    calls: list[ScoredCall] = []
    for plan in watch.measures:
        values = [None if response is None else plan.measure.of(response) for _, _, response in asked]
        if answered and not any(values):
            continue
        for (key, estimand, response), value in zip(asked, values, strict=True):
            series = Series(plan.name, key.role, estimand)
            if value is None:
                calls.append(ScoredCall(series, key.case_id, outcome_of(response, None), None))
            else:
                calls.append(ScoredCall(series, key.case_id, Outcome.PASSED, math.log(value)))
    return calls


def provider_health(watch: Watch, responses: Iterable[Response]) -> list[ProviderHealth]:
    """The targets' calls of one look by role; calls that were never made are left out."""
    calls: Counter[Role] = Counter()
    errors: dict[Role, Counter[ErrorKind]] = {}
    for response in responses:
        if response.status not in (CallStatus.ANSWERED, CallStatus.ERROR):
            continue
        calls[response.key.role] += 1
        if response.error_kind is not None:
            errors.setdefault(response.key.role, Counter())[response.error_kind] += 1
    return [
        ProviderHealth(
            provider=watch.targets[role].provider, role=role.value, calls=count, errors=dict(errors.get(role, {}))
        )
        for role, count in sorted(calls.items())
    ]


def judge_health(provider: str, answers: Iterable[Response]) -> ProviderHealth:
    """The judges' calls to one provider at one look."""
    made = [answer for answer in answers if answer.status in (CallStatus.ANSWERED, CallStatus.ERROR)]
    errors = Counter(answer.error_kind for answer in made if answer.error_kind is not None)
    return ProviderHealth(provider=provider, role=JUDGE, calls=len(made), errors=dict(errors))


def tool_health(responses: Iterable[Response]) -> dict[str, ToolHealth]:
    """Calls and failures of each tool that the current target called."""
    calls: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for response in responses:
        if response.key.role is not Role.CURRENT:
            continue
        for call in response.tool_calls:
            calls[call.name] += 1
            failures[call.name] += call.error is not None
    return {name: ToolHealth(calls=count, failures=failures[name]) for name, count in sorted(calls.items())}


def toppled(baseline: Baseline, outcomes: Iterable[ScoredCall]) -> dict[MetricKey, Toppled]:
    """Of the golden cases that passed at the baseline, what both targets make of them now; by the current's metric."""
    passed: dict[tuple[str, Role], dict[str, list[bool]]] = {}
    for call in outcomes:
        if call.series.estimand is Estimand.GOLDEN_SET and call.outcome in (Outcome.PASSED, Outcome.FAILED):
            cases = passed.setdefault((call.series.scorer, call.series.role), {})
            cases.setdefault(call.case_id, []).append(call.outcome is Outcome.PASSED)
    found = {}
    for key, reference in baseline.metrics.items():
        current, pinned = (passed.get((key.scorer, role), {}) for role in (Role.CURRENT, Role.PINNED))
        if key.arm is not Arm.CURRENT or key.tag or key.estimand is not Estimand.GOLDEN_SET or not (current and pinned):
            continue
        sound = [case for case, mean in reference.case_means.items() if mean >= MOSTLY]
        pairs = [
            (_mostly(current[case]), _mostly(pinned[case])) for case in sound if case in current and case in pinned
        ]
        found[key] = Toppled(
            passed=sum(before for _, before in pairs),
            failed=sum(before and not now for now, before in pairs),
            healed=sum(now and not before for now, before in pairs),
        )
    return found


def _mostly(passed: Sequence[bool]) -> bool:
    return 2 * sum(passed) > len(passed)


def latency_quantiles(cases: Mapping[str, Case], responses: Iterable[Response]) -> dict[Estimand, float]:
    """The 95 % quantile of the current target's latency, seconds, where enough answers tell it."""
    seconds: dict[Estimand, list[float]] = {}
    for response in responses:
        if response.key.role is Role.CURRENT and response.answered and response.latency is not None:
            seconds.setdefault(estimand_of(cases[response.key.case_id]), []).append(response.latency)
    return {
        estimand: sorted(known)[math.ceil(0.95 * len(known)) - 1]
        for estimand, known in seconds.items()
        if len(known) >= ENOUGH
    }


def worst_cases(
    watch: Watch, baseline: Baseline, observations: Iterable[Observation]
) -> dict[MetricKey, list[WorstCase]]:
    """The cases that lost most against their own baseline, worst first, for each metric of the current target.

    Of a judge's anchors those whose grades changed most, whichever way.
    """
    found: dict[MetricKey, list[WorstCase]] = {}
    watched = {plan.name for plan in watch.plans}
    for observation in observations:
        key, reference = observation.key, baseline.metrics.get(observation.key)
        if key.arm not in (Arm.CURRENT, Arm.ANCHORS) or reference is None or key.scorer not in watched:
            continue
        sign = 1.0 if watch.plan(key.scorer).better is Better.HIGHER else -1.0
        fallen = [
            (sign * (after - reference.case_means[case]), case, reference.case_means[case], after)
            for case, after in observation.case_scores.items()
            if case in reference.case_means
        ]
        if key.arm is Arm.ANCHORS:
            fallen = [(-abs(change), case, before, after) for change, case, before, after in fallen]
        in_units = (lambda value: value) if watch.measure(key.scorer) is None else math.exp
        found[key] = [
            WorstCase(case_id=case, before=in_units(before), after=in_units(after))
            for change, case, before, after in sorted(fallen)[:WORST]
            if change <= -WORST_DROP
        ]
    return found
