"""Gates that were held, and which of their answers may be used again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, and_, or_, select

from watchdog.domain.gate import GateVerdict
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.store import rows, schema
from watchdog.store.measurements import upsert

#: Keys asked for in one query; databases bound the number of parameters.
_AT_ONCE = 400
#: Characters of an id that may stand for all of it.
_SHORTEST = 6


class GateRow(Struct, frozen=True, kw_only=True):
    """A gate as it is remembered."""

    #: Id of its run.
    id: str
    watch: str
    #: Digest of everything that decides what it asks: an interrupted gate of the same question is continued.
    key: str
    #: Unix time it began.
    at: float
    #: None until there is a verdict.
    verdict: str | None = None
    #: The report as JSON, answers' texts left out.
    report: Mapping[str, Any] | None = None


class Gates:
    """The gates of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, gate: GateRow) -> None:
        """Write a gate down, new or changed."""
        names = ("id", "watch", "key", "at", "verdict", "report")
        upsert(self._connection, schema.gates, [{name: getattr(gate, name) for name in names}])

    def get(self, gate_id: str) -> GateRow | None:
        """The gate of that id, or whose id begins so."""
        if len(gate_id) < _SHORTEST:
            return None
        query = select(schema.gates).where(schema.gates.c.id.startswith(gate_id, autoescape=True)).limit(2)
        found = self._connection.execute(query).mappings().all()
        return GateRow(**found[0]) if len(found) == 1 else None

    def open(self, watch: str, key: str, since: float) -> list[GateRow]:
        """Gates of that question that were interrupted, or measured too little, newest first."""
        c = schema.gates.c
        open_ = or_(c.verdict.is_(None), c.verdict == GateVerdict.NOT_MEASURED.value)
        query = select(schema.gates).where(c.watch == watch, c.key == key, open_, c.at >= since).order_by(c.at.desc())
        return [GateRow(**row) for row in self._connection.execute(query).mappings()]

    def all(self, watch: str, last: int | None = None) -> list[GateRow]:
        """Gates of a watch, newest first."""
        query = select(schema.gates).where(schema.gates.c.watch == watch).order_by(schema.gates.c.at.desc())
        return [GateRow(**row) for row in self._connection.execute(query.limit(last)).mappings()]

    def remember_answers(self, keys: Mapping[ResponseKey, str], at: float) -> None:
        """Which answers belong to which request, so that a later gate need not ask again."""
        values = [{"key": key, **rows.key_row(response), "at": at} for response, key in keys.items()]
        upsert(self._connection, schema.answers, values)

    def answers(self, keys: Collection[str], since: float) -> dict[str, Response]:
        """Answers by the request's key, none older than ``since``; those whose text was deleted are left out."""
        found: dict[str, Response] = {}
        wanted = sorted(keys)
        a, r = schema.answers.c, schema.responses.c
        same = and_(r.run_id == a.run_id, r.role == a.role, r.case_id == a.case_id, r.repeat == a.repeat)
        for start in range(0, len(wanted), _AT_ONCE):
            chunk: Sequence[str] = wanted[start : start + _AT_ONCE]
            query = (
                select(a.key.label("request_key"), schema.responses)
                .select_from(schema.answers.join(schema.responses, same))
                .where(a.key.in_(chunk), r.at >= since, r.status == CallStatus.ANSWERED.value, r.text != "")
            )
            for row in self._connection.execute(query).mappings():
                found[row["request_key"]] = rows.response_of(row)
        return found
