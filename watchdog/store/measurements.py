"""What was measured: runs, responses, scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Tally, Trigger
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role
from watchdog.store import rows, schema

#: A run in one of these states has not come to its end.
UNFINISHED = (RunStatus.PLANNED, RunStatus.RUNNING, RunStatus.MEASURED, RunStatus.INTERRUPTED)
#: Runs of these triggers are looks; the others are asked for by name.
LOOKS = tuple(trigger for trigger in Trigger if trigger.is_look)


def upsert(connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; a row whose primary key is there already is replaced. Doing it twice changes nothing."""
    if values:
        connection.execute(_upserting(table, tuple(values[0]), connection.dialect.name), list(values))


@lru_cache(maxsize=128)  # a table has one or two; making it anew took a third of the time of writing a batch
def _upserting(table: Table, names: tuple[str, ...], dialect: str) -> Any:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - only those who use it pay for it

        statement: Any = insert(table)
    else:
        statement = sqlite_insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing(index_elements=keys)


class RunTotals(Struct, frozen=True, kw_only=True):
    """The runs of one watch in one state, summed up."""

    watch: str
    status: RunStatus
    runs: int
    #: US dollars, as far as prices are known, and the calls whose cost is not.
    cost: float
    unpriced: int


class Runs:
    """The runs of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, run: Run) -> None:
        """Write a run down, new or changed."""
        upsert(self._connection, schema.runs, [rows.run_row(run)])

    def get(self, run_id: str) -> Run | None:
        """The run of that id."""
        row = self._connection.execute(select(schema.runs).where(schema.runs.c.id == run_id)).mappings().first()
        return rows.run_of(row) if row else None

    def lock(self, watch: str) -> None:
        """Let no other process open a run of the watch until this transaction ends (SQLite has one writer anyway)."""
        if self._connection.dialect.name == "postgresql":
            number = int(digest(["run of", watch])[:15], 16)
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    def claim(self, run_id: str, owner: str, now: float, lease: float) -> bool:
        """Become the one process that works on a run; False when another one is alive.

        Settled by compare-and-set in the database: of two claims exactly one changes the row.
        """
        c = schema.runs.c
        free = or_(c.owner.is_(None), c.owner == owner, c.lease_until < now)
        changed = self._connection.execute(
            update(schema.runs).where(and_(c.id == run_id, free)).values(owner=owner, lease_until=now + lease)
        )
        return changed.rowcount == 1

    def renew(self, run_id: str, owner: str, now: float, lease: float) -> bool:
        """Work on a run for longer; False when it is no longer this process's, because the lease ran out."""
        c = schema.runs.c
        ours = and_(c.id == run_id, c.owner == owner)
        return self._connection.execute(update(schema.runs).where(ours).values(lease_until=now + lease)).rowcount == 1

    def is_owned(self, watch: str, run_id: str, owner: str) -> bool:
        """Whether a run is still its process's own; until this transaction ends nobody can take it over."""
        self.lock(watch)
        return self.owner(run_id)[0] == owner

    def owner(self, run_id: str) -> tuple[str | None, float | None]:
        """Who works on a run, and until when that is certain."""
        c = schema.runs.c
        row = self._connection.execute(select(c.owner, c.lease_until).where(c.id == run_id)).first()
        return (row[0], row[1]) if row else (None, None)

    def release(self, run_id: str) -> None:
        """Nobody works on the run any more."""
        self._connection.execute(
            update(schema.runs).where(schema.runs.c.id == run_id).values(owner=None, lease_until=None)
        )

    def unfinished(self, watch: str, *, triggers: Collection[Trigger] = LOOKS) -> list[Run]:
        """Runs of a watch that have not come to their end, oldest first."""
        unfinished = schema.runs.c.status.in_([status.value for status in UNFINISHED])
        return self._list(schema.runs.c.watch == watch, _triggered(triggers), unfinished)

    def of_watch(
        self,
        watch: str,
        *,
        since: float | None = None,
        statuses: Collection[RunStatus] = (),
        last: int | None = None,
        triggers: Collection[Trigger] = LOOKS,
    ) -> list[Run]:
        """Runs of a watch, oldest first; ``last`` keeps only the newest so many."""
        conditions: list[Any] = [schema.runs.c.watch == watch, _triggered(triggers)]
        if since is not None:
            conditions.append(schema.runs.c.planned_for >= since)
        if statuses:
            conditions.append(schema.runs.c.status.in_([status.value for status in statuses]))
        return self._list(*conditions, last=last)

    def _list(self, *conditions: Any, last: int | None = None) -> list[Run]:
        query = select(schema.runs).where(*conditions)
        order = (schema.runs.c.planned_for, schema.runs.c.id)
        if last is None:
            found = self._connection.execute(query.order_by(*order)).mappings().all()
        else:
            newest = query.order_by(*(column.desc() for column in order)).limit(last)
            found = self._connection.execute(newest).mappings().all()[::-1]
        return [rows.run_of(row) for row in found]

    def with_anchors(self, like: Run, scorer: str, *, last: int) -> list[Run]:
        """The newest finished runs that graded the anchors of a scorer's judge, the judge of ``like``; oldest first."""
        s = schema.scores.c
        graded = exists().where(
            s.run_id == schema.runs.c.id,
            s.role == Role.JUDGE.value,
            s.scorer == scorer,
            s.scorer_digest == like.instruments.scorers.get(scorer, ""),
        )
        finished = schema.runs.c.status == RunStatus.FINISHED.value
        return self._list(schema.runs.c.watch == like.watch, finished, graded, last=last)

    def save_tally(self, run_id: str, tallies: Mapping[Role, Tally], observed: int) -> None:
        """Outcome counts of a run and how many observations it gave."""
        self._connection.execute(
            update(schema.runs)
            .where(schema.runs.c.id == run_id)
            .values(tally=rows.tally_json(tallies), observed=observed)
        )

    def tally(self, run_id: str) -> dict[Role, Tally]:
        """Outcome counts of a run, by role."""
        value = self._connection.execute(select(schema.runs.c.tally).where(schema.runs.c.id == run_id)).scalar()
        return rows.tally_of(value)

    def blind_looks(self, watch: str) -> int:
        """How many of the newest finished, failed or missed runs in a row gave no observation at all."""
        c = schema.runs.c
        ended = [RunStatus.FINISHED.value, RunStatus.FAILED.value, RunStatus.MISSED.value]
        query = (
            select(c.observed)
            .where(c.watch == watch, _triggered(LOOKS), c.status.in_(ended))
            .order_by(c.planned_for.desc())
            .limit(1000)
        )
        count = 0
        for (observed,) in self._connection.execute(query):
            if observed:
                break
            count += 1
        return count

    def first_planned(self) -> float | None:
        """Planned time of the first run that is remembered."""
        return self._connection.execute(select(func.min(schema.runs.c.planned_for))).scalar()

    def last_success(self, watch: str) -> float | None:
        """When a run of the watch last gave an observation."""
        c = schema.runs.c
        return self._connection.execute(
            select(func.max(c.finished_at)).where(c.watch == watch, c.observed > 0)
        ).scalar()

    def count(self, watch: str, status: RunStatus) -> int:
        """How many runs of a watch are in a state."""
        c = schema.runs.c
        query = select(func.count()).select_from(schema.runs).where(c.watch == watch, c.status == status.value)
        return int(self._connection.execute(query).scalar() or 0)

    def withdraw(self, run_id: str) -> bool:
        """Forget a run that was planned and never begun; False when it is not that any more."""
        c = schema.runs.c
        gone = self._connection.execute(schema.runs.delete().where(c.id == run_id, c.status == RunStatus.PLANNED.value))
        return gone.rowcount == 1

    def totals(self) -> list[RunTotals]:
        """All runs ever, counted by watch and status."""
        c = schema.runs.c
        query = select(
            c.watch,
            c.status,
            func.count(),
            func.coalesce(func.sum(c.cost), 0.0),
            func.coalesce(func.sum(c.unpriced), 0),
        ).group_by(c.watch, c.status)
        return [
            RunTotals(watch=watch, status=RunStatus(status), runs=runs, cost=cost, unpriced=int(unpriced))
            for watch, status, runs, cost, unpriced in self._connection.execute(query)
        ]

    def spent_since(self, watch: str, since: float) -> float:
        """US dollars of a watch's calls since then, judges included; unknown costs are not in it."""
        r, s, c = schema.responses.c, schema.scores.c, schema.runs.c
        calls = (
            select(func.sum(r.cost))
            .select_from(schema.responses.join(schema.runs))
            .where(c.watch == watch, r.at >= since, r.attempts > 0)  # an answer taken over from before is paid
        )
        judged = (
            select(func.sum(s.cost))
            .select_from(schema.scores.join(schema.runs))
            .where(c.watch == watch, c.planned_for >= since)
        )
        return float(self._connection.execute(calls).scalar() or 0) + float(
            self._connection.execute(judged).scalar() or 0
        )

    def save_cases(self, run_id: str, cases: Iterable[Case]) -> None:
        """Keep the sampled cases of a run, so that it can be continued and shown."""
        values = [{"run_id": run_id, "case_id": case.id, "case": rows.case_json(case)} for case in cases]
        upsert(self._connection, schema.run_cases, values)

    def cases(self, run_id: str, *, forgotten: bool = False) -> list[Case]:
        """The sampled cases of a run; with ``forgotten`` also those whose texts are no longer kept."""
        query = select(schema.run_cases.c.case).where(schema.run_cases.c.run_id == run_id)
        if not forgotten:
            query = query.where(~schema.run_cases.c.forgotten)
        return [rows.case_of(value) for (value,) in self._connection.execute(query)]


def _triggered(triggers: Collection[Trigger]) -> ColumnElement[bool]:
    return schema.runs.c.trigger.in_([trigger.value for trigger in triggers])


class Responses:
    """What the targets answered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, responses: Sequence[Response]) -> None:
        """Keep responses; recording one twice changes nothing."""
        upsert(self._connection, schema.responses, [rows.response_row(response) for response in responses])

    def of_run(self, run_id: str) -> list[Response]:
        """All responses of a run."""
        query = select(schema.responses).where(schema.responses.c.run_id == run_id)
        return [rows.response_of(row) for row in self._connection.execute(query).mappings()]

    def recorded(self, run_id: str, *, retry_errors: bool = False) -> set[ResponseKey]:
        """Keys that need no call any more. Skipped calls are owed; failed ones when ``retry_errors``."""
        c = schema.responses.c
        done = [CallStatus.ANSWERED.value] if retry_errors else [CallStatus.ANSWERED.value, CallStatus.ERROR.value]
        query = select(c.run_id, c.role, c.case_id, c.repeat).where(c.run_id == run_id, c.status.in_(done))
        return {rows.key_of(row) for row in self._connection.execute(query).mappings()}

    def forget_text(self, before: float) -> int:
        """Delete the texts of questions and answers older than that; what was counted stays. Returns how many answers.

        What is left of them: a baseline can be frozen from runs whose texts are gone.
        """
        c = schema.responses.c
        changed = self._connection.execute(
            update(schema.responses)
            .where(c.at < before, or_(c.text != "", c.contexts.is_not(None), c.tool_calls.is_not(None)))
            .values(forgotten=c.forgotten + func.length(c.text), text="", contexts=None, tool_calls=None)
        )
        said = and_(c.at < before, c.error_kind.is_not(None), c.error.is_not(None))  # a server's words; kinds stay
        self._connection.execute(update(schema.responses).where(said).values(error=None))
        old = select(schema.runs.c.id).where(schema.runs.c.planned_for < before)
        self._forget_cases(old)
        self._connection.execute(
            update(schema.scores)
            .where(
                schema.scores.c.run_id.in_(old), or_(schema.scores.c.reason != "", schema.scores.c.details.is_not(None))
            )
            .values(reason="", details=None)
        )
        return changed.rowcount

    def _forget_cases(self, old: Select[tuple[str]]) -> None:
        c = schema.run_cases.c
        kept = select(c.run_id, c.case_id, c.case).where(c.run_id.in_(old), ~c.forgotten)
        emptied = [
            {"run_id": row.run_id, "case_id": row.case_id, "case": rows.without_text(row.case), "forgotten": True}
            for row in self._connection.execute(kept)
        ]
        upsert(self._connection, schema.run_cases, emptied)


class Scores:
    """What the scorers said."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, scores: Sequence[ScoreRow]) -> None:
        """Keep scores; recording one twice changes nothing."""
        upsert(self._connection, schema.scores, [rows.score_row(score) for score in scores])

    def of_run(self, run_id: str) -> list[ScoreRow]:
        """All scores of a run."""
        query = select(schema.scores).where(schema.scores.c.run_id == run_id)
        return [rows.score_of(row) for row in self._connection.execute(query).mappings()]
