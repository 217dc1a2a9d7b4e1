"""From responses to what they tell of each measure."""

import math

from watchdog.domain.case import Case, Estimand
from watchdog.domain.measure import Measure
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.domain.watch import MeasurePlan, Owner, Watch
from watchdog.pipeline.measured import measured_calls

WATCH = Watch(
    name="w",
    feature="w",
    owner=Owner(team="t"),
    targets={},
    scorers=(),
    measures=(MeasurePlan.of(Measure.LATENCY), MeasurePlan.of(Measure.COST)),
)
CASES = {"a": Case(id="a"), "b": Case(id="b")}
KEYS = [ResponseKey(run_id="r", role=Role.CURRENT, case_id=case) for case in CASES]
PLANNED = [(key, scorer) for key in KEYS for scorer in ("one", "two")]


def test_every_call_is_told_once_as_a_logarithm_and_a_failed_one_is_lost():
    answers = {
        KEYS[0]: Response(key=KEYS[0], status=CallStatus.ANSWERED, text="x", latency=3.0),
        KEYS[1]: Response(key=KEYS[1], status=CallStatus.ERROR, latency=60.0),
    }
    calls = measured_calls(WATCH, PLANNED, CASES, answers)
    assert [(call.series.scorer, call.case_id, call.outcome, call.value) for call in calls] == [
        ("answer-latency", "a", Outcome.PASSED, math.log(3.0)),
        ("answer-latency", "b", Outcome.ERROR, None),
    ]
    assert calls[0].series.estimand is Estimand.GOLDEN_SET


def test_in_an_outage_all_of_it_is_planned_and_lost():
    answers = {key: Response(key=key, status=CallStatus.ERROR) for key in KEYS}
    calls = measured_calls(WATCH, PLANNED, CASES, answers)
    assert {(call.series.scorer, call.outcome) for call in calls} == {
        ("answer-latency", Outcome.ERROR),
        ("answer-cost", Outcome.ERROR),
    }
