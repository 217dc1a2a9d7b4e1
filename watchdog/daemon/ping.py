"""Pings in the manner of Healthchecks: ``URL/start`` before a look, ``URL`` after it, ``URL/fail`` when it failed.

A missing ping is how somebody outside learns that we are gone; a failing one is never our own trouble. Pings leave in
order from a queue of their own and hold up no look. The URL is a secret: it is not logged.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from watchdog.text.log import Log

if TYPE_CHECKING:
    from httpx2 import AsyncClient

_log = Log(__name__)

#: Seconds for one ping, and pings that may wait: what is older tells nobody anything.
TIMEOUT = 5.0
WAITING = 100


def ping_url(base: str, watch: str, ending: str) -> str:
    """``base`` with ``{watch}`` filled in and ``ending`` appended to its path."""
    parts = urlsplit(base.replace("{watch}", quote(watch, safe="")))
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending))


class Pinger:
    """Tells an outside monitor of every look; with no URL it does nothing."""

    def __init__(self, url: str | None) -> None:
        """``url`` may hold ``{watch}``, for one check a watch."""
        self._url = url
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(WAITING)
        self._worker: asyncio.Task[None] | None = None

    def began(self, watch: str) -> None:
        """A look begins."""
        self._put(watch, "/start")

    def finished(self, watch: str) -> None:
        """A look was measured and decided."""
        self._put(watch, "")

    def failed(self, watch: str) -> None:
        """A look broke."""
        self._put(watch, "/fail")

    def _put(self, watch: str, ending: str) -> None:
        if self._url is None:
            return
        if self._queue.full():
            self._queue.get_nowait()
            self._queue.task_done()
        self._queue.put_nowait((watch, ending))
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work(self._url))

    async def _work(self, url: str) -> None:
        import httpx2  # noqa: PLC0415 - only who pings pays for it

        async with httpx2.AsyncClient(timeout=TIMEOUT) as client:
            while True:
                watch, ending = await self._queue.get()
                await _ping(client, ping_url(url, watch, ending), watch)
                self._queue.task_done()

    async def stop(self, patience: float = TIMEOUT) -> None:
        """Send what waits, for at most ``patience`` seconds."""
        if self._worker is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._queue.join()
        self._worker.cancel()
        await asyncio.wait([self._worker])
        self._worker = None


async def _ping(client: AsyncClient, url: str, watch: str) -> None:
    try:
        answer = await client.get(url)
        trouble = "" if answer.is_success else f"HTTP {answer.status_code}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the pings to come
        trouble = type(error).__name__
    if trouble:
        _log.warning("a heartbeat ping did not arrive", action="ping-failed", watch=watch, error=trouble)
