"""What was decided about alerts, and what still has to be delivered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, text, update

from watchdog.domain.alert import Alert, AlertState, DeadLetter, Incident, Transition
from watchdog.domain.digest import digest
from watchdog.store import alert_rows, schema
from watchdog.store.measurements import upsert
from watchdog.store.ownership import may_be_alive, this_process

#: What is written in the place of an error while a row is being sent.
BEING_SENT = "being sent"
_UNCLAIMED = {"claimed_by": None, "claimed_until": None}


class Waiting(NamedTuple):
    """A transition that a channel was not told of yet."""

    id: str
    #: As decided.
    alert: Alert
    #: Attempts so far.
    attempts: int
    #: Unix time of the transition.
    at: float
    #: Whether it was being sent when a process ended.
    unconfirmed: bool = False


class Alerts:
    """Alerts, their transitions, incidents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Let nobody else decide on alerts until this transaction ends: incidents go across watches."""
        if self._connection.dialect.name == "postgresql":  # SQLite has one writer anyway
            number = int(digest(["alerts"])[:15], 16)
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    def save(self, watch: str, transitions: Sequence[Transition], channels: Sequence[str]) -> None:
        """Keep decided transitions, and an outbox row for each channel of those that somebody is told of."""
        if not transitions:
            return
        upsert(self._connection, schema.alerts, [alert_rows.alert_row(watch, t.alert) for t in transitions])
        changed = [t for t in transitions if t.before is not t.alert.state]
        history = [
            {
                "id": t.id,
                "alert_id": t.alert.id,
                "before": t.before.value if t.before else None,
                "after": t.alert.state.value,
                "reason": t.reason.value,
                "at": t.at,
            }
            for t in changed
        ]
        upsert(self._connection, schema.transitions, history)
        for transition in changed:
            if transition.notifies:
                self._enqueue(transition, channels)

    def tell(self, news: Iterable[Transition], channels: Sequence[str]) -> None:
        """An outbox row for each channel of something that is no alert of any watch."""
        for transition in news:
            self._enqueue(transition, channels)

    def _enqueue(self, transition: Transition, channels: Sequence[str]) -> None:
        self.enqueue(transition.id, transition.alert, channels, transition.at)

    def enqueue(self, message: str, alert: Alert, channels: Sequence[str], at: float) -> None:
        """An outbox row for each channel; ``message``: its idempotency key, ``at``: Unix time."""
        waiting = [
            {
                "id": message,
                "channel": channel,
                "alert_id": alert.id,
                "alert": alert_rows.alert_json(alert),
                "created_at": at,
                "attempts": 0,
                "due_at": at,
                "delivered_at": None,
                "dead": False,
                "error": None,
            }
            for channel in channels
        ]
        # A transition decided twice (a crash between two commits) is still sent once.
        have = select(schema.outbox.c.channel).where(schema.outbox.c.id == message)
        known = set(self._connection.execute(have).scalars())
        upsert(self._connection, schema.outbox, [row for row in waiting if row["channel"] not in known])

    def open(self, watch: str) -> list[Alert]:
        """Pending and firing alerts of a watch."""
        c = schema.alerts.c
        return self._list(c.watch == watch, c.state != AlertState.RESOLVED.value)

    def all_open(self) -> list[Alert]:
        """Every pending and firing alert."""
        return self._list(schema.alerts.c.state != AlertState.RESOLVED.value)

    def open_by_watch(self) -> dict[str, list[Alert]]:
        """Every pending and firing alert, by the watch it belongs to."""
        c = schema.alerts.c
        query = select(schema.alerts).where(c.state != AlertState.RESOLVED.value).order_by(c.starts_at, c.id)
        found: dict[str, list[Alert]] = {}
        for row in self._connection.execute(query).mappings():
            found.setdefault(row["watch"], []).append(alert_rows.alert_of(row))
        return found

    def firing(self) -> list[Alert]:
        """Every firing alert."""
        return self._list(schema.alerts.c.state == AlertState.FIRING.value)

    def live(self, now: float, keep_resolved: float) -> list[Alert]:
        """Firing alerts, and those that were resolved after firing less than ``keep_resolved`` seconds ago."""
        c = schema.alerts.c
        resolved = and_(
            c.state == AlertState.RESOLVED.value, c.fired_at.is_not(None), c.resolved_at >= now - keep_resolved
        )
        return self._list(or_(c.state == AlertState.FIRING.value, resolved))

    def all(self, *, watch: str | None = None, since: float | None = None) -> list[Alert]:
        """Alerts, oldest first."""
        conditions: list[Any] = []
        if watch is not None:
            conditions.append(schema.alerts.c.watch == watch)
        if since is not None:
            conditions.append(schema.alerts.c.updated_at >= since)
        return self._list(*conditions)

    def get(self, alert_id: str) -> Alert | None:
        """The alert of that id."""
        return next(iter(self._list(schema.alerts.c.id == alert_id)), None)

    def watch_of(self, alert_id: str) -> str | None:
        """Watch that an alert belongs to."""
        query = select(schema.alerts.c.watch).where(schema.alerts.c.id == alert_id)
        return self._connection.execute(query).scalar()

    def _list(self, *conditions: Any) -> list[Alert]:
        query = select(schema.alerts).where(*conditions).order_by(schema.alerts.c.starts_at, schema.alerts.c.id)
        return [alert_rows.alert_of(row) for row in self._connection.execute(query).mappings()]

    def save_incidents(self, incidents: Iterable[Incident]) -> None:
        """Keep incidents, new or changed."""
        upsert(self._connection, schema.incidents, [alert_rows.incident_row(incident) for incident in incidents])

    def live_incidents(self, closed_since: float) -> list[Incident]:
        """Incidents of any watch that are open, or were closed since then (Unix time); oldest first."""
        c = schema.incidents.c
        live = or_(c.closed_at.is_(None), c.closed_at >= closed_since)
        query = select(schema.incidents).where(live).order_by(c.opened_at, c.id)
        return [alert_rows.incident_of(row) for row in self._connection.execute(query).mappings()]

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id."""
        query = select(schema.incidents).where(schema.incidents.c.id == incident_id)
        row = self._connection.execute(query).mappings().first()
        return alert_rows.incident_of(row) if row else None

    def incidents(self, *, since: float | None = None) -> list[Incident]:
        """All incidents, oldest first."""
        query = select(schema.incidents).order_by(schema.incidents.c.opened_at)
        if since is not None:
            query = query.where(schema.incidents.c.opened_at >= since)
        return [alert_rows.incident_of(row) for row in self._connection.execute(query).mappings()]


#: Seconds ahead at which nothing is ever due: receivers that ask for longer are asked again by then.
_FARTHEST = 3600.0


class Outbox:
    """Transitions on their way to the channels."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, channel: str, now: float, limit: int | None = None) -> list[Waiting]:
        """Rows to be sent now, oldest first, without those that somebody sends already.

        Never one whose alert has an older row that is still waiting: *resolved* may not overtake *firing*.
        """
        c, older = schema.outbox.c, schema.outbox.alias("older").c
        overtaken = exists().where(
            older.channel == channel,
            older.alert_id == c.alert_id,
            older.created_at < c.created_at,
            older.delivered_at.is_(None),
            older.dead.is_(False),
        )
        query = (
            select(c.id, c.alert, c.attempts, c.created_at, c.error)
            .where(*self._to_send(channel, now), ~overtaken)
            .order_by(c.created_at, c.id)
            .limit(limit)
        )
        return [
            Waiting(row.id, alert_rows.alert_of(row.alert), row.attempts, row.created_at, row.error == BEING_SENT)
            for row in self._connection.execute(query)
        ]

    def claim(self, channel: str, row_ids: Iterable[str], now: float, seconds: float) -> set[str]:
        """Those of the rows that are to be sent now and that nobody sends: for so long nobody else does.

        The claim of a process that is known to be gone holds nobody up.
        """
        claimed = {"claimed_by": this_process(), "claimed_until": now + seconds}
        rest = self._to_send(channel, now)
        change = update(schema.outbox).values(**claimed)
        execute = self._connection.execute
        return {one for one in sorted(row_ids) if execute(change.where(schema.outbox.c.id == one, *rest)).rowcount}

    def _to_send(self, channel: str, now: float) -> list[ColumnElement[bool]]:
        """What makes a row one to be sent now, as far as it says so itself."""
        c = schema.outbox.c
        ready = or_(c.due_at <= now, c.due_at > now + _FARTHEST)  # the clock was set back since
        waiting = [c.channel == channel, c.delivered_at.is_(None), c.dead.is_(False), ready]
        held = c.claimed_until.between(now, now + _FARTHEST)
        holders = self._connection.execute(select(c.claimed_by).distinct().where(*waiting, held)).scalars()
        # Those who are gone, not those who are alive: somebody may claim a row between this query and the next.
        gone = [holder for holder in holders if not may_be_alive(holder)]
        return [*waiting, or_(c.claimed_until.is_(None), ~held, c.claimed_by.in_(gone))]

    def unsettled(self, channel: str) -> set[str]:
        """Alerts with rows that are still to be sent to the channel, now or later, by us or by others."""
        c = schema.outbox.c
        query = select(c.alert_id).where(c.channel == channel, c.delivered_at.is_(None), c.dead.is_(False))
        return set(self._connection.execute(query).scalars())

    def sending(self, channel: str, row_ids: Collection[str]) -> None:
        """They are about to be sent."""
        for row_id in sorted(row_ids):
            self._change(row_id, channel, error=BEING_SENT)

    def told(self, channel: str, alert_ids: Collection[str]) -> set[str]:
        """Those of the alerts that the channel took any transition of."""
        c = schema.outbox.c
        query = select(c.alert_id).where(
            c.channel == channel, c.alert_id.in_(sorted(alert_ids)), c.delivered_at.is_not(None)
        )
        return set(self._connection.execute(query).scalars())

    def reached(self, alert_ids: Collection[str]) -> set[str]:
        """Those of the alerts that any channel took."""
        c = schema.outbox.c
        taken = self._connection.execute(select(c.alert_id).distinct().where(c.delivered_at.is_not(None))).scalars()
        return set(taken) & set(alert_ids)

    def reached_as_incident(self) -> list[tuple[float, Alert]]:
        """(Unix time, incident as told) of what any channel took of incidents, oldest first.

        Channels of people are told of the incident, under an identity that is no alert's.
        """
        c = schema.outbox.c
        query = (
            select(c.created_at, c.alert)
            .where(c.delivered_at.is_not(None), c.alert_id.not_in(select(schema.alerts.c.id)))
            .order_by(c.created_at, c.id)
        )
        taken = [(row.created_at, alert_rows.alert_of(row.alert)) for row in self._connection.execute(query)]
        return [(at, alert) for at, alert in taken if alert.incident_id]  # the others are news of no incident

    def forget(self, channel: str, alert_ids: Collection[str]) -> None:
        """Tell the channel nothing any more of these alerts."""
        c = schema.outbox.c
        waiting = c.delivered_at.is_(None)
        self._connection.execute(
            delete(schema.outbox).where(c.channel == channel, c.alert_id.in_(sorted(alert_ids)), waiting)
        )

    def withdraw(self, channel: str, row_ids: Collection[str]) -> None:
        """Tell the channel nothing of these transitions."""
        c = schema.outbox.c
        waiting = c.delivered_at.is_(None)
        self._connection.execute(delete(schema.outbox).where(c.channel == channel, c.id.in_(sorted(row_ids)), waiting))

    def delivered(self, row_id: str, channel: str, now: float) -> None:
        """The channel took it."""
        settled = {"attempts": schema.outbox.c.attempts + 1, "error": None, **_UNCLAIMED}
        self._change(row_id, channel, delivered_at=now, **settled)

    def failed(self, row_id: str, channel: str, error: str, retry_at: float | None) -> None:
        """The channel did not take it; try again at ``retry_at``, or never when that is None."""
        values: dict[str, Any] = {"attempts": schema.outbox.c.attempts + 1, "error": error[:1000], **_UNCLAIMED}
        values |= {"dead": True} if retry_at is None else {"due_at": retry_at}
        self._change(row_id, channel, **values)

    def _change(self, row_id: str, channel: str, **values: Any) -> None:
        c = schema.outbox.c
        self._connection.execute(update(schema.outbox).where(c.id == row_id, c.channel == channel).values(**values))

    def waiting(self) -> list[tuple[str, Waiting]]:
        """(channel, row) of everything that is still to be sent, oldest first."""
        c = schema.outbox.c
        query = select(schema.outbox).where(c.delivered_at.is_(None), c.dead.is_(False)).order_by(c.created_at, c.id)
        return [
            (row.channel, Waiting(row.id, alert_rows.alert_of(row.alert), row.attempts, row.created_at))
            for row in self._connection.execute(query)
        ]

    def dead(self) -> list[DeadLetter]:
        """What was given up, oldest first."""
        c = schema.outbox.c
        query = select(schema.outbox).where(c.dead.is_(True)).order_by(c.created_at, c.id, c.channel)
        return [
            DeadLetter(
                id=row.id,
                channel=row.channel,
                alert=alert_rows.alert_of(row.alert),
                at=row.created_at,
                attempts=row.attempts,
                error=row.error or "",
            )
            for row in self._connection.execute(query)
        ]

    def revive(self, letter: DeadLetter, now: float) -> None:
        """Try again what was given up."""
        self._change(letter.id, letter.channel, dead=False, due_at=now, attempts=0)

    def drop(self, letter: DeadLetter) -> None:
        """Forget what was given up."""
        c = schema.outbox.c
        self._connection.execute(delete(schema.outbox).where(c.id == letter.id, c.channel == letter.channel))
