"""The verdict at one look."""

import pytest
from msgspec.structs import replace

from watchdog.domain.gate import BrokenRule, GateVerdict, Standing, Unit
from watchdog.gate.decide import judge

SAME = [0.0] * 300
WORSE = [-1.0, 0.0, 0.0, 0.0] * 75
BETTER = [1.0, 0.0, 0.0, 0.0] * 75
NOISY = [1.0, -1.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0] * 4


def test_a_candidate_that_is_the_same_passes(stream, stage):
    found = judge([stream(SAME)], stage(), broken=())
    assert found.verdict is GateVerdict.PASS
    assert found.metrics[0].standing is Standing.NOT_WORSE


def test_one_metric_that_is_worse_is_a_regression_whatever_the_others_say(stream, stage):
    found = judge([stream(BETTER, name="a"), stream(WORSE, name="b")], stage(), broken=())
    assert found.verdict is GateVerdict.REGRESSION
    assert [metric.standing for metric in found.metrics] == [Standing.BETTER, Standing.WORSE]
    assert found.reasons == ("b is worse by more than the margin: -25.0 points [-29.2 … -20.8]",)


def test_better_is_said(stream, stage):
    found = judge([stream(SAME, name="a"), stream(BETTER, name="b")], stage(), broken=())
    assert found.verdict is GateVerdict.PASS
    assert "better on b" in found.reasons[0]


def test_a_metric_that_may_be_either_leaves_the_gate_open_and_says_what_would_decide_it(stream, stage):
    found = judge([stream(SAME, name="a"), stream(NOISY, name="b")], stage(), broken=())
    assert found.verdict is GateVerdict.INCONCLUSIVE
    metric = found.metrics[1]
    assert metric.standing is Standing.UNDECIDED
    assert metric.repeats_needed > 1
    assert metric.cases_needed > len(NOISY)
    assert found.metrics[0].cases_needed is None


def test_before_the_last_look_it_goes_on(stream, stage):
    early = stage(fractions=(0.5, 1.0), fraction=0.5, last=False)
    assert judge([stream(NOISY, planned=80)], early, broken=()).verdict is None
    assert judge([stream(WORSE, planned=600)], early, broken=()).verdict is GateVerdict.REGRESSION
    assert judge([stream(SAME, planned=600)], early, broken=()).verdict is GateVerdict.PASS


def test_nothing_passes_early_on_a_handful_of_cases(stream, stage):
    early = stage(fractions=(0.5, 1.0), fraction=0.5, last=False)
    few = stream([0.0] * 40, margin=0.5, planned=80)
    assert judge([few], early, broken=()).verdict is None
    assert judge([few], stage(), broken=()).verdict is GateVerdict.PASS


def test_what_passed_at_an_earlier_look_has_passed(stream, stage):
    found = judge([stream(NOISY)], stage(passed=frozenset({("exact", "")})), broken=())
    assert found.verdict is GateVerdict.PASS


def test_many_metrics_share_the_error_rate(stream, stage):
    """Just beyond the boundary alone, not so beside nineteen others (Holm); a second plain regression does not help."""
    barely = [-1.0] * 11 + [0.0] * 89
    alone = judge([stream(barely)], stage(), broken=())
    assert alone.verdict is GateVerdict.REGRESSION
    others = [stream(SAME, name=f"m{number}") for number in range(19)]
    assert judge([stream(barely), *others], stage(), broken=()).verdict is not GateVerdict.REGRESSION


def test_holm_gives_the_share_of_a_rejected_metric_to_the_rest(stream, stage):
    barely = [-1.0] * 13 + [0.0] * 87
    with_calm = judge([stream(barely), stream(SAME, name="b")], stage(alpha=0.02), broken=())
    with_worse = judge([stream(barely), stream(WORSE, name="b")], stage(alpha=0.02), broken=())
    assert with_calm.metrics[0].standing is Standing.UNDECIDED
    assert with_worse.metrics[0].standing is Standing.WORSE


def test_a_tag_may_fail_the_gate_and_need_not_pass_it(stream, stage):
    tag = stream(NOISY, tag="de", required=False, weight=0.5)
    assert judge([stream(SAME), tag], stage(), broken=()).verdict is GateVerdict.PASS
    bad = replace(tag, units=tuple(WORSE))
    found = judge([stream(SAME), bad], stage(), broken=())
    assert found.verdict is GateVerdict.REGRESSION
    assert found.reasons[0].startswith("exact [de] is worse")


def test_what_is_only_told_decides_nothing(stream, stage):
    told = stream([-0.5] * 100, name="latency", unit=Unit.RATIO, margin=None, required=False, weight=0.0)
    found = judge([stream(SAME), told], stage(), broken=())
    assert found.verdict is GateVerdict.PASS
    assert found.metrics[1].standing is Standing.SLIGHTLY_WORSE


def test_a_budget_that_is_surely_exceeded_is_a_regression(stream, stage):
    slow = stream([-0.5, -0.4, -0.6, -0.5] * 20, name="latency", unit=Unit.RATIO, margin=0.18)
    found = judge([stream(SAME), slow], stage(), broken=())
    assert found.verdict is GateVerdict.REGRESSION
    assert "latency is worse by more than the margin: +65 %" in found.reasons[0]


def test_a_rule_that_is_broken_is_a_regression(stream, stage):
    rule = BrokenRule(case_id="c1", metric="exact", reason="no", baseline_fails_too=False)
    found = judge([stream(SAME)], stage(), broken=(rule,))
    assert found.verdict is GateVerdict.REGRESSION
    assert "c1 must pass" in found.reasons[0]


def test_a_rule_without_an_answer_is_not_measured(stream, stage):
    assert judge([stream(SAME)], stage(), broken=(), unasked_rules=1).verdict is GateVerdict.NOT_MEASURED


@pytest.mark.parametrize(("lost", "verdict"), [(20, GateVerdict.PASS), (40, GateVerdict.NOT_MEASURED)])
def test_too_many_lost_cases_say_nothing_about_quality(stream, stage, lost, verdict):
    found = judge([stream(SAME, asked=300 + lost, planned=300 + lost, lost_cases=lost)], stage(), broken=())
    assert found.verdict is verdict


def test_lost_cases_never_make_a_regression(stream, stage):
    found = judge([stream(WORSE, asked=400, planned=400, lost_cases=100)], stage(), broken=())
    assert found.verdict is GateVerdict.NOT_MEASURED
    assert found.metrics[0].standing is Standing.NOT_MEASURED


def test_an_outage_ends_the_gate_as_soon_as_it_cannot_be_made_good(stream, stage):
    early = stage(fractions=(0.5, 1.0), fraction=0.5, last=False)
    assert judge([stream([0.0] * 44, asked=50, planned=100, lost_cases=6)], early, broken=()).verdict is None
    lost = judge([stream([0.0] * 30, asked=50, planned=100, lost_cases=20)], early, broken=())
    assert lost.verdict is GateVerdict.NOT_MEASURED


def test_the_drop_it_could_have_caught_shrinks_with_the_cases(stream, stage):
    few = judge([stream(NOISY)], stage(), broken=()).metrics[0].detectable
    many = judge([stream(NOISY * 10)], stage(), broken=()).metrics[0].detectable
    assert 0.05 < many < few < 1
