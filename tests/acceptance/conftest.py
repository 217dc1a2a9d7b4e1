"""A simulated provider in a process of its own, a workspace on disk, and the real road or the real command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watchdog.app.build import open_app
from watchdog.domain.alert import AlertState
from watchdog.domain.run import Trigger
from watchdog.pipeline.baseline import freeze_baseline
from watchdog.pipeline.road import Road
from watchdog.simulator.feature import SUPPORT_REPLY
from watchdog.store.store import Store
from watchdog.workspace.locate import shipped

HOUSE = Path(__file__).resolve().parents[2]
WATCH = "support_reply"
PINNED, UPDATED = "sim-1-2026-08", "sim-1-2026-11"
BASELINE_LOOKS = 8
#: The provider on a good day: the alias sim-1 is served by the dated model.
CALM = {
    "models": {
        "*": {"faults": {}, "refusals": 0.0, "latency": 0.0, "retry_after": 1.0, "headroom": {}},
        PINNED: {"quality": 0.93, "faults": {}},
        UPDATED: {"quality": 0.2, "faults": {}},
        "sim-judge": {"faults": {}},
    },
    "aliases": {"sim-1": PINNED, PINNED: None},
}

YAML = """\
version: 1
store: {store}
false_alarms: 1 per 90d
owner: {{ team: ai-eng, vertical: retail }}
providers:
  simulated: {{ kind: openai, base_url: "{url}/v1", api_key: "${{SIM_KEY:-none}}", limits: {limits} }}
  judges: {{ kind: openai, base_url: "{url}/v1", api_key: "${{SIM_KEY:-none}}", limits: {limits} }}
prices:
  {pinned}: {{ input: 0.25, output: 2.0 }}
watches:
  support_reply:
    cases: {{ golden: golden_sets/support_reply }}
    pinned: {{ provider: simulated, model: {pinned}, prompt: golden_sets/support_reply/prompt.md }}
    current: {{ provider: simulated, model: {current}, prompt: golden_sets/support_reply/prompt.md }}
    scorers:
      - case-checks
      - json-fields
      - not-refusal{judge}
    every: 30m
    measures: {{ latency: false }}  # time is hurried here
    smallest_drop: 0.03
    runbook: https://runbooks.example/support-reply{more}
notify:
  - {notify}
"""
JUDGE = "\n      - judge: { use: helpfulness, provider: judges, model: sim-judge }"


class HurriedClock:
    """A clock on which everything takes its time, but an hour passes in a few real seconds."""

    def __init__(self, now: float, pace: float = 100.0) -> None:
        self._start, self._pace, self._skipped, self._begun = now, pace, 0.0, time.monotonic()

    def now(self) -> float:
        return self._start + self.monotonic()

    def monotonic(self) -> float:
        return self._skipped + (time.monotonic() - self._begun) * self._pace

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    def skip(self, seconds: float) -> None:
        """Go on in the story."""
        self._skipped += seconds


@dataclass
class Simulated:
    """A running simulator."""

    process: subprocess.Popen[str]
    url: str

    @classmethod
    def start(cls, port: int = 0) -> Simulated:
        arguments = ["simulate", "--port", str(port), "--json", "--config", "no-workspace.yaml"]
        process = subprocess.Popen(
            [sys.executable, "-m", "eval_watchdog", *arguments], cwd=HOUSE, stdout=subprocess.PIPE, text=True
        )
        line = process.stdout.readline()
        assert line, "the simulator did not start"
        return cls(process, json.loads(line)["url"])

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def control(self, patch: Mapping[str, Any]) -> None:
        _call(f"{self.url}/control", json.dumps(patch).encode())

    def calm(self, asked: int = 0) -> None:
        """A good day, with the luck of one: the same each time, whatever was asked before."""
        _call(f"{self.url}/reset?asked={asked}", b"{}")
        self.control(CALM)

    def stats(self) -> dict[str, Any]:
        return _call(f"{self.url}/stats?cases=1")

    def asked(self) -> dict[tuple[str, str], int]:
        """How often each case was asked of each model."""
        cases = self.stats()["cases"]
        return {(model, case): count for model, counts in cases.items() for case, count in counts.items()}

    def kill(self) -> None:
        """Like a power cut."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def _call(url: str, body: bytes | None = None) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


@dataclass
class Workspace:
    """A folder with a watchdog.yaml whose provider is the simulator."""

    folder: Path
    url: str
    judged: bool = False
    options: dict[str, str] = field(default_factory=dict)

    def write(self, **options: str) -> Workspace:
        """Write watchdog.yaml anew; what was given before stays."""
        self.options |= options
        values = {
            "url": self.url,
            "store": "sqlite:///watchdog.db",
            "limits": "{ concurrency: 8, max_concurrency: 16, timeout: 1, attempts: 2 }",
            "pinned": PINNED,
            "current": "sim-1",
            "judge": JUDGE if self.judged else "",
            "notify": "stdout",
            "more": "",
            **self.options,
        }
        if values["more"]:
            values["more"] = f"\n    {values['more']}"
        (self.folder / "watchdog.yaml").write_text(YAML.format(**values), encoding="utf-8")
        return self

    @classmethod
    def make(cls, folder: Path, url: str, *, judged: bool = False) -> Workspace:
        shutil.copytree(SUPPORT_REPLY, folder / "golden_sets" / WATCH)
        if judged:
            shutil.copytree(shipped("judges") / "helpfulness", folder / "judges" / "helpfulness")
        return cls(folder, url, judged).write()

    def copy(self, folder: Path) -> Workspace:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Workspace(folder, self.url, self.judged, dict(self.options)).write()

    def command(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        return subprocess.run(
            command_line(*arguments), cwd=self.folder, env=environment(), capture_output=True, text=True, check=False,
            timeout=60, **options,
        )  # fmt: skip

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command line and do not wait for it."""
        return subprocess.Popen(
            command_line(*arguments), cwd=self.folder, env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "eval_watchdog", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HOUSE), "NO_COLOR": "1"}


@dataclass(frozen=True)
class Post:
    """A call of our webhook."""

    id: str
    body: dict[str, Any]


class Receiver:
    """A webhook receiver on loopback that keeps what it was sent, and takes its time to say so."""

    def __init__(self, seconds: float = 0.03) -> None:
        self.posts: list[Post] = []
        self.calls = 0
        #: Every call of that number is refused; 0 refuses none.
        self.refuse_every = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.calls += 1
                refused = receiver.refuse_every and receiver.calls % receiver.refuse_every == 0
                if not refused:
                    receiver.posts.append(Post(self.headers["webhook-id"], body))
                time.sleep(seconds)
                with suppress(OSError):  # the sender was killed
                    self.send_response(503 if refused else 204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver():
    """A webhook receiver."""
    receiver = Receiver()
    yield receiver
    receiver.close()


class Story:
    """Looks at a workspace, one every half an hour of the story, in this process."""

    trigger = Trigger.SCHEDULE

    def __init__(self, workspace: Workspace, clock: HurriedClock, every: float = 1800.0) -> None:
        self.workspace, self.clock, self.every = workspace, clock, every
        self.app = open_app(workspace.folder, {}, clock)
        self.looks = []

    async def close(self) -> None:
        async with self.app:
            pass

    @property
    def road(self) -> Road:
        return self.app.road

    async def look(self, times: int = 1):
        """Look; the last look."""
        for _ in range(times):
            self.clock.skip(self.every)
            self.looks.append(await self.road.look(self.app.built(WATCH), self.trigger))
        return self.looks[-1]

    async def reopen(self, url: str = "", **options: str) -> None:
        """Go on with another watchdog.yaml."""
        await self.close()
        self.workspace.url = url or self.workspace.url
        self.workspace.write(**options)
        self.app = open_app(self.workspace.folder, {}, self.clock)

    def freeze(self):
        """A baseline of all looks so far."""
        built = self.app.built(WATCH)
        return freeze_baseline(self.app.store, built, runs=20, by="test", because="first looks", now=self.clock.now())

    def alerts(self) -> list[Any]:
        """Every alert there ever was."""
        with self.app.store.read() as session:
            return session.alerts.all()

    def firing(self) -> set[str]:
        """Names of the alerts that fire now."""
        return {alert.labels["alertname"] for alert in self.alerts() if alert.state is AlertState.FIRING}

    def told(self, looks: int = 1) -> list[tuple[str, str, str]]:
        """(alert_type, alertname, state) of whatever somebody was told of at the last looks."""
        return [
            (each.alert.labels["alert_type"], each.alert.labels["alertname"], each.alert.state.value)
            for look in self.looks[-looks:]
            for each in look.decision.transitions
            if each.notifies
        ]


class ImpatientStory(Story):
    """Waits a second for the database, and not half a minute."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, HurriedClock(time.time(), pace=1.0), every=0.0)
        self.store = Store(self.app.settings.store_url.reveal(), busy_seconds=0.2)

    @property
    def road(self) -> Road:
        return Road(self.store, self.clock, patience=1.0)

    async def close(self) -> None:
        self.store.close()
        await super().close()


@pytest.fixture
async def impatient():
    """Makes stories that soon give up on the database."""
    stories: list[ImpatientStory] = []

    def make(workspace: Workspace) -> ImpatientStory:
        stories.append(ImpatientStory(workspace))
        return stories[-1]

    yield make
    for story in stories:
        await story.close()


@pytest.fixture
def lock():
    """Holds an SQLite database's write lock in another process."""
    hold = (
        "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20);"
        "held.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )

    @contextmanager
    def locked(path: Path) -> Iterator[None]:
        arguments = [sys.executable, "-c", hold, str(path)]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "held\n"
            yield
            process.stdin.close()

    return locked


class SmallDisk:
    """A file system of its own that can be made to be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leave(self, free: int) -> None:
        """Leave so many bytes free."""
        usage = shutil.disk_usage(self.folder)
        pages = -(-(usage.used + free) // 4096)
        options = f"remount,size={4096 * pages}"
        subprocess.run(["mount", "-o", options, str(self.folder)], check=True, capture_output=True)

    def take(self, ledger: Any) -> None:
        """Move a database here."""
        shutil.move(ledger.path, self.folder / ledger.path.name)
        ledger.path = self.folder / ledger.path.name


@pytest.fixture
def small_disk(tmp_path):
    """A disk that can be full; only root can have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"a file system cannot be mounted here: {made.stderr.strip()}")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


async def _walk_to_baseline(workspace: Workspace) -> None:
    story = Story(workspace, HurriedClock(time.time() - 86400.0))
    await story.look(BASELINE_LOOKS)
    assert story.freeze().status == "locked"
    await story.close()


@pytest.fixture(scope="session")
def _shared_simulator():
    simulator = Simulated.start()
    yield simulator
    simulator.close()


@pytest.fixture
def simulator(_shared_simulator):
    """The simulator on a good day."""
    _shared_simulator.calm(BASELINE_LOOKS)
    return _shared_simulator


@pytest.fixture
def start_simulator():
    """Starts simulators of the test's own, which it may kill."""
    started: list[Simulated] = []

    def start(port: int = 0) -> Simulated:
        started.append(Simulated.start(port))
        started[-1].calm(BASELINE_LOOKS)
        return started[-1]

    yield start
    for simulator in started:
        simulator.close()


@pytest.fixture(scope="session")
def _with_baseline(_shared_simulator, tmp_path_factory):
    """Makes workspaces with a baseline of eight looks, one of each kind."""
    made: dict[bool, Workspace] = {}

    def make(*, judged: bool) -> Workspace:
        if judged not in made:
            _shared_simulator.calm()
            made[judged] = Workspace.make(tmp_path_factory.mktemp("calm"), _shared_simulator.url, judged=judged)
            asyncio.run(_walk_to_baseline(made[judged]))
            _shared_simulator.calm(BASELINE_LOOKS)
        return made[judged]

    return make


@pytest.fixture
def workspace(simulator, _with_baseline, tmp_path):
    """A workspace with a locked baseline."""
    return _with_baseline(judged=False).copy(tmp_path)


@pytest.fixture
def judged_workspace(simulator, _with_baseline, tmp_path):
    """A workspace with a judge and a locked baseline."""
    return _with_baseline(judged=True).copy(tmp_path)


@pytest.fixture
async def story(workspace):
    """Looks at a workspace with a baseline."""
    story = Story(workspace, HurriedClock(time.time()))
    yield story
    await story.close()


@pytest.fixture
async def live_story(workspace):
    """Looks now, which other processes may take part in."""
    story = Story(workspace, HurriedClock(time.time(), pace=1.0), every=0.0)
    yield story
    await story.close()


@pytest.fixture
async def live_judged_story(judged_workspace):
    """The same with a judge."""
    story = Story(judged_workspace, HurriedClock(time.time(), pace=1.0), every=0.0)
    yield story
    await story.close()


@pytest.fixture
async def new_story(simulator, tmp_path):
    """Looks at a workspace that has never been looked at."""
    story = Story(Workspace.make(tmp_path, simulator.url), HurriedClock(time.time()))
    yield story
    await story.close()


@pytest.fixture
async def judged_story(judged_workspace):
    """Looks at a workspace with a judge and a baseline."""
    story = Story(judged_workspace, HurriedClock(time.time()))
    yield story
    await story.close()
