"""What every answer tells without being scored."""

import pytest

from watchdog.domain.measure import Measure
from watchdog.domain.response import CallStatus, Response, ResponseKey, ToolCall, Usage
from watchdog.domain.target import Role


def answer(**facts):
    key = ResponseKey(run_id="r", role=Role.CURRENT, case_id="c")
    return Response(**{"key": key, "status": CallStatus.ANSWERED, **facts})


@pytest.mark.parametrize(
    ("measure", "facts", "value"),
    [
        (Measure.LATENCY, {"latency": 2.5}, 2.5),
        (Measure.LATENCY, {"latency": 0.004}, 0.1),
        (Measure.LENGTH, {"text": "x" * 300}, 300.0),
        (Measure.LENGTH, {"text": "Yes."}, 20.0),
        (Measure.TOKENS, {"usage": Usage(output_tokens=120)}, 120.0),
        (Measure.COST, {"cost": 0.0003}, 0.0003),
    ],
)
def test_its_value_is_what_the_answer_tells(measure, facts, value):
    assert measure.of(answer(**facts)) == value


@pytest.mark.parametrize("measure", Measure)
def test_what_an_answer_does_not_tell_is_unknown_and_not_nothing(measure):
    assert measure.of(answer()) is None
    failed = {"status": CallStatus.ERROR, "latency": 9.0, "text": "x", "cost": 1.0, "usage": Usage(output_tokens=9)}
    assert measure.of(answer(**failed)) is None


def test_an_answer_whose_tool_failed_tells_nothing():
    told = answer(latency=2.0, tool_calls=(ToolCall(name="search", error="down"),))
    assert Measure.LATENCY.of(told) is None
