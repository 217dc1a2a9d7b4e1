import pytest

from watchdog.domain.response import CallStatus, ResponseKey, ToolCall
from watchdog.domain.score import Outcome, Score
from watchdog.domain.target import Role
from watchdog.score.outcome import outcome_of, tally

FAILED_TOOL = (ToolCall(name="search", error="timeout"),)


@pytest.mark.parametrize(
    ("facts", "score", "outcome"),
    [
        ({}, Score(value=1.0), Outcome.PASSED),
        ({}, Score(value=0.0), Outcome.FAILED),
        ({}, Score(value=0.8, bar=0.75), Outcome.PASSED),
        ({}, Score.unscored("why"), Outcome.UNSCORED),
        ({}, None, Outcome.NOT_RUN),
        ({"status": CallStatus.ERROR}, None, Outcome.ERROR),
        ({"status": CallStatus.SKIPPED}, None, Outcome.SKIPPED),
        ({"status": CallStatus.NOT_RUN}, None, Outcome.NOT_RUN),
        ({"tool_calls": FAILED_TOOL}, None, Outcome.ERROR),
        ({"tool_calls": FAILED_TOOL}, Score(value=0.0), Outcome.ERROR),
    ],
)
def test_an_outcome_is_never_folded_into_another(respond, facts, score, outcome):
    assert outcome_of(respond("x", **facts), score) is outcome


def test_a_call_of_which_nothing_is_known_was_not_run():
    assert outcome_of(None, None) is Outcome.NOT_RUN


def test_the_tally_accounts_for_every_planned_call_under_every_scorer(respond):
    keys = [ResponseKey(run_id="r1", role=Role.CURRENT, case_id=f"c{number}") for number in range(4)]
    responses = {
        keys[0]: respond("x", key=keys[0]),
        keys[1]: respond("x", key=keys[1]),
        keys[2]: respond(key=keys[2], status=CallStatus.ERROR),
    }
    scores = {
        (keys[0], "a"): Score(value=1.0),
        (keys[0], "b"): Score.unscored("broken"),
        (keys[1], "a"): Score(value=0.0),
    }
    counted = tally(keys, responses, scores, ["a", "b"])
    assert dict(counted.counts) == {
        Outcome.PASSED: 1, Outcome.FAILED: 1, Outcome.UNSCORED: 1, Outcome.ERROR: 2, Outcome.NOT_RUN: 3
    }  # fmt: skip
    assert counted.total == 8
