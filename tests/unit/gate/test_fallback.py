from __future__ import annotations

import pytest

from watchdog.domain.gate import GateArm, GateReport, GateVerdict
from watchdog.domain.verification import FallbackVerdict
from watchdog.gate.fallback import judged


def an_arm(calls=40, errors=0):
    return GateArm(
        provider="second", model="spare", prompt="", prompt_digest="", parameters={}, source="fallback",
        calls=calls, errors=errors,
    )  # fmt: skip


def a_report(verdict, fallback=None, current=None):
    return GateReport(
        id="g", watch="reply", at=1.0, verdict=verdict, reasons=("why",), baseline=current or an_arm(),
        candidate=fallback or an_arm(), changed=("model",), control="concurrent", metrics=(), flips=(), broken=(),
        alpha=0.05, margin=0.1, look=0, looks=5, cases=40, cases_planned=40, calls=80, calls_full=80, cost=0.0,
        unpriced=0, seconds=1.0, seed=1, estimand="on this golden set",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (GateVerdict.PASS, FallbackVerdict.HOLDS),
        (GateVerdict.REGRESSION, FallbackVerdict.DOES_NOT_HOLD),
        (GateVerdict.INCONCLUSIVE, FallbackVerdict.CANNOT_TELL),
        (GateVerdict.NOT_MEASURED, FallbackVerdict.CANNOT_TELL),
    ],
)
def test_a_fallback_holds_when_it_is_not_worse_by_more_than_is_acceptable(verdict, said):
    assert judged(a_report(verdict))[0] is said


def test_a_fallback_that_does_not_answer_does_not_hold():
    verdict, reasons = judged(a_report(GateVerdict.NOT_MEASURED, an_arm(calls=40, errors=39)))
    assert verdict is FallbackVerdict.DOES_NOT_HOLD
    assert reasons == ("spare of second failed in 39 of 40 calls",)


def test_a_current_target_that_does_not_answer_says_nothing_of_the_fallback():
    assert judged(a_report(GateVerdict.NOT_MEASURED, current=an_arm(errors=40)))[0] is FallbackVerdict.CANNOT_TELL
