"""What was concluded: baselines, observations, detector states, signals, changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from watchdog.domain.baseline import Baseline, BaselineStatus
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Admission, MetricKey, Observation, Unobserved
from watchdog.domain.run import Change
from watchdog.store import rows, schema
from watchdog.store.measurements import upsert


class Baselines:
    """The frozen references of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, baseline: Baseline) -> None:
        """Keep a version, new or changed; those before it are superseded.

        By a candidate only other candidates are: what is in force stays so.
        """
        c = schema.baselines.c
        others = [c.watch == baseline.watch, c.id != baseline.id]
        if baseline.status is BaselineStatus.CANDIDATE:
            others.append(c.status == BaselineStatus.CANDIDATE.value)
        self._connection.execute(update(schema.baselines).where(*others).values(status=BaselineStatus.SUPERSEDED.value))
        upsert(self._connection, schema.baselines, [rows.baseline_row(baseline)])

    def current(self, watch: str) -> Baseline | None:
        """The version that is in force."""
        return self._newest(watch, BaselineStatus.LEARNING, BaselineStatus.LOCKED)

    def candidate(self, watch: str) -> Baseline | None:
        """The version that waits for somebody to lock it."""
        return self._newest(watch, BaselineStatus.CANDIDATE)

    def _newest(self, watch: str, *statuses: BaselineStatus) -> Baseline | None:
        c = schema.baselines.c
        query = (
            select(schema.baselines)
            .where(c.watch == watch, c.status.in_([status.value for status in statuses]))
            .order_by(c.version.desc())
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return rows.baseline_of(row) if row else None

    def all(self, watch: str) -> list[Baseline]:
        """Every version, oldest first."""
        query = select(schema.baselines).where(schema.baselines.c.watch == watch).order_by(schema.baselines.c.version)
        return [rows.baseline_of(row) for row in self._connection.execute(query).mappings()]

    def next_version(self, watch: str) -> int:
        """Number of the next version."""
        query = select(func.max(schema.baselines.c.version)).where(schema.baselines.c.watch == watch)
        return int(self._connection.execute(query).scalar() or 0) + 1


class Detection:
    """Observations, the detectors' states, and what they said."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save_observations(self, observed: Iterable[Observation], unobserved: Iterable[Unobserved] = ()) -> None:
        """Keep the looks, the void ones too."""
        upsert(self._connection, schema.observations, [rows.observation_row(o) for o in observed])
        missing = [
            {
                "run_id": look.run_id,
                **rows.metric_row(look.key),
                "at": look.at,
                "admission": look.admission.value,
                "n": look.n,
                "planned": look.planned,
                "reason": look.reason,
                "case_scores": None,
            }
            for look in unobserved
        ]
        upsert(self._connection, schema.observations, missing)

    def observations(
        self, watch: str, *, since: float | None = None, key: MetricKey | None = None, case_scores: bool = True
    ) -> list[Observation]:
        """Admitted observations of a watch or of one metric, oldest first; without case scores they are small."""
        c = schema.observations.c
        wanted = [column for column in c if case_scores or column is not c.case_scores]
        query = select(*wanted).where(c.watch == watch, c.admission == Admission.ADMITTED.value)
        if since is not None:
            query = query.where(c.at >= since)
        if key is not None:
            query = query.where(*(c[name] == value for name, value in rows.metric_row(key).items()))
        return [rows.observation_of(row) for row in self._connection.execute(query.order_by(c.at)).mappings()]

    def newest_observations(
        self, key: MetricKey, *, last: int, since: float, before: float = math.inf
    ) -> list[Observation]:
        """The newest admitted observations of one metric in a time, its end left out; oldest first."""
        c = schema.observations.c
        wanted = [c[name] == value for name, value in rows.metric_row(key).items()]
        query = select(schema.observations).where(*wanted, c.admission == Admission.ADMITTED.value, c.at >= since)
        if before < math.inf:
            query = query.where(c.at < before)
        found = self._connection.execute(query.order_by(c.at.desc()).limit(last)).mappings().all()
        return [rows.observation_of(row) for row in reversed(found)]

    def newest_signal(self, key: MetricKey, *, since: float) -> Signal | None:
        """What was said last of one metric since then."""
        c = schema.signals.c
        wanted = [c[name] == value for name, value in rows.metric_row(key).items()]
        query = select(schema.signals).where(*wanted, c.at >= since).order_by(c.at.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return rows.signal_of(row) if row else None

    def unobserved(self, run_id: str) -> dict[MetricKey, str]:
        """Metrics that a run could not observe, and why."""
        c = schema.observations.c
        query = select(schema.observations).where(c.run_id == run_id, c.admission != Admission.ADMITTED.value)
        return {rows.metric_of(row): row["reason"] for row in self._connection.execute(query).mappings()}

    def states(self, watch: str, baseline_id: str) -> dict[MetricKey, Mapping[str, Any]]:
        """Detector states under a baseline, by metric."""
        c = schema.detector_states.c
        query = select(schema.detector_states).where(c.watch == watch, c.baseline_id == baseline_id)
        return {rows.metric_of(row): row["state"] for row in self._connection.execute(query).mappings()}

    def save_states(self, baseline_id: str, run_id: str, states: Mapping[MetricKey, Mapping[str, Any]]) -> None:
        """Keep the states after a look."""
        values = [
            {**rows.metric_row(key), "baseline_id": baseline_id, "run_id": run_id, "state": state}
            for key, state in states.items()
        ]
        upsert(self._connection, schema.detector_states, values)

    def save_signals(self, signals: Sequence[Signal]) -> None:
        """Keep what the detectors said."""
        upsert(self._connection, schema.signals, [rows.signal_row(signal) for signal in signals])

    def signals(self, watch: str, *, run_id: str | None = None, since: float | None = None) -> list[Signal]:
        """Signals of a watch, oldest first."""
        c = schema.signals.c
        query = select(schema.signals).where(c.watch == watch)
        if run_id is not None:
            query = query.where(c.run_id == run_id)
        if since is not None:
            query = query.where(c.at >= since)
        return [rows.signal_of(row) for row in self._connection.execute(query.order_by(c.at)).mappings()]

    def save_changes(self, watch: str, changes: Iterable[Change]) -> list[Change]:
        """Keep changes of the subject; one that is known keeps its first date. Those that were not known."""
        known = {(change.role, change.what, change.before, change.after) for change in self.changes(watch)}
        new = [c for c in changes if (c.role, c.what, c.before[:400], c.after[:400]) not in known]
        upsert(self._connection, schema.changes, [rows.change_row(watch, change) for change in new])
        return new

    def changes(self, watch: str, *, since: float | None = None) -> list[Change]:
        """Changes of a watch's subject, oldest first."""
        c = schema.changes.c
        query = select(schema.changes).where(c.watch == watch)
        if since is not None:
            query = query.where(c.at >= since)
        return [rows.change_of(row) for row in self._connection.execute(query.order_by(c.at)).mappings()]
