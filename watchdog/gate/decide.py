"""The verdict of a gate at one look. Pure.

A candidate fails when *any* metric is surely worse by more than the margin: the error rate is shared out over all
metrics and tags by Holm's step-down rule with weights, the tags of a metric weighing together as much as the metric.
It passes when *every* required metric is surely not worse by more: an intersection-union test, which needs no
correction. Hard rules stand beside both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.gate import BrokenRule, GateMetric, GateVerdict, Standing, Unit
from watchdog.gate.streams import Stream
from watchdog.stats.gate import (
    LEAST_TO_PASS,
    LEAST_UNITS,
    Estimate,
    critical,
    detectable_drop,
    repeats_needed,
    units_needed,
)


class Stage(Struct, frozen=True, kw_only=True):
    """Where a gate stands."""

    #: Share of the cases at each planned look, and at this one.
    fractions: tuple[float, ...]
    fraction: float
    #: Whether nothing more will be asked.
    last: bool
    alpha: float
    #: Share of the cases that may be lost to failures.
    most_lost: float
    #: Streams (name and tag) that passed at an earlier look: a sequential test that has passed has passed.
    passed: frozenset[tuple[str, str]] = frozenset()


class Judgement(Struct, frozen=True, kw_only=True):
    """What a look says."""

    #: None: go on.
    verdict: GateVerdict | None
    reasons: tuple[str, ...]
    metrics: tuple[GateMetric, ...]
    passed: frozenset[tuple[str, str]]


def judge(
    streams: Sequence[Stream],
    stage: Stage,
    *,
    broken: Sequence[BrokenRule],
    unasked_rules: int = 0,
    power: bool = True,
) -> Judgement:
    """The verdict at a look; None when it is not the last and nothing is decided yet.

    ``broken``: must-pass cases that the candidate did not pass; ``unasked_rules``: those without an answer. ``power``:
    whether to tell what the gate could have caught and what more it would take.
    """
    tested = [stream for stream in streams if stream.margin is not None]
    usable = [stream for stream in tested if not _too_lossy(stream, stage) and len(stream.units) > 1]
    estimates = {id(stream): Estimate.of(np.array(stream.units)) for stream in streams if len(stream.units) > 1}
    failed = _failed(usable, estimates, stage)
    passed = set(stage.passed)
    for stream in usable:
        if _passes(stream, estimates[id(stream)], stage):
            passed.add((stream.name, stream.tag))
    total = sum(stream.weight for stream in streams)
    metrics = tuple(
        _metric(stream, estimates.get(id(stream)), stage, failed, passed, total if power else 0.0) for stream in streams
    )
    verdict, reasons = _verdict(metrics, tested, stage, broken, unasked_rules)
    return Judgement(verdict=verdict, reasons=tuple(reasons), metrics=metrics, passed=frozenset(passed))


def _too_lossy(stream: Stream, stage: Stage) -> bool:
    """Whether so much was lost that the rest is no fair sample (nor will be, if all that is to come goes well)."""
    base = stream.asked_cases if stage.last else stream.planned_cases
    return stream.asked_cases > 0 and stream.lost_cases > stage.most_lost * base


def _level(stream: Stream, remaining: float, alpha: float) -> float:
    return alpha * stream.weight / remaining


def _failed(usable: Sequence[Stream], estimates: Mapping[int, Estimate], stage: Stage) -> dict[int, float]:
    """Streams that are surely worse than the margin, with the level each was tested at (Holm, weighted)."""
    rejected: dict[int, float] = {}
    total = sum(stream.weight for stream in usable)
    found = True
    while found:
        found = False
        for stream in usable:
            if id(stream) in rejected or not (stage.last or len(stream.units) >= LEAST_UNITS):
                continue
            level = _level(stream, total, stage.alpha)
            estimate, margin = estimates[id(stream)], stream.margin or 0.0
            high = estimate.interval(critical(stage.fractions, stage.fraction, level), margin)[1]
            if high < -margin:
                rejected[id(stream)] = level
                total -= stream.weight
                found = total > 1e-9
                break
    return rejected


def _passes(stream: Stream, estimate: Estimate, stage: Stage) -> bool:
    if not stage.last and len(stream.units) < LEAST_TO_PASS:
        return False
    margin = stream.margin or 0.0
    return estimate.interval(critical(stage.fractions, stage.fraction, stage.alpha), margin)[0] > -margin


def _metric(
    stream: Stream,
    estimate: Estimate | None,
    stage: Stage,
    failed: Mapping[int, float],
    passed: set[tuple[str, str]],
    total: float,
) -> GateMetric:
    """``total``: weight of all streams; 0 leaves out what the gate could have caught."""
    margin = stream.margin
    base = GateMetric(
        name=stream.name,
        tag=stream.tag,
        unit=stream.unit,
        standing=Standing.NOT_MEASURED,
        required=stream.required,
        margin=margin,
        baseline=stream.baseline,
        candidate=stream.candidate,
        effect=None,
        interval=None,
        n=len(stream.units),
        asked=stream.asked,
        planned=stream.planned,
    )
    if estimate is None:
        return base
    z = critical(stage.fractions, stage.fraction, stage.alpha)
    low, high = estimate.interval(z, margin or 0.0)
    if stream.unit is Unit.SCORE:
        low, high = max(low, -1.0), min(high, 1.0)
    standing = Standing.UNDECIDED
    if margin is not None and _too_lossy(stream, stage):
        standing = Standing.NOT_MEASURED
    elif id(stream) in failed:
        standing = Standing.WORSE
    elif low > 0:
        standing = Standing.BETTER
    elif margin is None:
        standing = Standing.SLIGHTLY_WORSE if high < 0 else Standing.UNDECIDED
    elif (stream.name, stream.tag) in passed:
        standing = Standing.SLIGHTLY_WORSE if high < 0 else Standing.NOT_WORSE
    found = replace(base, standing=standing, effect=estimate.effect, interval=(low, high))
    if margin is None or not total:
        return found
    level = _level(stream, total, stage.alpha)
    # What was cut short by money will not be asked; what was not needed would have been.
    units, fraction = (stream.asked, stage.fraction) if stage.last else (stream.planned, 1.0)
    z = critical(stage.fractions, fraction, level)
    drop = detectable_drop(estimate, margin, units, z, scores=stream.unit is Unit.SCORE)
    found = replace(found, detectable=drop)
    if standing is not Standing.UNDECIDED or not stream.required:
        return found
    needed = units_needed(estimate.spread, margin, estimate.effect, stage.alpha)
    # Of single answers nobody knows which part of the spread another answer to the same case would take away. Where
    # the candidate is as good as the baseline, it is nearly all.
    within = estimate.spread**2 if stream.within is None else stream.within
    repeats = repeats_needed(
        estimate.spread, within, stream.repeats, stream.planned, margin, estimate.effect, stage.alpha
    )
    return replace(found, cases_needed=max(needed, stream.planned + 1), repeats_needed=repeats)


def _verdict(
    metrics: Sequence[GateMetric],
    tested: Sequence[Stream],
    stage: Stage,
    broken: Sequence[BrokenRule],
    unasked_rules: int,
) -> tuple[GateVerdict | None, list[str]]:
    reasons = [f"{rule.case_id} must pass, and the candidate fails {rule.metric} on it" for rule in broken]
    reasons += [_worse(metric) for metric in metrics if metric.standing is Standing.WORSE]
    if reasons:
        return GateVerdict.REGRESSION, reasons
    lossy = [stream for stream in tested if stream.required and _too_lossy(stream, stage)]
    if lossy:
        return GateVerdict.NOT_MEASURED, [_lost(stream) for stream in lossy]
    required = [metric for metric in metrics if metric.required]
    if stage.last and (unasked_rules or any(metric.n < 2 for metric in required)):
        thin = [f"{metric.name}: hardly any case was measured" for metric in required if metric.n < 2]
        missing = [f"{unasked_rules} cases that must pass were not measured"] if unasked_rules else []
        return GateVerdict.NOT_MEASURED, [*missing, *thin]
    if required and not unasked_rules and all(metric.standing.passes for metric in required):
        better = [metric.name for metric in required if metric.standing is Standing.BETTER]
        said = "not worse by more than the margin on every metric"
        return GateVerdict.PASS, [f"{said}; better on {', '.join(better)}" if better else said]
    if not stage.last:
        return None, []
    undecided = [metric for metric in required if not metric.standing.passes]
    return GateVerdict.INCONCLUSIVE, [_open(metric) for metric in undecided]


def _lost(stream: Stream) -> str:
    said = f"{stream.name}: {stream.lost_cases} of {stream.asked_cases} cases"
    if stream.unit is Unit.SCORE:
        return f"{said} were lost; that says nothing about quality"
    return f"{said} do not tell it (of cost: 'prices' in watchdog.yaml); leave its budget out, or see why"


def _worse(metric: GateMetric) -> str:
    return f"{_name(metric)} is worse by more than the margin: {_span(metric)}"


def _open(metric: GateMetric) -> str:
    return f"{_name(metric)} may be worse by more than the margin, or not: {_span(metric)}"


def _name(metric: GateMetric) -> str:
    return f"{metric.name} [{metric.tag}]" if metric.tag else metric.name


def _span(metric: GateMetric) -> str:
    if metric.effect is None or metric.interval is None:
        return "not measured"
    if metric.unit is Unit.RATIO:
        # The stream is minus the log-ratio: its lower end is the larger factor.
        change, high, low = (100 * (math.exp(-value) - 1) for value in (metric.effect, *metric.interval))
        return f"{change:+.0f} % [{low:+.0f} … {high:+.0f}]"
    low, high = metric.interval
    return f"{100 * metric.effect:+.1f} points [{100 * low:+.1f} … {100 * high:+.1f}]"
