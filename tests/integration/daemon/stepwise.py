"""A look in steps over a real store, for the daemon's tests; run as a script it is a whole daemon process."""

from __future__ import annotations

import asyncio
import sys

from msgspec.structs import replace

from watchdog.clock import SystemClock
from watchdog.daemon.daemon import Daemon
from watchdog.daemon.logs import configure_logs
from watchdog.daemon.until_signal import serve_until_signal
from watchdog.domain.baseline import Instruments
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Subject, Tally, Trigger
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, Schedule, Watch
from watchdog.pipeline.runs import new_run, open_run
from watchdog.store.ownership import may_be_alive, this_process
from watchdog.store.store import Store


def a_watch(name: str = "reply", **schedule) -> Watch:
    target = Target(role=Role.CURRENT, provider="fake", model="m")
    return Watch(
        name=name,
        feature=name,
        owner=Owner(team="ai-eng"),
        targets={Role.CURRENT: target},
        scorers=(),
        schedule=Schedule(**(schedule or {"every": 0.2})),
        runbook="https://example.org/runbook",
    )


def a_plan(watch: str, planned_for: float, trigger: Trigger = Trigger.SCHEDULE) -> Run:
    return new_run(a_watch(watch), Instruments(), Subject(), trigger, planned_for)


class Stepwise:
    """Opens a run as the road does, answers ``steps`` calls one after the other, finishes. ``fail`` may raise."""

    def __init__(self, store: Store, steps: int = 1, seconds: float = 0.0, fail=None) -> None:
        self.store = store
        self.steps = steps
        self.seconds = seconds
        self.fail = fail or (lambda _made: None)
        self.made = 0
        self.under_way = 0
        self.most_at_once = 0
        self.resumed: list[bool] = []

    async def __call__(self, watch: str, trigger: Trigger, planned_for: float, stop: asyncio.Event) -> RunStatus:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            return await self._look(watch, trigger, planned_for, stop)
        finally:
            self.under_way -= 1
            self.made += 1

    async def _look(self, watch, trigger, planned_for, stop):
        opened = await asyncio.to_thread(self._open, watch, trigger, planned_for)
        self.resumed.append(opened.resumed)
        self.fail(self.made)
        for step in range(self._steps_done(opened.run.id), self.steps):
            if stop.is_set():
                return await asyncio.to_thread(self._close, opened.run, RunStatus.INTERRUPTED)
            await asyncio.sleep(self.seconds)
            await asyncio.to_thread(self._answer, opened.run.id, step)
        return await asyncio.to_thread(self._close, opened.run, RunStatus.FINISHED)

    def _open(self, watch, trigger, planned_for):
        with self.store.begin() as session:
            return open_run(
                session,
                a_plan(watch, planned_for, trigger),
                now=SystemClock().now(),
                deadline=3600.0,
                owner=this_process(),
                may_be_alive=may_be_alive,
            )

    def _steps_done(self, run_id):
        with self.store.read() as session:
            return len(session.responses.recorded(run_id))

    def _answer(self, run_id, step):
        key = ResponseKey(run_id=run_id, role=Role.CURRENT, case_id=f"case-{step}")
        with self.store.begin() as session:
            session.responses.record([Response(key=key, status=CallStatus.ANSWERED, text="an answer", at=step)])

    def _close(self, run, status):
        with self.store.begin() as session:
            session.runs.save(replace(run, status=status, finished_at=SystemClock().now(), cost=0.25, unpriced=1))
            if status is RunStatus.FINISHED:
                session.runs.save_tally(run.id, {Role.CURRENT: Tally(counts={Outcome.PASSED: self.steps})}, 1)
            session.runs.release(run.id)
        return status


class QuietDelivery:
    """Counts its passes."""

    def __init__(self) -> None:
        self.passes = 0
        self.health = {}

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.passes += 1


async def _main(url: str, every: float, steps: int, seconds: float) -> int:
    configure_logs(as_json=True)
    store = Store(url)
    store.prepare()
    watch = a_watch(every=every)
    daemon = Daemon(
        {watch.name: watch}, Stepwise(store, steps, seconds), a_plan, store, QuietDelivery(), SystemClock(), grace=10.0
    )
    try:
        return await serve_until_signal(daemon)
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
