"""Whom to trust: the certificate authorities of the machine.

Reading them takes a twentieth of a second, and a server on plain HTTP (a gateway beside us, a model on this machine)
asks for none. There they are read when a redirect leads to a server with TLS after all. aiohttp reads them too, when it
is imported, for connections of which it is not told whom to trust; of ours it always is.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from watchdog.providers.deferred import alone


def trust_for(base_url: str) -> ssl.SSLContext | bool:
    """The ``verify`` of an httpx2 client that asks this address."""
    return _LateTrust(ssl.PROTOCOL_TLS_CLIENT) if base_url.startswith("http://") else True


@contextmanager
def trusting_late() -> Iterator[None]:
    """While it lasts, what is imported makes contexts that read the authorities when they are used, if we are alone."""
    at_once = ssl.create_default_context

    def put_off(*arguments: Any, **options: Any) -> ssl.SSLContext:
        if arguments or options or not alone():
            return at_once(*arguments, **options)
        return _LateTrust(ssl.PROTOCOL_TLS_CLIENT)

    ssl.create_default_context = put_off
    try:
        yield
    finally:
        ssl.create_default_context = at_once


@contextmanager
def trusting_as_given() -> Iterator[None]:
    """While it lasts, httpx2 takes a context that it is given as it is.

    So it does anyway, but loads its own transport first, which only knows how to make another.
    """
    import httpx2  # noqa: PLC0415 - loaded with the SDK; runs without one never pay for it

    make = httpx2.create_ssl_context

    def given(verify: Any = True, *arguments: Any, **options: Any) -> ssl.SSLContext:
        certificate = arguments[:1] or (options.get("cert"),)
        if isinstance(verify, ssl.SSLContext) and certificate == (None,):
            return verify
        return make(verify, *arguments, **options)

    httpx2.create_ssl_context = given
    try:
        yield
    finally:
        httpx2.create_ssl_context = make


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
