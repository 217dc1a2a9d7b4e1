"""Cases that must pass: any check of theirs is a rule, whether it wakes anybody or not."""

from __future__ import annotations

import pytest

from watchdog.detect.scores import ScoredCall, Series
from watchdog.domain.case import Case, CheckSpec, Estimand, Message
from watchdog.domain.metric import Better, Layer
from watchdog.domain.score import Outcome
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.gate.measure import Measurement
from watchdog.gate.rules import broken_rules
from watchdog.gate.streams import BASELINE, CANDIDATE

PASSED, FAILED, UNSCORED, ERROR = Outcome.PASSED, Outcome.FAILED, Outcome.UNSCORED, Outcome.ERROR


def plan(name="format", *, kind="is-json", pages=True, better=Better.HIGHER):
    return ScorerPlan(name=name, spec=CheckSpec(name=kind), better=better, layer=Layer.QUALITY, pages=pages)


def call(outcome, *, scorer="format", case="c1", role=CANDIDATE):
    value = {PASSED: 1.0, FAILED: 0.0}.get(outcome)
    return ScoredCall(Series(scorer, role, Estimand.GOLDEN_SET), case, outcome, value)


def rules(plans, *calls, tags=("must-pass",)):
    watch = Watch(name="w", feature="f", owner=Owner(team="t"), targets={}, scorers=tuple(plans))
    cases = {
        name: Case(id=name, messages=(Message(role="user", content="hi"),), tags=tags)
        for name in {one.case_id for one in calls}
    }
    return broken_rules(watch, calls, cases, Measurement())


@pytest.mark.parametrize("pages", [True, False])
def test_whether_a_check_wakes_anybody_does_not_matter(pages):
    found = rules([plan(pages=pages)], call(FAILED), call(FAILED, role=BASELINE))
    assert [(rule.case_id, rule.metric, rule.baseline_fails_too) for rule in found.broken] == [("c1", "format", True)]
    assert found.unmeasured == 0
    assert rules([plan(pages=pages)], call(PASSED)).broken == ()
    assert rules([plan(pages=pages)], call(FAILED), tags=()).broken == ()


def test_of_a_check_of_which_less_is_better_what_it_finds_is_the_failure():
    apologies = plan(better=Better.LOWER)
    assert [rule.metric for rule in rules([apologies], call(PASSED)).broken] == ["format"]
    assert rules([apologies], call(FAILED)).broken == ()


def test_one_failed_answer_of_several_is_enough():
    assert len(rules([plan()], call(PASSED), call(FAILED), call(PASSED)).broken) == 1


def test_a_judge_is_no_rule_and_leaves_nothing_unmeasured():
    found = rules([plan("helpful", kind="judge")], call(FAILED, scorer="helpful"), call(UNSCORED, scorer="helpful"))
    assert (found.broken, found.unmeasured) == ((), 0)


def test_every_check_of_a_case_must_be_measured():
    plans = [plan(), plan("length", kind="max-chars")]
    assert rules(plans, call(PASSED), call(PASSED, scorer="length")).unmeasured == 0
    assert rules(plans, call(PASSED), call(ERROR, scorer="length")).unmeasured == 1
    assert rules(plans, call(ERROR), call(ERROR, scorer="length")).unmeasured == 1
    assert rules(plans, call(ERROR), call(PASSED)).unmeasured == 0
    broke = [call(UNSCORED, scorer="length"), call(PASSED, scorer="length", role=BASELINE)]
    assert rules(plans, call(PASSED), *broke).unmeasured == 1


def test_a_check_that_has_nothing_to_say_of_a_case_is_no_rule_for_it():
    plans = [plan(), plan("exact", kind="equals")]
    silent = [call(UNSCORED, scorer="exact"), call(UNSCORED, scorer="exact", role=BASELINE)]
    assert rules(plans, call(PASSED), *silent).unmeasured == 0
    assert rules(plans, call(UNSCORED), *silent).unmeasured == 1, "nothing at all was said of it"
