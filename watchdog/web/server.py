"""The application on a socket, inside the daemon's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from watchdog.errors import UsageError
from watchdog.text.log import Log

_log = Log(__name__)

#: Seconds that answers under way get when the server stops.
_GRACE = 2


class _Server(uvicorn.Server):
    """Uvicorn without a hand on the process's signals, which are the daemon's, and telling when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves an application from ``start`` to ``stop``."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 9464) -> None:
        """With port 0 the system picks a free one."""
        self._app = app
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; returns the base URL.

        Raises:
            UsageError: the address cannot be had.
        """
        # Bound by us: uvicorn would end the process when the port is taken.
        listening = await asyncio.to_thread(_bound, self._host, self._port)
        self._server = server = _Server(
            uvicorn.Config(
                self._app,
                log_config=None,
                log_level="warning",
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        self._serving.add_done_callback(lambda _ended: server.listening.set())
        await server.listening.wait()
        host, port = listening.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if not ipaddress.ip_address(host).is_loopback:
            _log.warning(
                "the web page can be seen from other machines and asks for no password",
                action="web-open",
                address=address,
            )
        _log.info("the web page is up", action="web-started", address=address)
        return address

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = None


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise UsageError(f"the web page cannot listen on {host}:{port}: {error.strerror or error}") from error
    return listening
