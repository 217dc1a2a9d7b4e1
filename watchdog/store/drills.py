"""Drills that were held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, func, select

from watchdog.domain.drill import Drill, DrillKind, DrillOutcome, Told
from watchdog.store import alert_rows, schema
from watchdog.store.measurements import upsert


class Drills:
    """The drills of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, drill: Drill) -> None:
        """Write a drill down, new or changed."""
        upsert(self._connection, schema.drills, [drill_row(drill)])

    def all(self, *, since: float | None = None) -> list[Drill]:
        """Drills, oldest first."""
        query = select(schema.drills).order_by(schema.drills.c.started_at)
        if since is not None:
            query = query.where(schema.drills.c.started_at >= since)
        return [drill_of(row) for row in self._connection.execute(query).mappings()]

    def unfinished(self) -> list[Drill]:
        """Drills that go on, or were killed."""
        query = select(schema.drills).where(schema.drills.c.finished_at.is_(None))
        return [drill_of(row) for row in self._connection.execute(query).mappings()]

    def passed(self) -> dict[DrillKind, float]:
        """When a drill of each kind last passed; kinds that never did are left out."""
        c = schema.drills.c
        query = (
            select(c.kind, func.max(c.finished_at))
            .where(c.outcome == DrillOutcome.PASSED.value, c.finished_at.is_not(None))
            .group_by(c.kind)
        )
        return {DrillKind(kind): float(at) for kind, at in self._connection.execute(query)}


def drill_row(drill: Drill) -> dict[str, Any]:
    """Row of a drill."""
    values = asdict(drill)
    return values | {
        "kind": drill.kind.value,
        "outcome": None if drill.outcome is None else drill.outcome.value,
        "labels": dict(drill.labels),
        "told": [asdict(one) for one in drill.told],
        "open": [alert_rows.alert_json(alert) for alert in drill.open],
    }


def drill_of(row: Mapping[Any, Any]) -> Drill:
    """Drill of a row."""
    return Drill(
        **{
            **row,
            "kind": DrillKind(row["kind"]),
            "outcome": None if row["outcome"] is None else DrillOutcome(row["outcome"]),
            "told": tuple(Told(**{**one, "receivers": tuple(one["receivers"])}) for one in row["told"]),
            "open": tuple(alert_rows.alert_of(alert) for alert in row["open"]),
        }
    )
