from __future__ import annotations

import base64

import pytest

from watchdog.errors import UsageError
from watchdog.notify.webhook import WebhookNotifier, sign


def test_the_signature_is_the_one_of_the_specification():
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["hunter2", "whsec_!!!", "whsec_c2hvcnQ=", "whsec_"])
def test_a_secret_that_is_none_is_refused_without_being_repeated(secret):
    with pytest.raises(UsageError) as caught:
        WebhookNotifier(url="https://hooks.example/x", secret=secret)
    assert secret.removeprefix("whsec_") == "" or secret not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://x/y", "hooks.example", "https://", "http://hooks.example/x"])
def test_a_url_that_is_not_https_is_refused(url):
    with pytest.raises(UsageError):
        WebhookNotifier(url=url)


async def test_the_secret_is_not_in_the_repr():
    secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    notifier = WebhookNotifier(url="https://hooks.example/private-path", secret=secret)
    assert secret not in repr(notifier)
    assert "private-path" not in repr(notifier)
    await notifier.aclose()
