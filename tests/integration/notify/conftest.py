"""Real receivers on loopback: a recording HTTP server, and a real Alertmanager that notifies it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState, Cause, Reason
from watchdog.domain.digest import digest
from watchdog.notify.delivery import Delivery

#: A small tree with seconds for minutes: the dead man's switch, and one receiver for everything else.
CONFIG = """
global: { resolve_timeout: 6s }
route:
  receiver: team
  group_by: [alert_type, feature]
  group_wait: 300ms
  group_interval: 1s
  repeat_interval: 1h
  routes:
  - { matchers: ['alertname = Watchdog'], receiver: deadman, group_wait: 0s, group_interval: 1s, repeat_interval: 2s }
receivers:
- { name: team, webhook_configs: [ { url: 'SINK/team', send_resolved: true } ] }
- { name: deadman, webhook_configs: [ { url: 'SINK/deadman', send_resolved: false } ] }
"""


def alert_of(metric: str = "is-json", state: AlertState = AlertState.FIRING, now: float | None = None, **more: Any):
    at = time.time() if now is None else now
    labels = {
        "alertname": "EvalDrift",
        "alert_type": "model",
        "severity": "page",
        "feature": "support",
        "metric": metric,
        **more.pop("labels", {}),
    }
    values: dict[str, Any] = {
        "fingerprint": digest(labels),
        "labels": labels,
        "annotations": {"summary": f"{metric} is worse"},
        "state": state,
        "starts_at": at - 5,
        "updated_at": at,
        "fired_at": at - 5,
        "resolved_at": at if state is AlertState.RESOLVED else None,
        "reason": Reason.HELD,
        "cause": Cause.PROVIDER_MODEL,
    }
    return Alert(**{**values, **more})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something holds, and fail when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


class Receiver:
    """An HTTP server that records every POST and answers as it is told."""

    def __init__(self, port: int = 0) -> None:
        self.posts: list[dict[str, Any]] = []
        self.gets: list[dict[str, Any]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""
        #: What makes the JSON body of an answer out of a post; ``body`` when None.
        self.answer: Callable[[dict[str, Any]], Any] | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                posted = {"path": self.path, "headers": dict(self.headers.items()), "raw": raw}
                outer.posts.append(posted)
                self.reply(posted)

            def do_GET(self):
                asked = {"path": self.path, "headers": dict(self.headers.items())}
                outer.gets.append(asked)
                self.reply(asked)

            def reply(self, posted):
                body = outer.body if outer.answer is None else json.dumps(outer.answer(posted)).encode()
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                return None

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def told(self, path: str = "/team") -> list[tuple[str, str]]:
        """(metric or alert name, status) of every notification that Alertmanager sent to a path, in order."""
        bodies = [json.loads(post["raw"]) for post in list(self.posts) if post["path"] == path]
        return [
            (alert["labels"].get("metric", alert["labels"]["alertname"]), alert["status"])
            for body in bodies
            for alert in body["alerts"]
        ]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Alertmanager:
    """A real one, that can be killed and started again on the same port."""

    def __init__(self, binary: str, directory: Any, sink: str) -> None:
        self.binary, self.directory = binary, directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = directory / "alertmanager.yml"
        self.config.write_text(CONFIG.replace("SINK", sink))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.directory / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [
                    self.binary,
                    f"--config.file={self.config}",
                    f"--storage.path={self.directory / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                    "--log.level=warn",
                ],
                stdout=log,
                stderr=log,
            )
        until(lambda: self.get("/-/ready") is not None)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def get(self, path: str) -> str | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
        except OSError:
            return None
        finally:
            connection.close()
        return text if answer.status == 200 else None

    def alerts(self) -> list[dict[str, Any]]:
        return json.loads(self.get("/api/v2/alerts") or "[]")


class Outbox:
    """Durable state without durability, for one channel."""

    def __init__(self) -> None:
        self.live: dict[str, Alert] = {}
        self.rows: dict[str, tuple[Delivery, float]] = {}

    def decide(self, alert: Alert) -> None:
        self.live[alert.id] = alert
        row = Delivery(id=f"{alert.id}-{alert.state}", channel="alertmanager", alert=alert)
        self.rows[row.id] = (row, 0.0)

    def live_alerts(self, channel: str, now: float, keep_resolved_seconds: float) -> list[Alert]:
        return list(self.live.values())

    def due(self, channel: str, now: float, limit: int) -> list[Delivery]:
        return [row for row, due_at in self.rows.values() if due_at <= now and row.channel == channel][:limit]

    def claim(self, channel: str, deliveries: Sequence[Delivery], now: float, seconds: float) -> Sequence[Delivery]:
        return deliveries

    def unsettled(self, channel: str) -> set[str]:
        return {row.alert.id for row, due_at in self.rows.values() if row.channel == channel and due_at < float("inf")}

    def sending(self, channel: str, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            row, due_at = self.rows[delivery.id]
            assert row.channel == channel
            self.rows[delivery.id] = (replace(row, unconfirmed=True), due_at)

    def delivered(self, delivery: Delivery, now: float) -> None:
        del self.rows[delivery.id]

    def failed(self, delivery: Delivery, now: float, error: str, retry_at: float | None) -> None:
        self.rows[delivery.id] = (delivery, float("inf") if retry_at is None else retry_at)


class House:
    """What the tests of this folder build with."""

    alert = staticmethod(alert_of)
    until = staticmethod(until)
    free_port = staticmethod(free_port)
    Receiver = Receiver
    Outbox = Outbox


@pytest.fixture(autouse=True)
def own_logs():
    """Commands set up logging for the process; no test may inherit that."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def house() -> type[House]:
    return House


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def alertmanager(tmp_path, receiver):
    """A running Alertmanager whose receivers are ``receiver``'s /team and /deadman."""
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Alertmanager binary: install prometheus-alertmanager")
        pytest.skip("no Alertmanager binary: install prometheus-alertmanager")
    server = Alertmanager(binary, tmp_path, f"http://127.0.0.1:{receiver.port}")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate for one DNS name; gives its path."""
    if shutil.which("openssl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no openssl binary")
        pytest.skip("no openssl binary")

    def make(name: str) -> str:
        path = tmp_path / f"{name}.pem"
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
        subprocess.run([*command, "-keyout", path, "-out", tmp_path / "cert"], check=True, capture_output=True)
        path.write_text(path.read_text() + (tmp_path / "cert").read_text())
        return str(path)

    return make
