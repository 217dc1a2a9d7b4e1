"""Backtest: what would have fired over the stored history, and what the same detectors do in histories made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from watchdog.backtest import made_up
from watchdog.backtest.history import History, histories
from watchdog.backtest.made_up import Rules
from watchdog.backtest.pool import LEAST_LOOKS, Pool, calm_looks, pool_of
from watchdog.backtest.replay import replayed, settled
from watchdog.backtest.scenario import Kind, Scenario
from watchdog.backtest.told import calm_rows, fired_rows, found_rows, whole
from watchdog.detect.budget import Division
from watchdog.detect.kinds import AnyDetector, detectors
from watchdog.domain.baseline import Baseline
from watchdog.domain.case import Case, Estimand
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Arm, MetricKey, Observation
from watchdog.domain.watch import Watch
from watchdog.errors import NotMeasured
from watchdog.render.backtest_view import BacktestView
from watchdog.render.gather import series_view, still_measured
from watchdog.render.views import Marker, MarkerKind, MetricSeriesView
from watchdog.store.store import Session

#: Newest looks whose case scores are read: what resampled histories are made of.
POOLED = 1000
#: Histories that something is injected into, over all metrics; each metric gets its part, and these at least.
HISTORIES = 400
LEAST_HISTORIES = 12
#: Drop of the metrics of a judge that became stricter.
JUDGE_DROP = 0.05
#: Metrics drawn at most.
MOST_DRAWN = 12
WEEK = 604_800.0


class Plan(Struct, frozen=True, kw_only=True):
    """What is to be tested, and under which rules."""

    watch: Watch
    division: Division
    #: The false-alarm budget in words, and whether it or the smallest drop are others than watchdog.yaml's.
    false_alarms: str
    what_if: bool
    #: Seconds between two looks.
    every: float
    #: Scorers that are judges.
    judges: frozenset[str] = frozenset()
    #: Histories a metric and scenario; None shares ``HISTORIES`` out.
    histories: int | None = None
    #: Looks of all calm lives together.
    calm_looks: int = made_up.CALM_LOOKS
    seed: int = 1

    def detectors(self, baseline: Baseline) -> Callable[[MetricKey], AnyDetector]:
        """The detector of each metric, as the daemon makes it."""
        return detectors(self.watch, baseline, self.division.mean_runs_to_false_alarm)


@dataclass(slots=True)
class _Meter:
    """Turns looks that were run into the share of the work that is done."""

    told: Callable[[float], None]
    planned: int = 1
    done: int = field(default=0)

    def __call__(self, looks: int) -> None:
        self.done += looks
        self.told(min(1.0, self.done / self.planned))


def backtest(
    session: Session, plan: Plan, *, now: float, progress: Callable[[float], None] = lambda _share: None
) -> BacktestView:
    """Replay the history since the baseline, then resample and inject. ``progress`` is told the share that is done.

    Raises:
        NotMeasured: there is no baseline, or no observation since.
    """
    watch = plan.watch
    baseline = session.baselines.current(watch.name)
    if baseline is None:
        raise NotMeasured(f"{watch.name} has no baseline; 'eval-watchdog baseline freeze {watch.name}' makes one")
    observations = session.detection.observations(watch.name, since=baseline.frozen_at, case_scores=False)
    known = {k: h for k, h in histories(baseline, observations).items() if still_measured(watch, k)}
    if not known:
        raise NotMeasured(f"{watch.name} has not been looked at since baseline {baseline.version} was frozen")
    signals = settled(replayed(known, plan.detectors(baseline)), known, baseline, watch.smallest_drop_of)
    pools, left_out = _pools(session, plan, baseline, known, signals)
    meter = _Meter(progress)
    found = _made_up(plan, pools, meter)
    paging = [key for key in known if key in plan.division.shares]
    calm = calm_rows(found.calm, pools, plan.division, plan.every)
    times = sorted({o.at for o in observations})
    progress(1.0)
    return BacktestView(
        watch=watch.name,
        generated_at=now,
        since=times[0],
        until=times[-1],
        looks=len(times),
        baseline=baseline.version,
        every=plan.every,
        smallest_drop=watch.smallest_drop,
        false_alarms=plan.false_alarms,
        what_if=plan.what_if,
        seed=plan.seed,
        fired=fired_rows(signals, frozenset(paging)),
        replayed=len(known),
        calm=calm,
        total=whole(calm, plan.every),
        found=found_rows(found.delays),
        left_out=(*left_out, *found.left_out),
        series=tuple(_series(plan, baseline, observations, signals)),
    )


def _series(
    plan: Plan, baseline: Baseline, observations: Sequence[Observation], signals: Mapping[MetricKey, Sequence[Signal]]
) -> list[MetricSeriesView]:
    """The metrics of the current target that would have fired, with the replay's evidence and alarms."""
    drawn: list[MetricSeriesView] = []
    for key, said in signals.items():
        own = [row for row in fired_rows({key: said}, frozenset()) if key.arm is Arm.CURRENT]
        if own and len(drawn) < MOST_DRAWN:
            marks = [Marker(at=row.fired_at, kind=MarkerKind.FIRED, label="would have fired") for row in own]
            marks += [
                Marker(at=row.over_at, kind=MarkerKind.RESOLVED, label="would have been over")
                for row in own
                if row.over_at is not None
            ]
            drawn.append(series_view(plan.watch, key, observations, said, baseline, marks))
    return drawn


class _MadeUp(Struct, frozen=True, kw_only=True):
    calm: Mapping[MetricKey, made_up.Calm]
    delays: Sequence[made_up.Delays]
    left_out: Sequence[str]


def _made_up(plan: Plan, pools: Mapping[MetricKey, Pool], meter: _Meter) -> _MadeUp:
    """Calm lives and injected changes, of the metrics that page (of all current ones where none does)."""
    watch, cases = plan.watch, list(plan.watch.golden.cases) if plan.watch.golden else []
    current = {key: pool for key, pool in pools.items() if key.arm is Arm.CURRENT}
    tested = {key: pool for key, pool in current.items() if key in plan.division.shares} or current
    rules = {
        key: Rules(
            mean_runs=plan.division.mean_runs_to_false_alarm(key),
            smallest_drop=watch.smallest_drop_of(key.scorer),
        )
        for key in pools
    }
    each = plan.histories or max(LEAST_HISTORIES, HISTORIES // max(1, len(tested)))
    tried = made_up.scenarios(watch.smallest_drop, cases, round(WEEK / plan.every))
    breakable = {key: pool for key, pool in tested.items() if key.estimand is Estimand.GOLDEN_SET}
    arms, left_out = _judged(plan, pools)
    lives = max(made_up.LEAST_LIVES, plan.calm_looks // made_up.LIFE // max(1, len(tested)))
    meter.planned = made_up.planned_looks(len(tested), lives, len(tried) * each, 3 * len(arms) * each)
    calm = made_up.calm_lives(tested, rules, lives, plan.seed, meter)
    common = {"histories": each, "repeats": watch.repeats, "seed": plan.seed, "advance": meter}
    found = made_up.delays(breakable, rules, tried, cases, **common)  # type: ignore[arg-type]
    strict = Scenario(kind=Kind.JUDGE, drop=JUDGE_DROP)
    found += made_up.judge_shift(arms, rules, strict, **common)  # type: ignore[arg-type]
    return _MadeUp(calm=calm, delays=found, left_out=left_out)


def _judged(plan: Plan, pools: Mapping[MetricKey, Pool]) -> tuple[dict[str, dict[Arm, Pool]], list[str]]:
    """Of each judge, the pools of the looks that all three arms share."""
    found: dict[str, dict[Arm, Pool]] = {}
    left_out = []
    for scorer in sorted(plan.judges):
        key = MetricKey(watch=plan.watch.name, scorer=scorer, arm=Arm.CURRENT)
        arms = {arm: pools.get(replace(key, arm=arm)) for arm in (Arm.CURRENT, Arm.PINNED, Arm.DIFFERENCE)}
        known = {arm: pool for arm, pool in arms.items() if pool is not None}
        shared = _shared(known) if len(known) == len(arms) else None
        if shared is None:
            left_out.append(f"a moved judge of {scorer}: it needs {LEAST_LOOKS} calm looks that both arms measured")
        else:
            found[scorer] = shared
    return found, left_out


def _shared(arms: Mapping[Arm, Pool]) -> dict[Arm, Pool] | None:
    """The pools cut down to the looks that they share; None when these are too few, or the baselines differ."""
    if len({pool.baseline_runs for pool in arms.values()}) > 1:
        return None
    names = {arm: [pool.history.observations[i].run_id for i in pool.looks] for arm, pool in arms.items()}
    common = set.intersection(*(set(runs) for runs in names.values()))
    if len(common) < LEAST_LOOKS:
        return None
    cut = {}
    for arm, pool in arms.items():
        kept = np.array([run in common for run in names[arm]])
        cut[arm] = replace(pool, looks=pool.looks[kept], breakable=pool.breakable[kept], shares=pool.shares[kept])
    return cut


def _pools(
    session: Session,
    plan: Plan,
    baseline: Baseline,
    known: Mapping[MetricKey, History],
    signals: Mapping[MetricKey, Sequence[Signal]],
) -> tuple[dict[MetricKey, Pool], list[str]]:
    """Calm looks of the current target's metrics, and of the other arms of judges."""
    watch = plan.watch
    cases: dict[str, Case] = {case.id: case for case in watch.golden.cases} if watch.golden else {}
    pools: dict[MetricKey, Pool] = {}
    left_out = []
    for key, history in known.items():
        if key.arm is not Arm.CURRENT and (key.scorer not in plan.judges or key.tag or key.arm is Arm.ANCHORS):
            continue
        calm = calm_looks(history, signals.get(key))
        learning = len(history.reference.x) < watch.min_baseline_runs
        newest = history.observations[-POOLED:][0].at
        scored = session.detection.observations(
            watch.name, since=max(newest, baseline.frozen_at), key=key, case_scores=True
        )
        # A measure is no score of which an answer could lose anything: its calm looks alone are used.
        better = watch.plan(key.scorer).better if watch.measure(key.scorer) is None else None
        pool = None if learning else pool_of(history, calm, scored, cases, better)
        if pool is not None:
            pools[key] = pool
        elif key.arm is Arm.CURRENT:
            few = f"calm looks since the baseline: too few, {LEAST_LOOKS} are needed"
            why = "it is learning" if learning else f"{len(calm)} {few}"
            left_out.append(f"{key}: nothing is made of it ({why})")
    return pools, left_out
