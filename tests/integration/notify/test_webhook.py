from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import time

import pytest

from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError
from watchdog.notify.webhook import WebhookNotifier

RAW = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(RAW).decode()


@pytest.fixture
async def make(receiver):
    made = []

    def notifier(url=f"http://127.0.0.1:{receiver.port}/private-path?token=s3cret", **more):
        made.append(WebhookNotifier(**{"url": url, "allow_loopback": True, "timeout": 5.0, **more}))
        return made[-1]

    yield notifier
    for each in made:
        await each.aclose()


async def test_the_signature_verifies_against_an_independent_computation(house, receiver, make):
    now = time.time()
    await make(secret=SECRET, headers={"authorization": "Bearer x"}).send([house.alert()], now)
    (post,) = receiver.posts
    headers = {name.lower(): value for name, value in post["headers"].items()}
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + post["raw"]
    expected = base64.b64encode(hmac.digest(RAW, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - now) <= 1
    assert headers["authorization"] == "Bearer x"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert post["path"] == "/private-path?token=s3cret"
    assert json.loads(post["raw"])["alerts"][0]["labels"]["metric"] == "is-json"


async def test_the_id_is_the_same_over_retries_and_another_for_the_next_transition(house, receiver, make):
    notifier = make(secret=SECRET)
    firing = house.alert(now=1_790_000_000.0)
    receiver.status = 503
    with pytest.raises(DeliveryError):
        await notifier.send([firing], 1_790_000_001.0)
    receiver.status = 200
    await notifier.send([firing], 1_790_000_031.0)
    await notifier.send([house.alert(state=AlertState.RESOLVED, now=1_790_000_000.0)], 1_790_000_060.0)
    first, again, resolved = [post["headers"]["webhook-id"] for post in receiver.posts]
    assert first == again == f"{firing.id}-firing"
    assert resolved == f"{firing.id}-resolved"


async def test_two_secrets_make_two_signatures_while_they_are_rotated(house, receiver, make):
    other = "whsec_" + base64.b64encode(b"z" * 32).decode()
    await make(secret=f"{SECRET} {other}").send([house.alert()], time.time())
    assert receiver.posts[0]["headers"]["webhook-signature"].count("v1,") == 2


async def test_without_a_secret_nothing_is_signed(house, receiver, make):
    await make().send([house.alert()], time.time())
    assert "webhook-signature" not in {name.lower() for name in receiver.posts[0]["headers"]}


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (410, False),
        (302, False),
        (408, True),
        (425, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
async def test_the_status_decides_whether_it_is_worth_another_try(house, receiver, make, status, retryable):
    receiver.status = status
    receiver.headers = {"Location": "http://127.0.0.1:1/elsewhere"} if status == 302 else {}
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], time.time())
    assert caught.value.retryable is retryable
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("Mon, 21 Sep 2026 14:14:20 GMT", 60.0), ("soon", None), ("-3", None)]
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(house, receiver, make, value, seconds):
    receiver.status, receiver.headers = 429, {"Retry-After": value}
    with pytest.raises(DeliveryError) as caught:
        await make().send([house.alert()], 1_790_000_000.0)
    assert caught.value.retry_after == seconds


async def test_neither_url_nor_secret_nor_the_answer_is_repeated(house, receiver, make):
    receiver.status, receiver.body = 403, b"internal-answer"
    with pytest.raises(DeliveryError) as caught:
        await make(secret=SECRET, headers={"x-key": "hidden"}).send([house.alert()], time.time())
    said = str(caught.value)
    assert said == f"http://127.0.0.1:{receiver.port}: refuses our credentials (403)"
    assert caught.value.__cause__ is None


async def test_a_dead_receiver_is_worth_another_try(house, make):
    with pytest.raises(DeliveryError) as caught:
        await make(url=f"http://127.0.0.1:{house.free_port()}/x").send([house.alert()], time.time())
    assert caught.value.retryable
    assert "no connection" in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433"])
async def test_a_url_into_the_machine_is_refused_however_it_is_written(house, receiver, make, host):
    notifier = make(url=f"http://{host}:{receiver.port}/", allow_loopback=False, allow_private=True)
    with pytest.raises(DeliveryError) as caught:
        await notifier.send([house.alert()], time.time())
    assert receiver.posts == []
    assert not caught.value.retryable or "no address" in str(caught.value)


async def test_a_name_without_an_address_is_tried_again_later(house, make):
    with pytest.raises(DeliveryError) as caught:
        await make(url="https://no-such-name.invalid/x").send([house.alert()], time.time())
    assert caught.value.retryable


async def test_a_name_is_called_by_its_vetted_address_under_its_own_name(house, receiver, make):
    await make(url=f"http://localhost:{receiver.port}/x").send([house.alert()], time.time())
    assert receiver.posts[0]["headers"]["host"] == f"localhost:{receiver.port}"


@pytest.mark.parametrize(("name", "works"), [("localhost", True), ("somebody-else.example", False)])
async def test_tls_is_checked_against_the_name_not_the_vetted_address(house, make, certificate, name, works):
    path = certificate(name)
    server = house.Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    try:
        notifier = make(url=f"https://localhost:{server.port}/x", ca_file=path)
        if works:
            await notifier.send([house.alert()], time.time())
            assert server.posts[0]["headers"]["host"] == f"localhost:{server.port}"
        else:
            with pytest.raises(DeliveryError):
                await notifier.send([house.alert()], time.time())
            assert server.posts == []
    finally:
        server.close()
