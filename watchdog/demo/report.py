"""The demo's report: the story, the trends, the alerts, the flipped cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from watchdog.app.build import App
from watchdog.demo.script import SCENES
from watchdog.domain.alert import AlertState, AlertType
from watchdog.domain.metric import Arm
from watchdog.domain.run import RunStatus
from watchdog.render.gather import alert_view, flipped_cases, run_rows, series_view
from watchdog.render.report import report_html
from watchdog.render.views import FlippedCaseView, Marker, MarkerKind, ReportView, StoryLine, Tone
from watchdog.render.words import money


def write_report(app: App, watch: str, story: Sequence[StoryLine], path: Path, *, since: float) -> None:
    """One self-contained HTML page of everything that the store remembers of a watch since a Unix time."""
    watched = app.watch(watch)
    with app.store.read() as session:
        runs = session.runs.of_watch(watch, since=since, statuses=[RunStatus.FINISHED])
        observations = session.detection.observations(watch, since=since)
        signals = session.detection.signals(watch, since=since)
        baseline = session.baselines.current(watch)
        alerts = [a for a in session.alerts.all(watch=watch) if a.fired_at is not None]
        rows = run_rows(session, runs)
        model = [a for a in alerts if a.labels.get("alert_type") == AlertType.MODEL.value]
        flipped: list[FlippedCaseView] = []
        left_out = 0
        update = next(since + scene.hour * 3600.0 for scene in SCENES if scene.mark == "silent update")
        fired = [a.fired_at for a in model if a.fired_at is not None]
        if fired and watched.golden is not None:
            before = max((r for r in runs if r.planned_for < update), key=lambda r: r.planned_for)
            after = max((r for r in runs if r.planned_for <= fired[0]), key=lambda r: r.planned_for)
            cases = {case.id: case for case in watched.golden.cases}
            sides = [(session.responses.of_run(run.id), session.scores.of_run(run.id)) for run in (before, after)]
            flipped, left_out = flipped_cases(cases, sides[0], sides[1])
    markers = [
        Marker(
            at=since + scene.hour * 3600.0,
            kind=scene.kind,
            label=scene.mark,
            until=since + scene.until * 3600.0 if scene.until is not None else None,
        )
        for scene in SCENES
        if scene.mark
    ]
    for alert in alerts:
        name = alert.labels["alertname"]
        if alert.fired_at is not None:
            markers.append(Marker(at=alert.fired_at, kind=MarkerKind.FIRED, label=f"{name} fires"))
        if alert.resolved_at is not None:
            markers.append(Marker(at=alert.resolved_at, kind=MarkerKind.RESOLVED, label=f"{name} resolved"))
    looks = [run.planned_for for run in runs]
    keys = sorted({o.key for o in observations if o.key.arm is Arm.CURRENT})
    firing = [a for a in alerts if a.state is AlertState.FIRING]
    cost = sum(run.cost or 0.0 for run in runs)
    view = ReportView(
        title=f"{watch}: four weeks",
        verdict="Something is wrong now." if firing else "Fine now; one real drop in four weeks, found and undone.",
        tone=Tone.WORSE if firing else Tone.BETTER,
        generated_at=app.clock.now(),
        facts={
            "looks": str(len(runs)),
            "answers": f"{sum(sum(row.counts.values()) for row in rows) // max(1, len(watched.scorers)):,}",
            "cost": money(cost),
            "alerts that fired": str(len(alerts)),
        },
        story=tuple(line for line in story if not line.sentence.startswith("   ")),
        metrics=tuple(series_view(watched, key, observations, signals, baseline, markers, looks=looks) for key in keys),
        alerts=tuple(alert_view(alert) for alert in alerts),
        flipped=tuple(flipped),
        flipped_left_out=left_out,
        runs=tuple(rows[-40:]),
        guarantees=(
            "One false alarm in 90 days is allowed over everything watched; the threshold log A follows from it.",
            "Scores are a statement about this golden set of forty cases, not about all traffic.",
            "A look in which too many calls failed is void: it neither raises nor resolves anything about the model.",
        ),
    )
    path.write_text(report_html(view), encoding="utf-8")
