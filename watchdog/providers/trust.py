"""Whom to trust: the certificate authorities of the machine.

Reading them takes a twentieth of a second, and a server on plain HTTP (a gateway beside us, a model on this machine)
asks for none. There they are read when a redirect leads to a server with TLS after all.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any


def trust_for(base_url: str) -> ssl.SSLContext | bool:
    """The ``verify`` of an httpx2 client that asks this address."""
    return _LateTrust(ssl.PROTOCOL_TLS_CLIENT) if base_url.startswith("http://") else True


@cache
def _usual() -> ssl.SSLContext:
    import httpx2  # noqa: PLC0415 - loaded with the SDK; runs without one never pay for it

    return httpx2.create_ssl_context()


class _LateTrust(ssl.SSLContext):
    """Knows no authorities, so that it trusts nobody itself; every TLS connection is made by the usual context.

    asyncio, uvloop and plain sockets all make theirs by one of these two methods.
    """

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        return _usual().wrap_bio(*arguments, **options)

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        return _usual().wrap_socket(*arguments, **options)
