"""The web application: /healthz, /readyz, /metrics, the page and its JSON. Reading only."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from msgspec.structs import asdict
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchdog.daemon.health import Trouble
from watchdog.errors import StoreError
from watchdog.protocols import Clock
from watchdog.store.store import Store
from watchdog.web.hosts import HEADERS, KnownHosts
from watchdog.web.metric_pages import MetricPages
from watchdog.web.metrics import Watching
from watchdog.web.overview import AlertLine, Overview, WatchLine, overview
from watchdog.web.page import iso, page
from watchdog.web.runbook_pages import RunbookPages

#: The page may load nothing, send nothing, and be framed by nobody; its one style sheet carries the nonce.
_POLICY = "default-src 'none'; style-src 'nonce-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Host(Watching, Protocol):
    """What is asked of the daemon."""

    async def troubles(self) -> list[Trouble]:
        """Everything that keeps it from being ready."""


def web_app(
    daemon: Host,
    store: Store,
    clock: Clock,
    registry: CollectorRegistry,
    *,
    hosts: Iterable[str] = (),
    runbooks: RunbookPages | None = None,
) -> Starlette:
    """The application. ``hosts``: names it is asked for under, beside ``localhost`` and addresses.

    ``runbooks``: with what only the workspace knows; without it the pages that come with us are served all the same.
    """
    runbooks = runbooks or RunbookPages(daemon.watches, store, clock)

    def read() -> Overview:
        with store.read() as session:
            return overview(session, daemon.watches, daemon.standings(), clock.now())

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("alive\n", headers=HEADERS)

    async def readyz(_request: Request) -> Response:
        troubles = await daemon.troubles()
        body = {"ready": not troubles, "problems": [asdict(trouble) for trouble in troubles]}
        return JSONResponse(body, status_code=503 if troubles else 200, headers=HEADERS)

    async def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        text = await asyncio.to_thread(encode, registry)
        return Response(text, headers={**HEADERS, "Content-Type": content_type})

    async def start_page(_request: Request) -> Response:
        troubles = await daemon.troubles()
        try:
            view = await asyncio.to_thread(read)
        except StoreError:
            # The troubles say so; the page must not vanish just then.
            view = Overview(at=clock.now(), watches=(), alerts=(), readable=False)
        nonce = secrets.token_urlsafe(16)
        headers = {**HEADERS, "Content-Security-Policy": _POLICY.format(nonce)}
        return HTMLResponse(page(view, troubles, nonce), headers=headers)

    async def watches(_request: Request) -> Response:
        view = await asyncio.to_thread(read)
        return _listing("watches", view, [watch_json(line) for line in view.watches])

    async def alerts(_request: Request) -> Response:
        view = await asyncio.to_thread(read)
        return _listing("alerts", view, [alert_json(line) for line in view.alerts])

    async def store_trouble(_request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status_code=503, headers=HEADERS)

    return Starlette(
        routes=[
            Route("/", start_page),
            Route("/metric", MetricPages(daemon, store, clock).page),
            Route("/runbooks/", runbooks.page),
            Route("/runbooks/{first}", runbooks.page),
            Route("/runbooks/{first}/{second}", runbooks.page),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/api/watches", watches),
            Route("/api/alerts", alerts),
        ],
        middleware=[Middleware(KnownHosts, names=tuple(hosts))],
        exception_handlers={StoreError: store_trouble},
    )


def _listing(name: str, view: Overview, lines: Sequence[dict[str, Any]]) -> Response:
    return JSONResponse({"at": iso(view.at), name: lines}, headers=HEADERS)


def watch_json(line: WatchLine) -> dict[str, Any]:
    """A watch as JSON; times in ISO 8601."""
    times = ("last_look", "last_success", "next_look", "looking_since")
    return {key: _iso_or_none(value) if key in times else value for key, value in asdict(line).items()}


def alert_json(line: AlertLine) -> dict[str, Any]:
    """An alert as JSON; times in ISO 8601."""
    return {**asdict(line), "since": iso(line.since), "summary": line.summary, "runbook": line.runbook}


def _iso_or_none(time: float | None) -> str | None:
    return None if time is None else iso(time)
