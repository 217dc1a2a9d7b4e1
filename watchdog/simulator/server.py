"""The simulator on a socket: OpenAI chat completions, Anthropic messages, an agent, and its control."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from watchdog.errors import UsageError
from watchdog.simulator.simulator import Reply, Simulator
from watchdog.simulator.wire import DIALECTS, Dialect

_DESCRIPTION = {
    "service": "eval-watchdog simulator",
    "answers": ["POST /v1/chat/completions", "POST /v1/messages", "POST /agent", "GET /v1/models"],
    "control": ["GET /control", "POST /control", "GET /stats", "GET /stats?cases=1", "POST /reset?asked=8"],
}
_QUOTA = "You exceeded your current quota, please check your plan and billing details."
#: Size of every limit that headers tell of.
_LIMIT = 10_000
#: Longer than any client waits.
_FOREVER = 86_400.0


class SimulatorServer:
    """A simulator that listens; ``start`` and ``stop`` in the event loop of the caller."""

    def __init__(self, simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> None:
        self._simulator = simulator
        self._host = host
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._requests = 0

    async def start(self) -> str:
        """Listen; the base URL without a slash at its end. With port 0 the system picks a free one."""
        # One callable for every request: no router, no middleware, no access log; that is what makes a call cheap.
        server = web.Server(self._handle, access_log=None, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def stop(self) -> None:
        """Stop listening and break what is still connected."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # -- requests -----------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        dialect = DIALECTS.get(path)
        try:
            if dialect is None:
                return await self._control(request, path)
            if request.method != "POST":
                return _answer({"error": f"{path} takes POST"}, 405)
            return await self._reply(request, dialect)
        except UsageError as error:
            wording = dialect.error(400, str(error), None, "") if dialect else {"error": str(error)}
            return _answer(wording, 400)

    async def _reply(self, request: web.BaseRequest, dialect: Dialect) -> web.StreamResponse:
        """Wait as long as the model takes, then answer or fail as it does."""
        simulator = self._simulator
        simulator.enter()
        try:
            asked = dialect.question(await _body(request), request.headers.get("x-simulator-nonce", ""))
            reply = simulator.reply(asked, agent=dialect.agent)
            self._requests += 1
            request_id = f"{dialect.request_id_prefix}{self._requests:08x}"
            headers = {dialect.request_id_header: request_id, **_limits(dialect, reply)}
            if reply.delay > 0:
                await asyncio.sleep(reply.delay)
            if reply.fault:
                return await self._fail(request, reply, dialect, request_id, headers)
            return _answer(dialect.answer(reply, request_id, time.time()), 200, headers)
        finally:
            simulator.leave()

    async def _fail(
        self, request: web.BaseRequest, reply: Reply, dialect: Dialect, request_id: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        fault = reply.fault
        if fault == "hang":
            await asyncio.sleep(_FOREVER)
        if fault == "drop" and request.transport is not None:
            request.transport.abort()
        if fault in {"hang", "drop", "empty"}:
            return web.Response(body=b"", content_type="application/json", headers=headers)
        if fault == "garbage":
            return web.Response(text="<html><body>It works!</body></html>", content_type="text/html", headers=headers)
        status, code, message = (429, "insufficient_quota", _QUOTA) if fault == "quota" else (int(fault), None, None)
        if reply.retry_after > 0:
            headers["retry-after"] = f"{reply.retry_after:g}"
        return _answer(dialect.error(status, message or _phrase(status), code, request_id), status, headers)

    async def _control(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        simulator, asked = self._simulator, (request.method, path)
        if asked == ("GET", "/"):
            return _answer(_DESCRIPTION)
        if asked == ("GET", "/v1/models"):
            listed = [{"id": name, "object": "model", "created": 0, "owned_by": "sim"} for name in simulator.models()]
            return _answer({"object": "list", "data": listed})
        if asked == ("GET", "/stats"):
            return _answer(simulator.stats(cases=request.query.get("cases", "0") not in {"", "0"}))
        if asked == ("POST", "/reset"):
            simulator.reset(_count(request.query.get("asked", "0")))
        elif asked == ("POST", "/control"):
            simulator.change(await _body(request))
        elif asked != ("GET", "/control"):
            return _answer({"error": f"there is no {request.method} {path}"}, 404)
        return _answer(simulator.control())


async def serve(
    simulator: Simulator,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    on_ready: Callable[[str], None] = lambda _url: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Listen until ``stop`` is set, or for ever; ``on_ready`` gets the base URL."""
    server = SimulatorServer(simulator, host, port)
    on_ready(await server.start())
    try:
        await (stop or asyncio.Event()).wait()
    finally:
        await server.stop()


async def _body(request: web.BaseRequest) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise UsageError("the body is a JSON object")
    return body


def _count(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"'asked' is a count of calls, 0 or more, not {text!r}")
    return int(text)


def _limits(dialect: Dialect, reply: Reply) -> dict[str, str]:
    """What is left of the limits, as headers."""
    told = {}
    for what, share in reply.headroom.items():
        for kind, value in (("limit", _LIMIT), ("remaining", round(share * _LIMIT))):
            told[dialect.limit_header.format(what=what, kind=kind)] = str(value)
    return told


def _answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return web.Response(body=data, status=status, content_type="application/json", headers=headers)


def _phrase(status: int) -> str:
    try:
        return f"{HTTPStatus(status).phrase}."
    except ValueError:
        return "Overloaded." if status == 529 else "Something went wrong."
