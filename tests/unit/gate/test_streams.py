"""From scores and answers to paired differences."""

import pytest

from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, CheckSpec, Estimand
from watchdog.domain.gate import GateVerdict
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Better, Layer
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.score import Outcome
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.gate.decide import judge
from watchdog.gate.ledger import as_this_gates
from watchdog.gate.measure import Measurement
from watchdog.gate.options import GateOptions
from watchdog.gate.streams import BASELINE, CANDIDATE, streams_of
from watchdog.stats.paired import CaseScore, summarise

EXACT = ScorerPlan(name="exact", spec=CheckSpec(name="exact"), better=Better.HIGHER, layer=Layer.QUALITY)
WATCH = Watch(name="reply", feature="reply", owner=Owner(team="ai"), targets={}, scorers=(EXACT,))


def scored(cases, candidate):
    """The baseline passes everything; ``candidate`` gives its score of a case, None where the call failed."""
    calls = []
    for case in cases:
        for role, value in ((BASELINE, 1.0), (CANDIDATE, candidate(case))):
            outcome = Outcome.ERROR if value is None else Outcome.PASSED if value else Outcome.FAILED
            calls.append(ScoredCall(Series("exact", role, Estimand.GOLDEN_SET), case.id, outcome, value))
    return RunScores.collect("run", 0.0, cases, calls, Instruments())


def exact_on(cases, candidate, margin=0.05):
    streams = streams_of(WATCH, scored(cases, candidate), {}, cases, cases, GateOptions(margin=margin))
    return next(stream for stream in streams if stream.name == "exact" and not stream.tag)


@pytest.mark.parametrize(("lost", "verdict"), [(1, GateVerdict.PASS), (2, GateVerdict.NOT_MEASURED)])
def test_a_lost_case_is_lost_though_others_of_its_cluster_are_measured(stage, lost, verdict):
    cases = [Case(id=f"c{number}", cluster=f"talk{number // 10}") for number in range(600)]
    stream = exact_on(cases, lambda case: None if int(case.id[1:]) % 10 < lost else 1.0)
    assert (len(stream.units), stream.asked) == (60, 60)
    assert (stream.lost_cases, stream.asked_cases, stream.planned_cases) == (60 * lost, 600, 600)
    judged = judge([stream], stage(), broken=())
    assert judged.verdict is verdict
    assert verdict is GateVerdict.PASS or "120 of 600 cases were lost" in judged.reasons[0]


def test_a_cluster_weighs_as_much_as_its_cases_do_on_average(stage):
    big = [Case(id=f"a{number}", cluster="talk", weight=10.0) for number in range(50)]
    cases = [*big, *(Case(id=f"b{number}") for number in range(200))]
    worse = {case.id: 0.0 if case.id[0] == "b" and int(case.id[1:]) % 10 == 0 else 1.0 for case in cases}
    stream = exact_on(cases, lambda case: worse[case.id], margin=0.08)
    summary = summarise(
        {case: CaseScore(value=value) for case, value in worse.items()},
        dict.fromkeys(worse, 1.0),
        dict.fromkeys(worse, 0.1),
        weights={case.id: case.weight for case in cases},
        clusters={case.id: "talk" for case in big},
    )
    judged = judge([stream], stage(), broken=())
    assert judged.verdict is GateVerdict.INCONCLUSIVE
    assert judged.metrics[0].effect == pytest.approx(summary.x) == pytest.approx(-20 / 210)
    assert judged.metrics[0].candidate == pytest.approx(summary.level)
    assert judged.metrics[0].baseline == pytest.approx(1.0)


def test_a_budget_of_cost_holds_against_answers_that_were_taken_over_and_nobody_pays_for_them_again(stage):
    cases = [Case(id=f"c{number}") for number in range(100)]
    so_far = Measurement()
    for case in cases:
        for role, cost in ((BASELINE, 0.01), (CANDIDATE, 0.02)):
            key = ResponseKey(run_id="gate", role=role, case_id=case.id)
            asked = Response(key=key, status=CallStatus.ANSWERED, text="hello", attempts=1, cost=cost)
            so_far.responses[key] = as_this_gates(asked, key) if role is BASELINE else asked
    options = GateOptions(margin=0.05, budgets={Measure.COST: 0.2})
    streams = streams_of(WATCH, scored(cases, lambda _case: 1.0), so_far.responses, cases, cases, options)
    judged = judge(streams, stage(), broken=())
    assert judged.verdict is GateVerdict.REGRESSION
    assert "+100 %" in judged.reasons[0]
    assert so_far.cost == pytest.approx(100 * 0.02)


def test_the_same_grades_in_another_order_are_no_difference(stage):
    cases = [Case(id=f"c{number}") for number in range(12)]
    calls = [
        ScoredCall(Series("exact", role, Estimand.GOLDEN_SET), case.id, Outcome.PASSED, grade)
        for case in cases
        for role, grades in ((BASELINE, (0.1, 0.2, 0.3)), (CANDIDATE, (0.3, 0.2, 0.1)))
        for grade in grades
    ]
    scores = RunScores.collect("run", 0.0, cases, calls, Instruments())
    [stream] = [s for s in streams_of(WATCH, scores, {}, cases, cases, GateOptions(margin=0.05)) if s.name == "exact"]
    assert stream.units == (0.0,) * 12
    assert judge([stream], stage(), broken=()).verdict is GateVerdict.INCONCLUSIVE
