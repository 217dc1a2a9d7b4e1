"""What people said about alerts: silences, maintenance windows, acknowledgements."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from watchdog.domain.silence import Acknowledgement, Matcher, Silence, SilenceKind
from watchdog.store import schema
from watchdog.store.measurements import upsert

#: Characters of an id that may stand for all of it.
_SHORTEST = 6


class Silences:
    """Silences and maintenance windows, and who is at which alert."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, silences: Iterable[Silence]) -> None:
        """Keep silences, new or changed."""
        values = [
            {
                "id": silence.id,
                "kind": silence.kind.value,
                "matchers": [[matcher.label, matcher.sign, matcher.value] for matcher in silence.matchers],
                "starts_at": silence.starts_at,
                "ends_at": silence.ends_at,
                "author": silence.by,
                "because": silence.because,
                "source": silence.source,
                "ended_by": silence.ended_by,
            }
            for silence in silences
        ]
        upsert(self._connection, schema.silences, values)

    def get(self, silence_id: str) -> Silence | None:
        """The silence of that id, or the only one whose id begins so."""
        if len(silence_id) < _SHORTEST:
            return None
        c = schema.silences.c
        query = select(schema.silences).where(c.id.startswith(silence_id, autoescape=True)).limit(2)
        found = self._connection.execute(query).mappings().all()
        return _silence(found[0]) if len(found) == 1 else None

    def ending_after(self, at: float, *, source: str | None = None) -> list[Silence]:
        """Silences that hold, or are yet to hold, at or after a Unix time, the earliest first."""
        c = schema.silences.c
        query = select(schema.silences).where(c.ends_at > at).order_by(c.starts_at, c.id)
        if source is not None:
            query = query.where(c.source == source)
        return [_silence(row) for row in self._connection.execute(query).mappings()]

    def acknowledge(self, said: Acknowledgement) -> bool:
        """Keep who is at an alert; False when somebody was already, which stays."""
        if self.acknowledged([said.alert_id]):
            return False
        row = {"alert_id": said.alert_id, "author": said.by, "at": said.at, "source": said.source}
        upsert(self._connection, schema.acknowledgements, [row])
        return True

    def acknowledged(self, alert_ids: Collection[str]) -> dict[str, Acknowledgement]:
        """Who is at which of these alerts, by the alert's id."""
        c = schema.acknowledgements.c
        query = select(schema.acknowledgements).where(c.alert_id.in_(sorted(alert_ids)))
        return {
            row["alert_id"]: Acknowledgement(
                alert_id=row["alert_id"], by=row["author"], at=row["at"], source=row["source"]
            )
            for row in self._connection.execute(query).mappings()
        }


def _silence(row: RowMapping) -> Silence:
    values: dict[str, Any] = {name: row[name] for name in ("id", "starts_at", "ends_at", "because", "source")}
    return Silence(
        **values,
        kind=SilenceKind(row["kind"]),
        matchers=tuple(Matcher(*written) for written in row["matchers"]),
        by=row["author"],
        ended_by=row["ended_by"],
    )
