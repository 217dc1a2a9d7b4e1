"""The page of one metric, drawn when somebody asks for it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from watchdog.app.build import cadence
from watchdog.domain.watch import Watch
from watchdog.errors import UnknownName
from watchdog.protocols import Clock
from watchdog.store.store import Store
from watchdog.web.hosts import HEADERS
from watchdog.web.metrics import Watching

#: Seconds of looks that a page shows.
REACH = 28 * 86_400.0
#: Drawings carry style attributes, which no nonce can allow. The page runs nothing and loads nothing.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class MetricPages:
    """Pages of the metrics of the watches on duty. A drawing costs a second of CPU: one at a time."""

    def __init__(self, daemon: Watching, store: Store, clock: Clock) -> None:
        self._daemon = daemon
        self._store = store
        self._clock = clock
        self._drawing = asyncio.Lock()

    async def page(self, request: Request) -> Response:
        """``/metric?watch=...&name=...``."""
        asked = request.query_params
        watch = self._daemon.watches.get(asked.get("watch", ""))
        if watch is None:
            return PlainTextResponse("there is no such watch\n", status_code=404, headers=HEADERS)
        try:
            async with self._drawing:
                html = await asyncio.to_thread(self._draw, watch, asked.get("name", ""))
        except UnknownName as error:
            return PlainTextResponse(f"{error}\n", status_code=404, headers=HEADERS)
        return HTMLResponse(html, headers={**HEADERS, "Content-Security-Policy": _POLICY})

    def _draw(self, watch: Watch, name: str) -> str:
        # The libraries that draw cost a second and 50 MB, which a daemon that nobody looks at need not pay.
        from watchdog.render.metric_page import metric_html  # noqa: PLC0415
        from watchdog.render.metric_view import metric_view  # noqa: PLC0415

        since = self._clock.now() - REACH
        with self._store.read() as session:
            view = metric_view(session, watch, name, since=since, cadence=cadence(watch.schedule))
        return metric_html(view)
