"""Callables as a user would write them."""

from __future__ import annotations

import threading

from watchdog.domain.response import Answer
from watchdog.errors import ErrorKind, ProviderError

GATE = threading.Event()


async def echo(request):
    return f"you said {request.messages[-1].content}"


def blocking(request):
    return Answer(text="from a thread", served_model=request.model)


async def detailed(_request):
    return {"text": "t", "usage": {"input_tokens": 3}, "tool_calls": [{"name": "crm", "error": "down"}]}


async def broken(request):
    raise KeyError(request.messages[-1].content)


async def overloaded(_request):
    raise ProviderError("busy", kind=ErrorKind.SERVER, retryable=True)


async def wrong(_request):
    return 42


class Agents:
    @staticmethod
    async def nested(_request):
        return "nested"


def hanging(request):
    GATE.wait(60)
    return "late"


def leaving(request):
    raise SystemExit(3)
