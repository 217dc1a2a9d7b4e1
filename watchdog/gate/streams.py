"""The paired differences of a gate: one series for each metric and tag, in the order of the cases. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from watchdog.detect.scores import RunScores, Series
from watchdog.domain.case import Case
from watchdog.domain.gate import Unit
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Better
from watchdog.domain.response import Response, ResponseKey
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.gate.options import GateOptions
from watchdog.pipeline.measured import estimand_of
from watchdog.pipeline.planned import applies
from watchdog.stats.logratio import CUT
from watchdog.stats.paired import CaseScore, differences

BASELINE, CANDIDATE = Role.CURRENT, Role.CANDIDATE


class Stream(Struct, frozen=True, kw_only=True):
    """One metric on all cases or those of one tag, as far as it has been asked."""

    name: str
    tag: str
    unit: Unit
    #: Acceptable drop; None when the metric is only told.
    margin: float | None
    required: bool
    #: Share of the error rate, relative to the other streams.
    weight: float
    #: Differences candidate - baseline of the clusters, in order; negative is worse.
    units: tuple[float, ...]
    #: Clusters asked so far, and planned in all.
    asked: int
    planned: int
    #: Cases asked so far, planned in all, and lost although asked: a cluster may have lost most of its cases.
    asked_cases: int
    planned_cases: int
    lost_cases: int
    #: Mean values of the paired cases; None without any.
    baseline: float | None
    candidate: float | None
    #: Mean variance that the repeats leave in a unit, and how many repeats there were; None when none had two.
    within: float | None
    repeats: float


def streams_of(
    watch: Watch,
    scores: RunScores,
    responses: Mapping[ResponseKey, Response],
    asked: Sequence[Case],
    planned: Sequence[Case],
    options: GateOptions,
) -> list[Stream]:
    """Every stream of a gate. ``asked``: the cases that count so far, in order; ``planned``: all of them."""
    tags = _tags(planned, options.least_tag)
    found: list[Stream] = []
    for plan in watch.scorers:
        concerned = {case.id for case in planned if applies(plan, case, watch)}
        sign = -1.0 if plan.better is Better.LOWER else 1.0
        before, after = (
            {
                case: score
                for (scorer, role, _), by_case in scores.scores.items()
                if scorer == plan.name and role is arm
                for case, score in by_case.items()
            }
            for arm in (BASELINE, CANDIDATE)
        )
        paired = differences(after, before)
        for tag in ("", *tags):
            inside = [case for case in planned if case.id in concerned and (not tag or tag in case.tags)]
            if len(inside) < (options.least_tag if tag else 2):
                continue
            found.append(
                _stream(
                    plan.name,
                    tag,
                    Unit.SCORE,
                    margin=options.margin,
                    required=not tag,
                    weight=1.0 if not tag else 1.0 / len(tags),
                    paired={case: sign * score.value for case, score in paired.items()},
                    before=before,
                    after=after,
                    asked=[case for case in asked if case.id in concerned and (not tag or tag in case.tags)],
                    planned=inside,
                    spread=_within(scores, plan.name, asked),
                )
            )
    found += [_measure(measure, responses, asked, planned, options.budgets.get(measure)) for measure in Measure]
    return found


def _measure(
    measure: Measure,
    responses: Mapping[ResponseKey, Response],
    asked: Sequence[Case],
    planned: Sequence[Case],
    budget: float | None,
) -> Stream:
    """Latency, length, tokens or cost: minus the cut log-ratio of each case's means, so that more is worse."""
    seen: dict[Role, dict[str, list[float]]] = {BASELINE: {}, CANDIDATE: {}}
    for key, response in responses.items():
        if key.role in seen and (number := measure.of(response)) is not None:
            seen[key.role].setdefault(key.case_id, []).append(number)
    means = {
        role: {
            case: CaseScore(value=math.fsum(found) / len(found), repeats=len(found)) for case, found in by_case.items()
        }
        for role, by_case in seen.items()
    }
    before, after = means[BASELINE], means[CANDIDATE]
    paired = {
        case: -min(max(math.log(after[case].value / before[case].value), -CUT), CUT) for case in after.keys() & before
    }
    return _stream(
        measure.value,
        "",
        Unit.RATIO,
        margin=None if budget is None else math.log1p(budget),
        required=budget is not None,
        weight=1.0 if budget is not None else 0.0,
        paired=paired,
        before=before,
        after=after,
        asked=asked,
        planned=planned,
        spread={},
    )


def _stream(
    name: str,
    tag: str,
    unit: Unit,
    *,
    margin: float | None,
    required: bool,
    weight: float,
    paired: Mapping[str, float],
    before: Mapping[str, CaseScore],
    after: Mapping[str, CaseScore],
    asked: Sequence[Case],
    planned: Sequence[Case],
    spread: Mapping[str, float],
) -> Stream:
    both = [case for case in asked if case.id in paired]
    shares = _shares(both)
    clusters: dict[str, list[float]] = {}
    within: dict[str, list[float]] = {}
    for case, share in zip(both, shares, strict=True):
        clusters.setdefault(_cluster(case), []).append(share * paired[case.id])
        if case.id in spread:
            within.setdefault(_cluster(case), []).append(share * share * spread[case.id])
    noise = [sum(values) / len(values) ** 2 for values in within.values()]
    return Stream(
        name=name,
        tag=tag,
        unit=unit,
        margin=margin,
        required=required,
        weight=weight,
        units=tuple(math.fsum(values) / len(values) for values in clusters.values()),
        asked=len({_cluster(case) for case in asked}),
        planned=len({_cluster(case) for case in planned}),
        asked_cases=len(asked),
        planned_cases=len(planned),
        lost_cases=len(asked) - len(both),
        baseline=_mean(both, shares, before),
        candidate=_mean(both, shares, after),
        within=sum(noise) / len(noise) if noise else None,
        repeats=sum(min(before[case.id].repeats, after[case.id].repeats) for case in both) / len(both) if both else 1.0,
    )


def _within(scores: RunScores, scorer: str, asked: Iterable[Case]) -> dict[str, float]:
    """Variance of each case's difference that its repeats leave, where both arms have two answers."""
    found: dict[str, float] = {}
    for case in asked:
        arms = [scores.scores.get(Series(scorer, role, estimand_of(case)), {}).get(case.id) for role in _ARMS]
        # Of pass/fail scores the mean tells the variance; of graded ones it bounds it.
        noise = [arm.value * (1 - arm.value) / (arm.repeats - 1) for arm in arms if arm is not None and arm.repeats > 1]
        if len(noise) == len(_ARMS):
            found[case.id] = sum(noise)
    return found


_ARMS = (BASELINE, CANDIDATE)


def _shares(cases: Sequence[Case]) -> list[float]:
    """What each case counts within its cluster: 1 where all weigh the same.

    As in ``stats.paired.summarise``, clusters count by the mean weight of their cases: the mean over the clusters, of
    the mean over the cases of each of share times value, is the weighted mean.
    """
    weights: dict[str, list[float]] = {}
    for case in cases:
        weights.setdefault(_cluster(case), []).append(case.weight)
    total = math.fsum(math.fsum(inside) / len(inside) for inside in weights.values())
    return [case.weight * len(weights) / total if total else 1.0 for case in cases]


def _mean(cases: Sequence[Case], shares: Sequence[float], values: Mapping[str, CaseScore]) -> float | None:
    """Mean over the clusters of the means of their cases, weighted."""
    clusters: dict[str, list[float]] = {}
    for case, share in zip(cases, shares, strict=True):
        clusters.setdefault(_cluster(case), []).append(share * values[case.id].value)
    means = [math.fsum(inside) / len(inside) for inside in clusters.values()]
    return math.fsum(means) / len(means) if means else None


def _cluster(case: Case) -> str:
    return case.cluster or f"case {case.id}"


def _tags(cases: Sequence[Case], least: int) -> list[str]:
    """Tags that are neither too rare to be looked at nor on every case."""
    counts: dict[str, int] = {}
    for case in cases:
        for tag in set(case.tags):
            counts[tag] = counts.get(tag, 0) + 1
    return sorted(tag for tag, count in counts.items() if least <= count < len(cases))
