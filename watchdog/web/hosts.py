"""Who may be asked for: a page of a stranger's must not reach us through a name it made up (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Of every answer: nothing is kept, nothing is told on, nothing is framed.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


#: What machines ask for under whatever name they found us: a monitor that is turned away pages that we are down.
FOR_ANY_NAME = frozenset({"/metrics", "/healthz", "/readyz"})
_REFUSAL = (
    "this host name is not served here; add it to 'names' of 'server' in watchdog.yaml, and start 'serve' again\n"
)


class KnownHosts:
    """Answers 421 unless the Host header is an address, ``localhost`` or one of ``names``.

    A rebinding attack always comes under the attacker's name, so a plain address is safe. ``FOR_ANY_NAME`` is served
    under any name: counts and states, neither prompts nor answers.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or not."""
        if (
            scope["type"] == "http"
            and scope["path"] not in FOR_ANY_NAME
            and not self._known(Headers(scope=scope).get("host", ""))
        ):
            await PlainTextResponse(_REFUSAL, status_code=421)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _known(self, header: str) -> bool:
        try:
            host = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        return host in self._names or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
