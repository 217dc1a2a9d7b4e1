"""Where a webhook may go: a URL must not be a way into the machine or the network we run in.

The name is resolved once, every address is looked at, and the call goes to an address that was looked at: a name that
answers differently the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from watchdog.errors import DeliveryError

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int) -> list[Address]:
    """Addresses of a host, in the system's order of preference. Raises DeliveryError when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DeliveryError(f"{host}: the name has no address", retryable=True) from None
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def objection(address: Address, *, plain: bool, allow_loopback: bool, allow_private: bool) -> str:
    """Why a webhook may not call an address; empty if it may. ``plain``: without TLS.

    Link-local addresses (the clouds' metadata services), multicast and unassigned ones are never called.
    """
    real = _inner(address)
    if real.is_loopback:
        return "" if allow_loopback else "it is this machine (allow_loopback)"
    if real.is_link_local or real.is_multicast or real.is_unspecified or real.is_reserved:
        return "it is no ordinary address"
    if not real.is_global:
        return "" if allow_private else "it is a private address (allow_private)"
    return "plain http is only for loopback and private addresses" if plain else ""


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps, or the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
