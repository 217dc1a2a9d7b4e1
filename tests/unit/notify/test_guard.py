from __future__ import annotations

from ipaddress import ip_address

import pytest

from watchdog.notify.guard import objection

ALWAYS_REFUSED = ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "240.0.0.1", "::", "::ffff:169.254.169.254"]
PRIVATE = ["10.0.0.8", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.8", "64:ff9b::a00:8"]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1"]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"]


def refused(address: str, *, plain=False, allow_loopback=False, allow_private=False) -> bool:
    why = objection(ip_address(address), plain=plain, allow_loopback=allow_loopback, allow_private=allow_private)
    return bool(why)


@pytest.mark.parametrize("address", [*ALWAYS_REFUSED, *PRIVATE, *LOOPBACK])
def test_by_default_a_webhook_leads_nowhere_inside(address):
    assert refused(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_needs_tls(address):
    assert not refused(address)
    assert refused(address, plain=True, allow_loopback=True, allow_private=True)


@pytest.mark.parametrize("address", ALWAYS_REFUSED)
def test_metadata_services_are_never_called(address):
    assert refused(address, allow_loopback=True, allow_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_called_when_allowed(address):
    assert not refused(address, plain=True, allow_private=True)
    assert refused(address, allow_loopback=True)


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_called_when_allowed(address):
    assert not refused(address, plain=True, allow_loopback=True)
    assert refused(address, allow_private=True)
