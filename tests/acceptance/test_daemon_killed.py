"""kill -9 of the daemon, two hundred times while it decides and delivers: no transition is lost or contradicted."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from random import Random
from urllib.parse import urlsplit

import pytest

#: For each of two seeds.
KILLS = 100
#: Watches beside the one with a baseline, and the calls that each watch makes at a look.
BESIDE, FEW = 5, 10
CALLS = {"support_reply": 80}
PHASES = {"start": 0.05, "replay": 0.1, "decide": 0.45, "deliver": 0.4}
#: Longest wait at a point before the kill, seconds.
LONGEST = {"start": 1.0, "replay": 0.2, "decide": 0.3, "deliver": 0.1}
NOTIFY = """webhook: {{ url: "{url}/hook", allow_loopback: true }}
  - alertmanager: {{ urls: ["{url}"], resend_every: 1 }}
  - pagerduty: {{ routing_key: key, url: "{url}" }}"""
WATCH = """
  beside_{number}:
    cases: {{ golden: golden_sets/support_reply }}
    current: {{ provider: simulated, model: sim-1, prompt: golden_sets/support_reply/prompt.md }}
    scorers: [not-refusal]
    measures: {{ latency: false, length: false, tokens: false, cost: false }}
    cases_per_look: 10
    every: 1s
"""
POLICY = "policy: { join_within: 0s, reopen_within: 0s }\nwatches:"


class Receivers:
    """A webhook, an Alertmanager and PagerDuty on loopback that write down what they are told and take their time."""

    def __init__(self, seconds=0.02):
        self.hooks, self.pages, self.alerts = [], [], []
        receivers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                path = urlsplit(self.path).path
                if path == "/hook":
                    receivers.hooks.append((self.headers["webhook-id"], body["alerts"][0]))
                elif path == "/v2/enqueue":
                    receivers.pages.append((body["dedup_key"], body["event_action"]))
                elif path == "/api/v2/alerts":
                    receivers.alerts.append((time.time(), body))
                time.sleep(seconds)
                self.answer(202 if path.startswith("/v2/") else 200, {})

            def do_GET(self):
                self.answer(200, receivers.held())

            def answer(self, status, body):
                raw = json.dumps(body).encode()
                with suppress(OSError):  # the sender was killed
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(raw)))
                    self.end_headers()
                    self.wfile.write(raw)

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def posts(self):
        return len(self.hooks) + len(self.pages)

    def held(self):
        """What Alertmanager would hold as firing: the newest message of each alert whose end has not come."""
        newest = {json.dumps(alert["labels"], sort_keys=True): alert for _, body in self.alerts for alert in body}
        return [alert for alert in newest.values() if moment(alert["endsAt"]) > time.time()]

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receivers():
    opened = Receivers()
    yield opened
    opened.close()


class Books:
    """What the database says, read from outside."""

    def __init__(self, folder):
        self.path = folder / "watchdog.db"

    def rows(self, query, *values):
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def firing(self):
        return self.rows("SELECT count(*) FROM alerts WHERE state = 'firing'")[0][0]

    def open(self):
        """Firing ones, and those of which nobody was told yet."""
        return self.rows("SELECT count(*) FROM alerts WHERE state != 'resolved'")[0][0]

    def finished(self):
        return self.rows("SELECT count(*) FROM runs WHERE status = 'finished'")[0][0]

    def done(self, process):
        """How far the look of a process is that is furthest: share of its calls that are recorded."""
        query = (
            "SELECT watch, (SELECT count(*) FROM responses WHERE run_id = runs.id) FROM runs"
            " WHERE status = 'running' AND owner LIKE ?"
        )
        return max(
            (count / CALLS.get(watch, FEW) for watch, count in self.rows(query, f"%:{process.pid}:%")), default=0
        )

    def waiting(self):
        return self.rows("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")[0][0]


@pytest.mark.statistical  # ten minutes each
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_kills_of_the_daemon_lose_no_transition_and_contradict_none(
    workspace, simulator, receivers, capsys, seed
):
    workspace.write(notify=NOTIFY.format(url=receivers.url))
    config = workspace.folder / "watchdog.yaml"
    text = config.read_text()
    beside = "".join(WATCH.format(number=number) for number in range(BESIDE))
    text = text.replace("every: 30m", "every: 1s").replace("watches:", POLICY, 1)
    config.write_text(text.replace("notify:", f"{beside.lstrip()}notify:".replace("beside_0", "  beside_0", 1), 1))
    books, rng, struck = Books(workspace.folder), Random(seed), Counter()
    begun = time.monotonic()
    while struck.total() < KILLS:
        # Between two lives the provider goes and comes, so that alerts fire and are resolved.
        faults = {"401": 1.0} if books.firing() < rng.randint(1, BESIDE) else {}
        simulator.control({"models": {"*": {"faults": faults}, "sim-1-2026-08": {"faults": faults}}})
        phase = rng.choices(list(PHASES), list(PHASES.values()))[0]
        posts, finished, wait = receivers.posts(), books.finished(), rng.uniform(0.0, LONGEST[phase])
        share = rng.random()
        process = workspace.popen("serve", "--port", "0", "--log-level", "error")
        reached = {
            "start": lambda: True,
            "replay": lambda: books.done(process) >= share,  # noqa: B023
            "decide": lambda: books.done(process) >= 1.0,  # noqa: B023
            "deliver": lambda: receivers.posts() > posts or books.finished() > finished + 4 * BESIDE,  # noqa: B023
        }[phase]
        try:
            until(lambda: reached() or process.poll() is not None, 60.0)  # noqa: B023
            time.sleep(wait)
            assert process.poll() is None
        finally:
            process.kill()
            _, errors = process.communicate()
        assert "Traceback" not in errors
        struck[phase] += 1
    seconds = time.monotonic() - begun

    simulator.control({"models": {"*": {"faults": {}}, "sim-1-2026-08": {"faults": {}}}})
    process = workspace.popen("serve", "--port", "0", "--log-level", "error")
    try:
        until(lambda: not books.open() and not books.waiting(), 120.0)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    lawful(books)
    told_by_hook(books, receivers)
    told_by_pager(books, receivers)
    told_to_alertmanager(books, receivers)
    with capsys.disabled():
        episodes = books.rows("SELECT count(*) FROM alerts WHERE fired_at IS NOT NULL")[0][0]
        print(
            f"\n{struck.total()} kills at {dict(struck)} in {seconds:.0f} s; {episodes} alerts fired and ended, "
            f"{len(receivers.hooks)} posts of the webhook, {len(receivers.pages)} events of the pager"
        )


def lawful(books):
    """One open episode of a claim at a time, each fires once and ends once, and every incident is closed."""
    episodes = books.rows("SELECT fingerprint, starts_at, resolved_at FROM alerts ORDER BY fingerprint, starts_at")
    for (one, _, over), (other, begun, _) in pairwise(episodes):
        assert one != other or (over is not None and over <= begun)
    steps = Counter(books.rows("SELECT alert_id, after FROM transitions"))
    assert set(steps.values()) == {1}
    ended = {alert for alert, after in steps if after == "resolved"}
    assert ended == {alert for alert, _ in steps}
    assert books.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)]
    assert books.rows("SELECT count(*) FROM outbox WHERE dead") == [(0,)]
    decided = Counter(books.rows("SELECT run_id, scorer, arm, estimand, tag FROM signals"))
    assert set(decided.values()) == {1}


def told_by_hook(books, receivers):
    """Every transition under its own name, firing before resolved."""
    told = books.rows("SELECT id FROM transitions WHERE after = 'firing' OR (after = 'resolved' AND before = 'firing')")
    assert {name for name, _ in receivers.hooks} == {name for (name,) in told}
    said = {}
    for _, alert in receivers.hooks:
        said.setdefault((alert["fingerprint"], alert["startsAt"]), []).append(alert["status"])
    for statuses in said.values():
        assert statuses == sorted(statuses)
        assert {"firing", "resolved"} == set(statuses)


def told_by_pager(books, receivers):
    """Every incident that rang was triggered and, in the end, resolved; nothing was resolved that was not triggered."""
    keys = {}
    for key, action in receivers.pages:
        keys.setdefault(key, []).append(action)
    owed = [told for (told,) in books.rows("SELECT told FROM incidents") if "pagerduty" in json.loads(told)]
    assert len(keys) == len(owed) > 0
    for actions in keys.values():
        assert actions[0] == "trigger"
        assert actions[-1] == "resolve"


def told_to_alertmanager(books, receivers):
    """Every alert that fired was there as firing, and then as ended; no end was taken back."""
    fired = {round(at * 1000) for (at,) in books.rows("SELECT starts_at FROM alerts WHERE fired_at IS NOT NULL")}
    ended, firing = {}, set()
    for at, body in receivers.alerts:
        for alert in body:
            if alert["labels"]["alertname"] == "Watchdog":
                continue
            episode = (json.dumps(alert["labels"], sort_keys=True), alert["startsAt"])
            if moment(alert["endsAt"]) > at + 30:
                assert episode not in ended, "an end was taken back"
                firing.add(episode)
            else:
                ended[episode] = True
    assert {round(moment(starts_at) * 1000) for _, starts_at in firing} == fired
    assert set(ended) == firing


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def until(reached, seconds):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)
