"""Heartbeat pings over real HTTP."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from watchdog.daemon.ping import WAITING, Pinger, ping_url


@pytest.fixture
async def monitor():
    """A monitor on loopback: its URL, the paths it was asked for, and how it answers."""

    class Monitor:
        def __init__(self):
            self.paths = []
            self.status = 200
            self.delay = 0.0

        async def handle(self, request):
            self.paths.append(request.path_qs)
            await asyncio.sleep(self.delay)
            return web.Response(status=self.status)

    monitor = Monitor()
    runner = web.ServerRunner(web.Server(monitor.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monitor.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield monitor
    await runner.cleanup()


@pytest.mark.parametrize(
    ("base", "ending", "url"),
    [
        ("https://hc/abc", "", "https://hc/abc"),
        ("https://hc/abc/", "/start", "https://hc/abc/start"),
        ("https://hc/key/{watch}", "/fail", "https://hc/key/a%2Fb/fail"),
        ("https://up/push?status=up", "/start", "https://up/push/start?status=up"),
    ],
)
def test_a_ping_url_is_the_base_with_its_ending_in_the_path(base, ending, url):
    assert ping_url(base, "a/b", ending) == url


async def test_pings_arrive_in_order(monitor):
    pinger = Pinger(f"{monitor.url}/id/{{watch}}")
    pinger.began("reply")
    pinger.finished("reply")
    pinger.began("mail")
    pinger.failed("mail")
    await pinger.stop()
    assert monitor.paths == ["/id/reply/start", "/id/reply", "/id/mail/start", "/id/mail/fail"]


async def test_a_monitor_that_refuses_is_logged_without_its_url(monitor, quiet_logs):
    monitor.status = 500
    pinger = Pinger(f"{monitor.url}/secret-id")
    pinger.finished("reply")
    await pinger.stop()
    [event] = quiet_logs
    assert event["action"] == "ping-failed"
    assert event["error"] == "HTTP 500"
    assert "secret-id" not in str(event)


async def test_a_monitor_that_is_not_there_is_logged(quiet_logs):
    pinger = Pinger("http://127.0.0.1:9/id")
    pinger.finished("reply")
    await pinger.stop()
    assert quiet_logs[0]["error"] == "ConnectError"


async def test_a_monitor_that_hangs_holds_nobody_up_and_old_pings_make_room(monitor):
    monitor.delay = 30.0
    pinger = Pinger(monitor.url)
    at = time.monotonic()
    for _ in range(3 * WAITING):
        pinger.finished("reply")
    await pinger.stop(patience=0.1)
    assert time.monotonic() - at < 15.0


async def test_without_a_url_nothing_is_done():
    pinger = Pinger(None)
    pinger.began("reply")
    await pinger.stop()


async def test_the_daemon_pings_around_its_looks(monitor, stepwise, store, eventually):
    from watchdog.clock import SystemClock
    from watchdog.daemon.daemon import Daemon

    def break_second(made):
        if made == 1:
            raise RuntimeError

    watch = stepwise.a_watch()
    look = stepwise.Stepwise(store, fail=break_second)
    delivery = stepwise.QuietDelivery()
    daemon = Daemon(
        {"reply": watch}, look, stepwise.a_plan, store, delivery, SystemClock(), heartbeat=f"{monitor.url}/id"
    )
    await daemon.start()
    await eventually(lambda: len(monitor.paths) >= 4)  # a ping may follow its look, and stopping does not wait long
    await daemon.stop()
    assert monitor.paths[:4] == ["/id/start", "/id", "/id/start", "/id/fail"]
