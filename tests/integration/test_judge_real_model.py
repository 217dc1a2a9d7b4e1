"""A judge over the Anthropic protocol on a real, small model; skipped unless WATCHDOG_TEST_LLM names its server."""

import os
import time

import httpx2
import pytest

from watchdog.domain.case import Case
from watchdog.domain.response import CallStatus, Response, ResponseKey, Usage
from watchdog.domain.target import Role
from watchdog.errors import ErrorKind
from watchdog.score.judge.anchors import calibrate
from watchdog.score.judge.judge import Judge
from watchdog.score.judge.spec import Anchor, JudgeSpec

URL = os.environ.get("WATCHDOG_TEST_LLM", "")
RUBRIC = """\
# Correctness
Compare the answer with the expected answer.
- 3: the answer says the same as the expected answer, in whatever words.
- 1: the answer says something else, or nothing."""


pytestmark = pytest.mark.skipif(not URL, reason="WATCHDOG_TEST_LLM names no server to ask")


class Messages:
    """Asks over the Anthropic Messages protocol."""

    def __init__(self, client):
        self.client = client
        self.calls = 0

    async def __call__(self, request):
        self.calls += 1
        key = ResponseKey(run_id="", role=Role.PINNED, case_id="")
        body = {
            "model": request.model,
            "system": "\n".join(message.content for message in request.messages if message.role == "system"),
            "messages": [
                {"role": message.role, "content": message.content}
                for message in request.messages
                if message.role != "system"
            ],
            **request.parameters,
        }
        started = time.monotonic()
        try:
            reply = await self.client.post(f"{URL}/v1/messages", json=body, timeout=300)
            reply.raise_for_status()
        except httpx2.HTTPError as problem:
            return Response(key=key, status=CallStatus.ERROR, error_kind=ErrorKind.CONNECTION, error=str(problem))
        said = reply.json()
        return Response(
            key=key,
            status=CallStatus.ANSWERED,
            text="".join(part.get("text", "") for part in said["content"]),
            usage=Usage(output_tokens=said["usage"]["output_tokens"]),
            served_model=said["model"],
            latency=time.monotonic() - started,
            cost=0.0,
        )


@pytest.fixture
async def ask():
    async with httpx2.AsyncClient() as client:
        yield Messages(client)


@pytest.fixture
def judge(ask):
    spec = JudgeSpec(
        name="correctness", provider="local", model="strong", rubric=RUBRIC, scale={1: 0.0, 3: 1.0}, bar=1.0,
        parameters={"temperature": 0, "max_tokens": 120},
    )  # fmt: skip
    return Judge(spec=spec, ask=ask)


def answered(text):
    return Response(key=ResponseKey(run_id="r", role=Role.CURRENT, case_id="c"), status=CallStatus.ANSWERED, text=text)


async def test_a_real_model_gives_a_verdict_on_the_scale_that_names_its_instrument(judge):
    case = Case(id="c", variables={"input": "What is the capital of France?"}, expected="Paris")
    score = await judge.score(case, answered("It is Paris."))
    assert score.value in {0.0, 1.0}, score.reason
    assert score.details["grade"] in {"1", "3"}
    assert score.details["served_model"]
    assert score.reason


async def test_real_anchors_are_graded_and_accounted_for(judge, ask):
    question = {"input": "Which planet is called the red one?", "expected": "Mars"}
    anchors = [
        Anchor(id="right", answer="It is Mars.", human="3", **question),
        Anchor(id="wrong", answer="It is Venus.", human="1", **question),
    ]
    result = await calibrate(judge, anchors, concurrency=2)
    assert result.n + result.unscored == len(anchors)
    assert result.n >= 1, dict(result.reasons)
    assert sum(result.confusion.values()) == result.n
    assert len(anchors) <= ask.calls <= 2 * len(anchors)
