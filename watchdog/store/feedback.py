"""What people said of alerts."""

from __future__ import annotations

from msgspec.structs import asdict
from sqlalchemy import Connection, select

from watchdog.domain.feedback import Feedback
from watchdog.store import schema
from watchdog.store.measurements import upsert


class Feedbacks:
    """Feedback on all alerts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, feedback: Feedback) -> None:
        """Keep a word on an alert; it replaces the one before."""
        upsert(self._connection, schema.alert_feedback, [asdict(feedback)])

    def all(self) -> dict[str, Feedback]:
        """Feedback by the alert's id."""
        query = select(schema.alert_feedback)
        return {row["alert_id"]: Feedback(**row) for row in self._connection.execute(query).mappings()}
