import json

import pytest

from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.target import Role
from watchdog.score.judge.judge import Judge
from watchdog.score.judge.spec import JudgeSpec

RUBRIC = """\
# Helpfulness
3: solves the problem. 2: helps a part of the way. 1: useless or rude."""


class Model:
    """Answers like a judge's model: with the scripted replies in turn, the last one for ever."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.requests = []

    async def __call__(self, request):
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(reply):
            reply = reply(request)
        facts = reply if isinstance(reply, dict) else {"text": reply}
        key = ResponseKey(run_id="", role=Role.PINNED, case_id="")
        defaults = {"status": CallStatus.ANSWERED, "cost": 0.001, "served_model": "judge-2026-08"}
        return Response(key=key, **(defaults | facts))


@pytest.fixture
def model():
    return Model


@pytest.fixture
def verdict():
    return lambda grade, reason="It says what to do.": json.dumps({"reason": reason, "grade": grade})


@pytest.fixture
def spec():
    def make(**changes):
        plain = {
            "name": "helpfulness", "provider": "judge", "model": "judge-1", "rubric": RUBRIC,
            "scale": {1: 0.0, 2: 0.5, 3: 1.0}, "bar": 0.75, "parameters": {"temperature": 0},
        }  # fmt: skip
        return JudgeSpec(**(plain | changes))

    return make


@pytest.fixture
def judge(spec):
    return lambda ask, **changes: Judge(spec=spec(**changes), ask=ask)
