"""Histories that never were, made of the calm looks of a watch: how often they ring, and how soon when they should."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from watchdog.backtest.lives import ring, side_by_side
from watchdog.backtest.pool import Pool
from watchdog.backtest.scenario import (
    HORIZON,
    LEAD,
    Kind,
    Scenario,
    Streams,
    chance_of,
    injected,
    resampled,
    seeded,
)
from watchdog.domain.case import Case
from watchdog.domain.metric import Arm, MetricKey

#: Looks of a resampled life in which nothing happens: a young watch's first hundred among them.
LIFE = 2000
#: Looks of all such lives together, and lives of each metric at least.
CALM_LOOKS = 400_000
LEAST_LIVES = 4
#: Looks after a blip within which an alarm is taken for its echo.
ECHO = 12
#: Cases that a tag must have for its drop to be tried, and tags tried at most.
LEAST_TAGGED = 5
MOST_TAGS = 6


class Rules(Struct, frozen=True, kw_only=True):
    """What one metric is held to."""

    #: A: mean looks to a false alarm.
    mean_runs: float
    smallest_drop: float


class Calm(Struct, frozen=True, kw_only=True):
    """Alarms of one metric in lives in which nothing happens."""

    alarms: int
    looks: int


class Delays(Struct, frozen=True, kw_only=True):
    """When one metric rang after something was injected."""

    key: MetricKey
    scenario: Scenario
    #: Looks from the first bad look to the alarm, that look counted; 0 where it did not ring in time.
    looks: NDArray[np.int64]
    #: Looks within which it had to ring.
    within: int


class _Job(Struct, frozen=True, eq=False, kw_only=True):
    """Streams of one metric and scenario, waiting to be run beside others."""

    key: MetricKey
    scenario: Scenario
    streams: Streams


def scenarios(smallest_drop: float, cases: Iterable[Case], looks_a_week: int) -> list[Scenario]:
    """What is tried on every metric: drops of several sizes, a drop of each tag's cases, a ramp, two blips."""
    sizes = sorted({0.02, 0.05, 0.10, 0.20, round(smallest_drop, 4)})
    found = [Scenario(kind=Kind.DROP, drop=size) for size in sizes]
    counts: dict[str, int] = {}
    listed = list(cases)
    for case in listed:
        for tag in case.tags:
            counts[tag] = counts.get(tag, 0) + 1
    tags = sorted(tag for tag, count in counts.items() if LEAST_TAGGED <= count < len(listed))
    found += [Scenario(kind=Kind.TAG, drop=0.2, tag=tag) for tag in tags[:MOST_TAGS]]
    found.append(Scenario(kind=Kind.RAMP, drop=0.1, looks=max(2, min(looks_a_week, HORIZON // 2))))
    return [*found, *(Scenario(kind=Kind.BLIP, drop=0.3, looks=looks) for looks in (1, 2))]


def calm_lives(
    pools: Mapping[MetricKey, Pool],
    rules: Mapping[MetricKey, Rules],
    lives: int,
    seed: int,
    advance: Callable[[int], None],
) -> dict[MetricKey, Calm]:
    """Alarms of every metric in so many resampled lives in which nothing happens."""
    jobs = [
        _Job(key=key, scenario=Scenario(kind=Kind.DROP, drop=0.0), streams=made)
        for key, pool in pools.items()
        for made in [resampled(pool, seeded(seed, key, "calm"), LIFE, lives)[0]]
    ]
    found = {}
    for part, alarms, _ in _run(jobs, pools, rules, advance, until_all=False):
        found[part.key] = Calm(alarms=int(alarms.sum()), looks=LIFE * lives)
    return found


def delays(
    pools: Mapping[MetricKey, Pool],
    rules: Mapping[MetricKey, Rules],
    tried: Sequence[Scenario],
    cases: Sequence[Case],
    *,
    histories: int,
    repeats: int,
    seed: int,
    advance: Callable[[int], None],
) -> list[Delays]:
    """When each metric rings after each scenario; one that has not that much to lose is left out."""
    jobs = []
    for key, pool in pools.items():
        for scenario in tried:
            if key.tag and scenario.tag not in {"", key.tag}:
                continue  # other cases than this metric's
            hit = np.array([not scenario.tag or scenario.tag in case.tags for case in cases])
            chance = chance_of(pool, scenario, hit)
            if chance is not None:
                rng = seeded(seed, key, scenario)
                made = injected(pool, scenario, rng, chance=chance, hit=hit, streams=histories, repeats=repeats)
                jobs.append(_Job(key=key, scenario=scenario, streams=made))
    return _timed(jobs, pools, rules, advance)


def judge_shift(
    arms: Mapping[str, Mapping[Arm, Pool]],
    rules: Mapping[MetricKey, Rules],
    scenario: Scenario,
    *,
    histories: int,
    repeats: int,
    seed: int,
    advance: Callable[[int], None],
) -> list[Delays]:
    """When each arm of the metrics of a judge rings after the judge became stricter with all of them alike.

    ``arms``: by scorer, the pools of the same looks on the arms current, pinned and current-pinned.
    """
    jobs, pools = [], {}
    for scorer, by_arm in arms.items():
        current, pinned = by_arm[Arm.CURRENT], by_arm[Arm.PINNED]
        hit = np.ones(current.breakable.shape[1], dtype=bool)
        chance = chance_of(current, scenario, hit)
        if chance is None:
            continue
        apart = replace(by_arm[Arm.DIFFERENCE], breakable=current.breakable - pinned.breakable)
        for pool in (current, pinned, apart):
            rng = seeded(seed, scorer, scenario)  # the same for all arms: the judge fails the same answers
            made = injected(pool, scenario, rng, chance=chance, hit=hit, streams=histories, repeats=repeats)
            pools[pool.history.key] = pool
            jobs.append(_Job(key=pool.history.key, scenario=scenario, streams=made))
    return _timed(jobs, pools, rules, advance)


def _timed(
    jobs: Sequence[_Job],
    pools: Mapping[MetricKey, Pool],
    rules: Mapping[MetricKey, Rules],
    advance: Callable[[int], None],
) -> list[Delays]:
    found = []
    for part, _, first in _run(jobs, pools, rules, advance, until_all=True):
        blip = part.scenario.kind is Kind.BLIP
        within = part.scenario.looks + ECHO if blip else HORIZON
        waited = np.where(first >= 0, first - part.streams.onset + 1, 0)
        waited[waited > within] = 0
        found.append(Delays(key=part.key, scenario=part.scenario, looks=waited, within=within))
    order = {(job.key, job.scenario): number for number, job in enumerate(jobs)}
    return sorted(found, key=lambda each: order[each.key, each.scenario])


def _run(
    jobs: Iterable[_Job],
    pools: Mapping[MetricKey, Pool],
    rules: Mapping[MetricKey, Rules],
    advance: Callable[[int], None],
    *,
    until_all: bool,
) -> Iterable[tuple[_Job, NDArray[np.int64], NDArray[np.int64]]]:
    """Every job with the alarms of its streams and the row of their first; those that can, side by side."""
    groups: dict[tuple[object, ...], list[_Job]] = {}
    for job in jobs:
        mark = (pools[job.key].baseline_runs, job.streams.lost is None, rules[job.key])
        groups.setdefault(mark, []).append(job)
    for group in groups.values():
        key = group[0].key
        rung = ring(
            side_by_side([job.streams for job in group]),
            baseline_runs=pools[key].baseline_runs,
            mean_runs=rules[key].mean_runs,
            smallest_drop=rules[key].smallest_drop,
            until_all=until_all,
            advance=advance,
        )
        start = 0
        for job in group:
            part = slice(start, start + len(job.streams.onset))
            yield job, rung.alarms[part], rung.first[part]
            start = part.stop


def planned_looks(metrics: int, lives: int, histories: int, judged: int) -> int:
    """Looks that will be run, for a progress bar: calm lives and histories of each metric, histories of judges."""
    return metrics * lives * LIFE + (metrics * histories + judged) * (LEAD + HORIZON)
