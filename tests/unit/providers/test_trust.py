import socket
import ssl

import httpx2
import pytest

from watchdog.providers.trust import trust_for


@pytest.mark.parametrize("bound", [False, True])
def test_trust_that_is_put_off_is_the_usual_one(bound):
    """A redirect may lead from plain HTTP to a server with TLS."""
    put_off, usual = trust_for("http://localhost:8000/v1"), httpx2.create_ssl_context()
    assert isinstance(put_off, ssl.SSLContext)
    assert put_off.cert_store_stats()["x509_ca"] == 0
    made = put_off.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    if bound:
        made = put_off.wrap_socket(socket.socket(), server_hostname="localhost", do_handshake_on_connect=False)
        made.close()
    assert made.context.cert_store_stats() == usual.cert_store_stats()
    assert (made.context.verify_mode, made.context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_server_with_tls_is_held_against_the_usual_trust_from_the_start():
    assert trust_for("https://api.example.com/v1") is True
