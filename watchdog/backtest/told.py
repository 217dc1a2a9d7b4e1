"""From what rang to the rows that are shown."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from watchdog.backtest.made_up import Calm, Delays
from watchdog.backtest.pool import Pool
from watchdog.backtest.replay import episodes
from watchdog.detect.budget import QUARTER, Division
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.render.backtest_view import CalmRow, FiredRow, FoundRow
from watchdog.render.gather import metric_name
from watchdog.stats.counts import rate_interval, share_interval


def fired_rows(signals: Mapping[MetricKey, Sequence[Signal]], paging: Collection[MetricKey]) -> tuple[FiredRow, ...]:
    """Every drift that would have been called out, oldest first."""
    rows = [
        FiredRow(
            metric=metric_name(key),
            arm=key.arm,
            fired_at=episode.fired.at,
            over_at=episode.over_at,
            since=episode.fired.since,
            looks=episode.fired.looks,
            effect=episode.fired.effect,
            interval=episode.fired.interval,
            reason=episode.fired.reason,
            guarantee=episode.fired.guarantee,
            pages=key in paging,
        )
        for key, said in signals.items()
        for episode in episodes(said)
    ]
    return tuple(sorted(rows, key=lambda row: (row.fired_at, row.metric, row.arm)))


def calm_rows(
    calm: Mapping[MetricKey, Calm], pools: Mapping[MetricKey, Pool], division: Division, every: float
) -> tuple[CalmRow, ...]:
    """False alarms of each metric, as allowed and as counted."""
    looks_a_quarter = QUARTER / every
    rows = []
    for key, counted in calm.items():
        low, high = rate_interval(counted.alarms, counted.looks / looks_a_quarter)
        rows.append(
            CalmRow(
                metric=metric_name(key),
                allowed=looks_a_quarter / division.mean_runs_to_false_alarm(key),
                achieved=counted.alarms / counted.looks * looks_a_quarter,
                interval=(low, high),
                alarms=counted.alarms,
                looks=counted.looks,
                calm_looks=len(pools[key].looks),
            )
        )
    return tuple(rows)


def whole(rows: Sequence[CalmRow], every: float) -> CalmRow | None:
    """All metrics together; every one has been run for as many looks, and a quarter has the looks of each of them."""
    if not rows:
        return None
    alarms = sum(row.alarms for row in rows)
    low, high = rate_interval(alarms, rows[0].looks / (QUARTER / every))
    return CalmRow(
        metric="all",
        allowed=sum(row.allowed for row in rows),
        achieved=sum(row.achieved for row in rows),
        interval=(low, high),
        alarms=alarms,
        looks=sum(row.looks for row in rows),
        calm_looks=min(row.calm_looks for row in rows),
    )


def found_rows(delays: Iterable[Delays]) -> tuple[FoundRow, ...]:
    """How long each scenario took on each metric."""
    rows = []
    for each in delays:
        rang = sorted(int(looks) for looks in each.looks if looks > 0)
        histories = len(each.looks)
        rows.append(
            FoundRow(
                metric=metric_name(each.key),
                arm=each.key.arm,
                kind=each.scenario.kind.value,
                scenario=str(each.scenario),
                drop=each.scenario.drop,
                histories=histories,
                found=len(rang),
                interval=share_interval(len(rang), histories),
                median=quantile(rang, histories, 0.5),
                ninth=quantile(rang, histories, 0.9),
                delays=tuple(rang),
                within=each.within,
            )
        )
    order = {arm: number for number, arm in enumerate(Arm)}
    return tuple(sorted(rows, key=lambda row: (row.metric, order[row.arm])))


def quantile(rang: Sequence[int], histories: int, share: float) -> int | None:
    """Looks within which that share of all histories had rung; None when fewer did at all."""
    index = math.ceil(share * histories) - 1
    return rang[index] if index < len(rang) else None
