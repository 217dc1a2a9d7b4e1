"""A provider that answers what it is told to, and callers around it."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from watchdog.clock import ManualClock
from watchdog.domain.case import Message
from watchdog.domain.response import Answer, Request, ResponseKey, Usage
from watchdog.domain.target import Role
from watchdog.domain.watch import Limits
from watchdog.errors import ErrorKind, ProviderError
from watchdog.replay.caller import Caller


class ScriptedProvider:
    """Answers (or raises) the next item of its script, then its last one for ever."""

    def __init__(self, *script):
        self.script = list(script) or [Answer(text="fine")]
        self.calls = []
        self.in_flight = 0
        self.peak = 0
        self.gate = None

    async def complete(self, request):
        self.calls.append(request)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
        finally:
            self.in_flight -= 1
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, BaseException):
            raise step
        return step

    async def aclose(self):
        """Nothing to give up."""


@pytest.fixture
def scripted():
    return ScriptedProvider


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def caller_of(clock):
    def make(provider, *, cost=lambda _model, _usage: None, **limits):
        return Caller("p", provider, Limits(**limits), clock, Random(1), cost)

    return make


@pytest.fixture
def error():
    """Build a provider error of a kind, retryable as the providers make it."""

    def make(kind, *, retry_after=None, message="boom"):
        never = {
            ErrorKind.AUTHENTICATION,
            ErrorKind.PERMISSION,
            ErrorKind.NOT_FOUND,
            ErrorKind.BAD_REQUEST,
            ErrorKind.QUOTA,
            ErrorKind.INTERNAL,
        }
        return ProviderError(message, kind=kind, retryable=kind not in never, retry_after=retry_after)

    return make


@pytest.fixture
def request_of():
    def make(text="hello", *, timeout=5.0, case_id="c"):
        return Request(model="m", messages=(Message(role="user", content=text),), case_id=case_id, timeout=timeout)

    return make


@pytest.fixture
def key():
    def make(case_id="c", role=Role.CURRENT, repeat=0):
        return ResponseKey(run_id="r", role=role, case_id=case_id, repeat=repeat)

    return make


@pytest.fixture
def priced():
    """An answer that costs as many dollars as it has output tokens, with ``cost_of``."""
    return lambda dollars: Answer(text="fine", usage=Usage(input_tokens=0, output_tokens=dollars))


@pytest.fixture
def cost_of():
    return lambda _model, usage: None if usage.output_tokens is None else float(usage.output_tokens)
