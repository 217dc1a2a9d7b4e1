import asyncio

import pytest

from watchdog.domain.case import Case
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.target import Role


@pytest.fixture
def respond():
    """A response with an answer, and whatever else a test wants of it."""

    def make(text="", **facts):
        key = facts.pop("key", None) or ResponseKey(run_id="r1", role=Role.CURRENT, case_id="c1")
        return Response(key=key, status=facts.pop("status", CallStatus.ANSWERED), text=text, **facts)

    return make


@pytest.fixture
def scored(respond):
    """Score a text with a scorer: (value, reason)."""

    def run(scorer, text, *, expected=None, checks=(), **facts):
        case = Case(id="c1", expected=expected, checks=tuple(checks))
        return asyncio.run(scorer.score(case, respond(text, **facts)))

    return run
