"""A model server on loopback whose every misbehaviour can be told in advance."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field
from random import Random

import pytest
from aiohttp import web

from watchdog.clock import SystemClock
from watchdog.domain.case import Message
from watchdog.domain.response import Request, ResponseKey
from watchdog.domain.target import Role
from watchdog.domain.watch import Limits
from watchdog.replay.caller import Caller


@dataclass
class Reply:
    """What the server does with one call; without a body it answers properly."""

    status: int = 200
    body: object = None
    headers: dict = field(default_factory=dict)
    delay: float = 0.0
    hang: bool = False
    drop: bool = False
    compressed: bool = False


class ModelServer:
    """Speaks OpenAI chat and Anthropic messages; ``script`` is used up first, then ``default``."""

    def __init__(self):
        self.script = []
        self.default = Reply()
        self.calls = []
        self.in_flight = 0
        self.peak = 0
        self._runner = None
        self.port = None

    async def start(self, port=0):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self):
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def _handle(self, request):
        payload = await request.read()
        asked = json.loads(payload) if payload else None
        headers = request.headers.copy()
        self.calls.append({"path": request.path, "query": dict(request.query), "headers": headers, "body": asked})
        reply = self.script.pop(0) if self.script else self.default
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            if reply.hang:
                await asyncio.sleep(60)
            await asyncio.sleep(reply.delay)
        finally:
            self.in_flight -= 1
        if reply.drop:
            request.transport.abort()
            return web.Response()
        body = reply.body
        if body is None:
            body = proper_answer(request.path, asked) if reply.status == 200 else {"error": {}}
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        content = content.encode() if isinstance(content, str) else content
        coded = gzip.compress(content) if reply.compressed else content
        return web.Response(status=reply.status, body=coded, headers={"content-type": "text/plain", **reply.headers})


def proper_answer(path, body):
    said = body["messages"][-1]["content"] if body and body.get("messages") else ""
    if path.endswith("/messages"):
        return {
            "id": "msg_1",
            "model": "served-1",
            "content": [{"type": "text", "text": f"echo: {said}"}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 5},
        }
    return {
        "id": "chatcmpl-1",
        "model": "served-1",
        "system_fingerprint": "fp_1",
        "choices": [{"message": {"role": "assistant", "content": f"echo: {said}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}},
    }


@pytest.fixture
def reply():
    """Build one scripted reply."""
    return Reply


@pytest.fixture
async def server():
    """Give a running model server."""
    server = ModelServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def elsewhere():
    """Give another one."""
    server = ModelServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def ask():
    """Build a request."""

    def make(text="hello", *, model="m-1", timeout=5.0, **parameters):
        return Request(
            model=model,
            messages=(Message(role="user", content=text),),
            parameters=parameters,
            case_id="c",
            timeout=timeout,
        )

    return make


@pytest.fixture
def key():
    """Build the key of a response."""

    def make(case_id="c", role=Role.CURRENT):
        return ResponseKey(run_id="r", role=role, case_id=case_id)

    return make


@pytest.fixture
async def caller_for():
    """Build callers that are closed after the test."""
    callers = []

    def make(provider, *, clock=None, cost=lambda _model, _usage: None, name="p", **limits):
        caller = Caller(name, provider, Limits(**limits), clock or SystemClock(), Random(1), cost)
        callers.append(caller)
        return caller

    yield make
    for caller in callers:
        await caller.aclose()
