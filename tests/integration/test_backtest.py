"""A store with a past, backtested: what it says is what the detectors said when it was the present."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from watchdog.backtest.backtest import Plan, backtest
from watchdog.backtest.history import histories
from watchdog.backtest.replay import replay
from watchdog.detect.baseline import freeze
from watchdog.detect.budget import divide, paging_metrics
from watchdog.detect.observe import observe
from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.detect.stage import detect
from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, CheckSpec, Estimand, GoldenSet
from watchdog.domain.metric import Arm, Better, Layer
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.domain.watch import FalseAlarmBudget, Owner, ScorerPlan, Watch
from watchdog.errors import NotMeasured
from watchdog.pipeline.control import control_looks
from watchdog.store.store import Store

HOUR = 3600.0
CASES = tuple(Case(id=f"c{n}", digest=f"d{n}", tags=("hard",) if n % 4 == 0 else ()) for n in range(40))
INSTRUMENTS = Instruments(golden_set="g", pinned="p", scorers={"exact": "1", "helpful": "1"})


def plan_of(name, better):
    return ScorerPlan(name=name, spec=CheckSpec(name=name), better=better, layer=Layer.QUALITY)


WATCH = Watch(
    name="reply",
    feature="reply",
    owner=Owner(team="ai"),
    targets={},
    scorers=(plan_of("exact", Better.HIGHER), plan_of("helpful", Better.HIGHER), plan_of("refused", Better.LOWER)),
    golden=GoldenSet(name="g", version="1", cases=CASES, digest="g"),
)


class Past:
    """Looks of a watch an hour apart, decided upon as they come: 20 for the baseline, a drop at look 90 of 150."""

    def __init__(self, store):
        self.store, self.rng = store, np.random.default_rng(3)
        self.chances = self.rng.beta(8, 1, len(CASES))
        self.division = divide(FalseAlarmBudget(count=1, seconds=30 * 24 * HOUR), paging_metrics(WATCH, HOUR))

    def look(self, number, drop=0.0):
        calls = []
        for plan in WATCH.scorers:
            for role in (Role.CURRENT, Role.PINNED):
                worse = drop if role is Role.CURRENT and plan.name == "exact" else 0.0
                good = self.rng.random(len(CASES)) < self.chances * (1 - worse)
                passed = good if plan.better is Better.HIGHER else ~good
                series = Series(plan.name, role, Estimand.GOLDEN_SET)
                calls += [
                    ScoredCall(series, case.id, Outcome.PASSED if value else Outcome.FAILED, float(value))
                    for case, value in zip(CASES, passed, strict=True)
                ]
        return RunScores.collect(f"run{number}", HOUR * number, CASES, calls, INSTRUMENTS)

    def plan(self, **changes):
        plan = Plan(
            watch=WATCH,
            division=self.division,
            false_alarms="1 per 30d",
            what_if=False,
            every=HOUR,
            judges=frozenset({"helpful"}),
            histories=20,
            calm_looks=60_000,
        )
        return replace(plan, **changes)

    def live(self):
        first = [self.look(number) for number in range(20)]
        frozen = freeze(WATCH, first, baseline_id="b", version=1, at=20 * HOUR, by="ann", reason="first")
        with self.store.begin() as session:
            session.baselines.add(frozen)
        for number in range(20, 170):
            self.decide(self.look(number, drop=0.15 if 90 <= number < 130 else 0.0))

    def decide(self, run):
        """What the road does with a measured run, as far as the detectors are concerned."""
        with self.store.begin() as session:
            baseline = session.baselines.current("reply")
            session.runs.save(
                Run(id=run.run_id, watch="reply", trigger=Trigger.SCHEDULE, status=RunStatus.FINISHED,
                    planned_for=run.at)
            )  # fmt: skip
            seen, lost, _ = observe(
                WATCH,
                baseline,
                run,
                history=control_looks(session, baseline, before=run.at),
            )
            states = session.detection.states("reply", baseline.id)
            detector_for = self.plan().detectors(baseline)
            signals, after = detect(seen, baseline=baseline, states=states, detector_for=detector_for)
            session.detection.save_states(baseline.id, run.run_id, after)
            session.detection.save_observations(seen, lost)
            session.detection.save_signals(signals)


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('past') / 'watchdog.db'}")
    store.prepare()
    past = Past(store)
    past.live()
    yield past
    store.close()


def backtested(past, **changes):
    told = []
    with past.store.read() as session:
        view = backtest(session, past.plan(**changes), now=200 * HOUR, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    return view


@pytest.fixture(scope="module")
def view(past):
    return backtested(past)


def test_a_replay_from_the_store_gives_the_signals_that_were_stored(past):
    with past.store.read() as session:
        baseline = session.baselines.current("reply")
        observations = session.detection.observations("reply", since=baseline.frozen_at, case_scores=False)
        stored = session.detection.signals("reply")
    known = histories(baseline, observations)
    assert len(known) == 9
    detector_for = past.plan().detectors(baseline)
    for key, history in known.items():
        assert replay(history, detector_for(key)) == [signal for signal in stored if signal.key == key]


def test_what_would_have_fired_is_what_fired(past, view):
    with past.store.read() as session:
        stored = session.detection.signals("reply")
    fired = set()
    for key in {signal.key for signal in stored}:
        levels = [signal for signal in stored if signal.key == key]
        fired |= {
            (key.scorer, key.arm, now.at)
            for before, now in zip([None, *levels], levels, strict=False)
            if now.level == "drift" and (before is None or before.level != "drift")
        }
    assert {(row.metric, row.arm, row.fired_at) for row in view.fired} == fired
    assert ("exact", Arm.CURRENT) in {(row.metric, row.arm) for row in view.fired if row.pages}
    [series] = [series for series in view.series if series.name == "exact"]
    assert max(value for value in series.evidence if value is not None) >= series.threshold


def test_false_alarms_are_counted_against_what_the_budget_allows(view):
    assert [row.metric for row in view.calm] == ["exact", "helpful", "refused"]
    assert view.total.allowed == pytest.approx(3.0)  # one in thirty days is three in ninety
    for row in (*view.calm, view.total):
        assert row.interval[0] <= row.achieved <= row.interval[1]
        assert row.interval[0] < 2 * row.allowed
    assert view.total.alarms == sum(row.alarms for row in view.calm)


def test_larger_drops_are_found_sooner_and_blips_hardly_ever(view):
    own = {row.scenario: row for row in view.found if row.metric == "exact" and row.arm is Arm.CURRENT}
    assert own["−20 points"].median <= own["−10 points"].median <= own["−5 points"].median <= 60
    assert own["−20 points"].found == own["−20 points"].histories == 20
    assert own["−20 points in hard"].median > own["−20 points"].median
    assert own["−30 points for 1 look"].found <= 2
    assert own["−10 points"].delays == tuple(sorted(own["−10 points"].delays))


def test_a_judge_that_moved_rings_on_both_arms_and_not_on_their_difference(view):
    moved = {row.arm: row for row in view.found if row.kind == "judge"}
    assert set(moved) == {Arm.CURRENT, Arm.PINNED, Arm.DIFFERENCE}
    assert moved[Arm.CURRENT].found >= 17
    assert moved[Arm.PINNED].found >= 17
    assert moved[Arm.DIFFERENCE].found <= 4


def test_the_same_seed_gives_the_same_answer_and_other_rules_another(past, view):
    assert backtested(past) == view
    blunt = replace(WATCH, smallest_drop=0.3)
    assert backtested(past, watch=blunt, what_if=True, histories=10).fired == ()


def test_a_watch_without_a_baseline_or_a_look_is_not_measured(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    store.prepare()
    past = Past(store)
    with store.read() as session, pytest.raises(NotMeasured, match="baseline freeze reply"):
        backtest(session, past.plan(), now=0.0)
    first = [past.look(number) for number in range(20)]
    with store.begin() as session:
        session.baselines.add(freeze(WATCH, first, baseline_id="b", version=1, at=1.0, by="ann", reason="first"))
    with store.read() as session, pytest.raises(NotMeasured, match="not been looked at since baseline 1"):
        backtest(session, past.plan(), now=0.0)
    store.close()
