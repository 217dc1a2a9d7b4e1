"""Good and bad answers as Prometheus sees them, counted from a real store."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from watchdog.domain.case import Case, CheckSpec, Message, Origin
from watchdog.domain.metric import Better, Layer
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.score import Score, ScoreRow
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.store.store import Store
from watchdog.web.answer_metrics import AnswerMetrics

START = 1_000_000.0


class Hands:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = START

    def now(self):
        return self.time


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    store.prepare()
    yield store
    store.close()


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def registry(store, clock):
    scorer = ScorerPlan(name="is-json", better=Better.HIGHER, layer=Layer.QUALITY, spec=CheckSpec(name="is-json"))
    watch = Watch(
        name="reply",
        feature="reply",
        owner=Owner(team="ai-eng"),
        targets={Role.CURRENT: Target(role=Role.CURRENT, provider="fake", model="m")},
        scorers=(scorer,),
    )
    registry = CollectorRegistry()
    registry.register(AnswerMetrics(store, {"reply": watch}, clock))
    return registry


def a_look(store, run_id, at, values, *, role=Role.CURRENT, trigger=Trigger.SCHEDULE, traffic=()):
    """A finished look whose answers have these scores and each took half a second."""
    run = Run(id=run_id, watch="reply", trigger=trigger, status=RunStatus.FINISHED, planned_for=at, seed=1)
    keys = [ResponseKey(run_id=run_id, role=role, case_id=f"c{n}", repeat=0) for n in range(len(values))]
    with store.begin() as session:
        session.runs.save(replace(run, started_at=at, finished_at=at))
        session.responses.record(
            [Response(key=key, status=CallStatus.ANSWERED, text="x", attempts=1, latency=0.5, at=at) for key in keys]
        )
        session.scores.record(
            [
                ScoreRow(key=key, scorer="is-json", scorer_digest="d", score=Score(value=value, bar=0.5))
                for key, value in zip(keys, values, strict=True)
            ]
        )
        session.runs.save_cases(
            run_id,
            [Case(id=case, messages=(Message(role="user", content="q"),), origin=Origin.TRAFFIC) for case in traffic],
        )


def counted(registry):
    labels = {"watch": "reply", "metric": "is-json"}
    return tuple(
        registry.get_sample_value("eval_watchdog_answers_total", {**labels, "verdict": verdict})
        for verdict in ("good", "bad")
    )


def test_counters_begin_at_zero_so_that_the_first_increase_is_seen(registry):
    assert counted(registry) == (0, 0)


def test_each_finished_look_is_counted_once(store, registry, clock):
    a_look(store, "r1", START + 10, [1.0, 1.0, 0.0])
    clock.time = START + 60
    assert counted(registry) == (2, 1)
    assert counted(registry) == (2, 1)
    a_look(store, "r2", START + 5, [0.0])  # committed later than the one that ended after it
    assert counted(registry) == (2, 2)
    assert registry.get_sample_value("eval_watchdog_answer_seconds_bucket", {"watch": "reply", "le": "0.5"}) == 4
    assert registry.get_sample_value("eval_watchdog_answer_seconds_sum", {"watch": "reply"}) == 2.0


def test_what_is_not_the_current_targets_look_at_golden_cases_is_not_counted(store, registry, clock):
    a_look(store, "old", START - 10, [1.0])
    a_look(store, "pinned", START + 1, [1.0], role=Role.PINNED)
    a_look(store, "gate", START + 1, [1.0], trigger=Trigger.GATE)
    a_look(store, "traffic", START + 1, [1.0, 0.0], traffic=["c1"])
    clock.time = START + 60
    assert counted(registry) == (1, 0)


def test_a_store_that_is_gone_leaves_the_counters_as_they_were(store, registry, clock, tmp_path):
    a_look(store, "r1", START + 10, [1.0])
    clock.time = START + 60
    assert counted(registry) == (1, 0)
    store.close()
    for file in tmp_path.glob("watchdog.db*"):
        file.unlink()
    assert counted(registry) == (1, 0)
