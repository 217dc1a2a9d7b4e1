"""How things stand, as plain values: the page and the JSON are two renderings of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from msgspec import Struct

from watchdog.app.hushing import said_about
from watchdog.correlate.words import RUNBOOKS
from watchdog.daemon.health import Standing
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm
from watchdog.domain.run import Run, RunStatus
from watchdog.domain.watch import Watch
from watchdog.render.metric_view import metric_names
from watchdog.store.store import Session

#: Best to worst; the worst level of a watch's metrics is the watch's.
_WORSE = (Level.CALM, Level.LEARNING, Level.SUSPECT, Level.DRIFT)
#: Runs that are over.
_ENDED = (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.MISSED, RunStatus.INTERRUPTED)


class AlertLine(Struct, frozen=True, kw_only=True):
    """An open alert."""

    #: Empty for one of the house itself.
    watch: str
    name: str
    state: str
    alert_type: str
    severity: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    #: Unix time the condition appeared.
    since: float
    reason: str
    cause: str
    incident: str
    #: Where its runbook is served, beside this page.
    page: str = ""

    @property
    def summary(self) -> str:
        """One sentence."""
        return self.annotations.get("summary", self.cause)

    @property
    def runbook(self) -> str:
        """Path or URL of what to do about it; empty when there is none."""
        return self.annotations.get("runbook_url", "")

    @property
    def runbook_link(self) -> str | None:
        """The runbook, if it may be a link; a path is for reading, and any other scheme is not to be trusted."""
        return self.runbook if urlsplit(self.runbook).scheme in ("http", "https") else None


class WatchLine(Struct, frozen=True, kw_only=True):
    """A watch and its last look. Times are Unix seconds."""

    name: str
    feature: str
    team: str
    vertical: str
    schedule: str
    #: ``calm``, ``learning``, ``suspect``, ``drift``; ``blind`` when nothing was measured for too many looks,
    #: ``not measured`` when the last look gave nothing, ``no baseline``, or ``not looked yet``.
    level: str
    #: Metrics that are at that level, when it is suspect or drift.
    metrics: tuple[str, ...]
    last_look: float | None
    last_status: str
    note: str
    last_success: float | None
    next_look: float
    looking_since: float | None
    alerts: int
    #: Until when, by whom and why nothing of this watch is told; empty when it is.
    quiet: str = ""
    #: Metrics that have a page of their own.
    pages: tuple[str, ...] = ()


class Overview(Struct, frozen=True, kw_only=True):
    """All of it, at one time."""

    at: float
    watches: tuple[WatchLine, ...]
    alerts: tuple[AlertLine, ...]
    #: False when the database could not be asked, and nothing is known.
    readable: bool = True


def overview(session: Session, watches: Mapping[str, Watch], standings: Iterable[Standing], now: float) -> Overview:
    """How the watches of a daemon stand."""
    found = session.alerts.open_by_watch()
    said = said_about(session, (alert for alerts in found.values() for alert in alerts), now)
    # Those of no watch of ours too: of the house, and of watches that were taken out.
    lines = [
        _alert_line(name, alert, said[alert.id], served=name in watches)
        for name, alerts in found.items()
        for alert in alerts
    ]
    return Overview(
        at=now,
        watches=tuple(_watch_line(session, watches[s.watch], s, len(found.get(s.watch, ())), now) for s in standings),
        alerts=tuple(sorted(lines, key=_urgency)),
    )


def _watch_line(session: Session, watch: Watch, standing: Standing, alerts: int, now: float) -> WatchLine:
    ended = session.runs.of_watch(watch.name, statuses=_ENDED, last=1)
    last: Run | None = ended[0] if ended else None
    level, metrics = _level(session, watch)
    return WatchLine(
        name=watch.name,
        feature=watch.feature,
        team=watch.owner.team,
        vertical=watch.owner.vertical,
        schedule=str(watch.schedule),
        level=level,
        metrics=metrics,
        last_look=None if last is None else (last.finished_at or last.started_at or last.planned_for),
        last_status="" if last is None else last.status.value,
        note="" if last is None else last.note,
        last_success=session.runs.last_success(watch.name),
        next_look=standing.next_look,
        looking_since=standing.looking_since,
        alerts=alerts,
        quiet=_quiet(session, watch, now),
        pages=tuple(metric_names(session, watch)),
    )


def _quiet(session: Session, watch: Watch, now: float) -> str:
    """What silences every alert of a watch."""
    every = {"watch": watch.name, "feature": watch.feature, "team": watch.owner.team, "vertical": watch.owner.vertical}
    silences = [
        silence
        for silence in session.silences.ending_after(now)
        if silence.holds(now) and silence.takes(every) and all(each.label in every for each in silence.matchers)
    ]
    return max(silences, key=lambda each: each.ends_at).said if silences else ""


def _level(session: Session, watch: Watch) -> tuple[str, tuple[str, ...]]:
    """Level of a watch, and the metrics that are to blame for it."""
    blind = session.runs.blind_looks(watch.name)
    if blind >= watch.blind_after:
        return "blind", ()
    finished = session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED], last=1)
    if blind:
        return "not measured", ()
    if not finished:
        return "not looked yet", ()
    observed = {plan.name for plan in watch.measures if not plan.pages}  # they make no feature worse
    told = session.detection.signals(watch.name, run_id=finished[0].id)
    signals = [s for s in told if s.key.arm is Arm.CURRENT and s.key.scorer not in observed]
    if not signals:
        return "no baseline", ()
    level, metrics = worst(signals)
    without = session.detection.unobserved(finished[0].id)
    lost = sorted(str(key) for key in without if key.arm is Arm.CURRENT and key.scorer not in observed)
    if lost and level in (Level.CALM, Level.LEARNING):
        return "partly not measured", tuple(lost)  # what was not looked at is not calm
    return level, metrics


def worst(signals: Iterable[Signal]) -> tuple[str, tuple[str, ...]]:
    """The worst level of some signals, and whose it is if somebody should care."""
    listed = list(signals)
    level = max((signal.level for signal in listed), key=_WORSE.index)
    caring = level in (Level.SUSPECT, Level.DRIFT)
    return level.value, tuple(sorted(str(s.key) for s in listed if caring and s.level is level))


def _alert_line(watch: str, alert: Alert, said: Mapping[str, str], *, served: bool) -> AlertLine:
    """``served``: the watch has runbook pages of its own."""
    runbook = RUNBOOKS[alert.cause].replace(".md", "")
    return AlertLine(
        watch=watch,
        name=alert.labels.get("alertname", ""),
        state=alert.state.value,
        alert_type=alert.labels.get("alert_type", ""),
        severity=alert.labels.get("severity", ""),
        labels=alert.labels,
        annotations={**said, **alert.annotations},
        since=alert.starts_at,
        reason=alert.reason.value,
        cause=alert.cause.value,
        incident=alert.incident_id,
        page=f"runbooks/{quote(watch, safe='')}/{runbook}" if served else f"runbooks/{runbook}",
    )


def _urgency(line: AlertLine) -> tuple[bool, int, float]:
    """Firing first, then by severity, then the oldest."""
    order = ("sev1", "page", "ticket", "info")
    severity = order.index(line.severity) if line.severity in order else len(order)
    return (line.state != AlertState.FIRING.value, severity, line.since)
