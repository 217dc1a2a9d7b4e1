"""Triages that were asked for, and what was done to features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, select

from watchdog.domain.action import Action, ActionKind
from watchdog.store import schema
from watchdog.store.measurements import upsert


class TriageRow(Struct, frozen=True, kw_only=True):
    """A triage as it is remembered."""

    #: Id of its run where it asked anything; of its own otherwise.
    id: str
    watch: str
    #: Incident it was asked about; empty for none.
    incident: str
    #: Unix time.
    at: float
    diagnosis: str
    #: The report as JSON; no prompt and no answer is in it.
    report: Mapping[str, Any]


class Triages:
    """The triages of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, triage: TriageRow) -> None:
        """Write a triage down, new or changed."""
        upsert(self._connection, schema.triages, [asdict(triage)])

    def all(self, watch: str, last: int | None = None) -> list[TriageRow]:
        """Triages of a watch, newest first."""
        query = select(schema.triages).where(schema.triages.c.watch == watch).order_by(schema.triages.c.at.desc())
        return [TriageRow(**row) for row in self._connection.execute(query.limit(last)).mappings()]


class Actions:
    """What was done to the features of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, action: Action) -> None:
        """Write an action down, new or changed."""
        upsert(self._connection, schema.actions, [{**asdict(action), "kind": action.kind.value}])

    def all(self, watch: str, last: int | None = None) -> list[Action]:
        """Actions on a watch, newest first."""
        query = select(schema.actions).where(schema.actions.c.watch == watch).order_by(schema.actions.c.at.desc())
        found = self._connection.execute(query.limit(last)).mappings()
        return [Action(**{**row, "kind": ActionKind(row["kind"])}) for row in found]
