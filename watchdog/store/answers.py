"""How the answers of looks did: what a counter of good and bad ones is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from sqlalchemy import Connection, case, exists, func, select

from watchdog.domain.response import CallStatus
from watchdog.domain.run import RunStatus
from watchdog.domain.target import Role
from watchdog.store import schema
from watchdog.store.measurements import LOOKS


class Answered(Struct, frozen=True, kw_only=True):
    """The answers of the current target in one finished look."""

    run_id: str
    watch: str
    #: By scorer: answers to golden cases that reached its bar, and those that did not. What was not scored is neither.
    verdicts: Mapping[str, tuple[int, int]]
    #: Seconds that each answer took.
    latencies: tuple[float, ...]


class Answers:
    """The answers of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def finished_since(self, since: float, *, known: Collection[str] = ()) -> list[Answered]:
        """Looks that finished at Unix time ``since`` or later, without those of the run ids ``known``."""
        c = schema.runs.c
        looks = select(c.id, c.watch).where(
            c.status == RunStatus.FINISHED.value,
            c.finished_at >= since,
            c.trigger.in_([trigger.value for trigger in LOOKS]),
        )
        return [
            Answered(run_id=run, watch=watch, verdicts=self._verdicts(run), latencies=self._latencies(run))
            for run, watch in self._connection.execute(looks)
            if run not in known
        ]

    def _verdicts(self, run_id: str) -> dict[str, tuple[int, int]]:
        s, t = schema.scores.c, schema.run_cases.c
        good = func.sum(case((s.value >= s.bar, 1), else_=0))
        # Traffic is sampled with weights: unweighted, its failures would look like more than they are.
        golden = ~exists().where(t.run_id == s.run_id, t.case_id == s.case_id)
        query = (
            select(s.scorer, good, func.count())
            .where(s.run_id == run_id, s.role == Role.CURRENT.value, s.value.is_not(None), golden)
            .group_by(s.scorer)
        )
        return {scorer: (int(passed), count - int(passed)) for scorer, passed, count in self._connection.execute(query)}

    def _latencies(self, run_id: str) -> tuple[float, ...]:
        r = schema.responses.c
        query = select(r.latency).where(
            r.run_id == run_id,
            r.role == Role.CURRENT.value,
            r.status == CallStatus.ANSWERED.value,
            r.latency.is_not(None),
        )
        return tuple(latency for (latency,) in self._connection.execute(query))
