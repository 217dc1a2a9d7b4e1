"""Verifications of fallbacks."""

from __future__ import annotations

from sqlalchemy import Connection, select

from watchdog.domain.verification import FallbackVerdict, Verification
from watchdog.store import schema
from watchdog.store.measurements import upsert


class Verifications:
    """The verifications of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, verification: Verification) -> None:
        """Write a verification down."""
        names = ("id", "watch", "at", "target")
        values = {name: getattr(verification, name) for name in names}
        row = values | {"verdict": verification.verdict.value, "reasons": list(verification.reasons)}
        upsert(self._connection, schema.verifications, [row])

    def all(self, watch: str, last: int | None = None) -> list[Verification]:
        """Verifications of a watch, newest first."""
        c = schema.verifications.c
        query = select(schema.verifications).where(c.watch == watch).order_by(c.at.desc()).limit(last)
        return [
            Verification(**{**row, "verdict": FallbackVerdict(row["verdict"]), "reasons": tuple(row["reasons"])})
            for row in self._connection.execute(query).mappings()
        ]

    def told(self, watch: str, target: str) -> Verification | None:
        """The newest verification of a target that could tell."""
        known = [one for one in self.all(watch) if one.target == target]
        return next((one for one in known if one.verdict is not FallbackVerdict.CANNOT_TELL), None)
