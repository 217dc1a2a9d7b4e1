"""Runbooks for whoever followed the link of an alert: the page of its cause, with the watch filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from watchdog.domain.alert import Alert
from watchdog.domain.watch import Watch
from watchdog.protocols import Clock
from watchdog.store.store import Store
from watchdog.web.hosts import HEADERS
from watchdog.workspace.runbooks import INDEX, shipped_pages

#: The page runs nothing and loads nothing.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class RunbookPages:
    """``/runbooks/``, ``/runbooks/PAGE``, ``/runbooks/WATCH`` and ``/runbooks/WATCH/PAGE``."""

    def __init__(
        self,
        watches: Mapping[str, Watch],
        store: Store,
        clock: Clock,
        *,
        own: Mapping[str, str] | None = None,
        wake: Callable[[Alert | None], str] = lambda _alert: "",
    ) -> None:
        """``own``: texts of the watches' own runbooks. ``wake``: who owns an alert, and how they are reached."""
        self._watches = watches
        self._store = store
        self._clock = clock
        self._own = own or {}
        self._wake = wake

    async def page(self, request: Request) -> Response:
        """One of them; nothing that is asked for becomes a path."""
        first, second = (request.path_params.get(name, "").removesuffix(".md") for name in ("first", "second"))
        html = await asyncio.to_thread(self._html, first, second)
        if html is None:
            return PlainTextResponse("there is no such runbook\n", status_code=404, headers=HEADERS)
        return HTMLResponse(html, headers={**HEADERS, "Content-Security-Policy": _POLICY})

    def _html(self, first: str, second: str) -> str | None:
        from watchdog.render.runbook import Filling, rendered, runbook_html  # noqa: PLC0415 - only who asks pays for it

        pages = shipped_pages()
        if first in self._watches and second not in pages and second:
            return None
        if first in self._watches:
            return runbook_html(self._of_watch(first, second))
        page = first or INDEX
        if second or page not in pages:
            return None
        return runbook_html(rendered(pages[page].read_text(encoding="utf-8"), Filling()))

    def _of_watch(self, name: str, page: str) -> str:
        from watchdog.render.runbook import filling, most_urgent, page_of, rendered  # noqa: PLC0415

        own = self._own.get(name, "")
        text = shipped_pages()[page or INDEX].read_text(encoding="utf-8") if page or not own else own
        with self._store.read() as session:
            about = [alert for alert in session.alerts.open(name) if not page or page_of(alert) == page]
            alert = most_urgent(about)
            filled = filling(
                session, self._watches[name], alert, self._clock.now(), wake=self._wake(alert), own=own if page else ""
            )
        return rendered(text, filled)
