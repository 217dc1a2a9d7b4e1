import socket
import ssl
import subprocess
import sys
from contextlib import suppress

import httpx2
import pytest

from watchdog.providers.trust import trust_for, trusting_as_given, trusting_late


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


def authorities_of(context):
    return context.cert_store_stats()["x509_ca"]


def test_contexts_made_meanwhile_read_the_authorities_when_they_are_used(monkeypatch):
    monkeypatch.setattr("watchdog.providers.deferred._alone", True)
    at_once, usual = ssl.create_default_context, authorities_of(ssl.create_default_context())
    with trusting_late():
        made, asked = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    assert ssl.create_default_context is at_once
    assert (authorities_of(made), authorities_of(asked)) == (0, usual)
    used = made.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    assert authorities_of(used.context) == authorities_of(httpx2.create_ssl_context())


def test_where_others_code_runs_contexts_are_the_usual_ones(monkeypatch):
    monkeypatch.setattr("watchdog.providers.deferred._alone", False)
    with trusting_late():
        made = ssl.create_default_context()
    assert type(made) is ssl.SSLContext


def test_an_import_that_fails_leaves_everything_as_it_was():
    at_once = ssl.create_default_context
    with pytest.raises(ImportError), trusting_late():
        import there_is_no_such_module  # noqa: F401
    assert ssl.create_default_context is at_once


@pytest.mark.parametrize("fails", [False, True])
def test_a_context_is_taken_as_it_is_given_and_others_are_made_as_ever(fails):
    given, make = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), httpx2.create_ssl_context
    with suppress(ImportError), trusting_as_given():
        assert httpx2.create_ssl_context(verify=given, cert=None, trust_env=True) is given
        assert httpx2.create_ssl_context(given) is given
        assert authorities_of(httpx2.create_ssl_context()) == authorities_of(make())
        assert httpx2.create_ssl_context(verify=False).verify_mode is ssl.CERT_NONE
        with pytest.raises((OSError, ssl.SSLError)), pytest.warns(DeprecationWarning, match="cert"):
            httpx2.create_ssl_context(given, "no-such-certificate.pem")
        if fails:
            raise ImportError
    assert httpx2.create_ssl_context is make


@pytest.mark.parametrize("kind", ["openai_chat.OpenAIProvider", "anthropic_messages.AnthropicProvider"])
def test_a_start_on_plain_http_loads_one_transport(kind):
    module, _, name = kind.partition(".")
    script = f"""
import sys
from watchdog.providers.deferred import nobody_else_is_here
nobody_else_is_here()
from watchdog.providers.{module} import {name}
{name}(api_key="none", base_url="http://127.0.0.1:9/v1").warm_up()
assert "aiohttp" in sys.modules
assert "httpcore2" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
