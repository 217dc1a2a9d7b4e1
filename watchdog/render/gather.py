"""From what is remembered to what is shown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from watchdog.detect.scores import ScoredCall, Series
from watchdog.domain.alert import Alert, AlertType, Severity
from watchdog.domain.baseline import Baseline
from watchdog.domain.case import Case
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey, Observation
from watchdog.domain.response import Response
from watchdog.domain.run import Run
from watchdog.domain.score import Outcome, ScoreRow
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.pipeline.road import Look
from watchdog.pipeline.suspicion import levels
from watchdog.render.views import (
    AlertView,
    CaseRow,
    FlippedCaseView,
    Marker,
    MetricRow,
    MetricSeriesView,
    OutcomeRow,
    RunRow,
    RunView,
    ScoreChange,
)
from watchdog.store.store import Session

#: Standard deviations of the baseline's runs on each side of its mean that are drawn as its band.
BAND = 2.0


def run_view(watch: Watch, look: Look, cases: Sequence[CaseRow] = ()) -> RunView:
    """One look, as ``run`` prints it; ``cases``: those that changed since the baseline."""
    run = look.run
    duration = None if run.finished_at is None or run.started_at is None else run.finished_at - run.started_at
    return RunView(
        watch=watch.name,
        run_id=run.id,
        at=run.planned_for,
        status=run.status,
        outcomes=tuple(outcome_rows(look.measured.outcomes)),
        metrics=tuple(metric_rows(watch, look)),
        duration=duration,
        cost=look.measured.cost,
        unpriced=look.measured.unpriced,
        served_models={role.value: names for role, names in run.subject.served_models.items()},
        problems=tuple(_problems(watch, look)),
        cases=tuple(cases),
    )


def case_rows(session: Session, watch: Watch) -> list[CaseRow]:
    """The cases of a watch that changed since the baseline, surest first; none without a baseline."""
    baseline = session.baselines.current(watch.name)
    if baseline is None:
        return []
    from watchdog.detect.cases import LOOKS, case_metrics, changed_cases  # noqa: PLC0415 - numpy, scipy

    looks = {
        key: session.detection.newest_observations(key, last=LOOKS, since=baseline.frozen_at)
        for key in case_metrics(watch, baseline)
    }
    return [
        CaseRow(
            case_id=found.case_id,
            metric=metric_name(found.metric),
            turn=found.turn.value,
            before=found.before,
            now=found.now,
            looks=found.looks,
            since=found.since,
            e_value=found.e_value,
        )
        for found in changed_cases(watch, baseline, looks)
    ]


def outcome_rows(calls: Iterable[ScoredCall]) -> list[OutcomeRow]:
    """Outcome counts of every role and scorer, in the order of the roles."""
    counts: dict[Series, Counter[Outcome]] = {}
    values: dict[Series, list[float]] = {}
    for call in calls:
        counts.setdefault(call.series, Counter())[call.outcome] += 1
        if call.value is not None:
            values.setdefault(call.series, []).append(call.value)
    rows = [
        OutcomeRow(
            role=series.role.value,
            scorer=_named(series.scorer, series.estimand.name == "TRAFFIC"),
            counts=dict(counted),
            level=sum(values[series]) / len(values[series]) if series in values else None,
        )
        for series, counted in counts.items()
    ]
    order = [role.value for role in (Role.PINNED, Role.CURRENT)]
    return sorted(rows, key=lambda row: order.index(row.role) if row.role in order else len(order))


def _named(scorer: str, traffic: bool) -> str:
    return f"{scorer} @traffic" if traffic else scorer


def metric_rows(watch: Watch, look: Look) -> list[MetricRow]:
    """Where each metric stands after a look; the ones that were not observed say why."""
    decision = look.decision
    if decision is None:
        return []
    names = {plan.name for plan in watch.plans}
    seen = {observation.key: observation for observation in decision.observations}
    rows = [
        metric_row(watch, signal, seen.get(signal.key)) for signal in decision.signals if signal.key.scorer in names
    ]
    rows += [
        MetricRow(
            metric=metric_name(lost.key),
            arm=lost.key.arm,
            level=None,
            n=lost.n,
            planned=lost.planned,
            estimand=lost.key.estimand,
            reason=lost.reason,
        )
        for lost in decision.unobserved
    ]
    return rows


def metric_row(watch: Watch, signal: Signal, observation: Observation | None) -> MetricRow:
    """One metric at one look."""
    return MetricRow(
        metric=metric_name(signal.key),
        arm=signal.key.arm,
        level=signal.level,
        score=observation.level if observation else None,
        n=signal.n,
        planned=observation.planned if observation else signal.n,
        effect=signal.effect,
        interval=signal.interval,
        evidence=signal.statistic,
        threshold=signal.threshold,
        estimand=signal.key.estimand,
        guarantee=signal.guarantee,
        since=signal.since,
        reason=signal.reason,
        layer=watch.plan(signal.key.scorer).layer,
        unit=watch.unit(signal.key.scorer),
    )


def metric_name(key: MetricKey) -> str:
    """Name of a metric within its watch, without arm and estimand."""
    return f"{key.scorer}[{key.tag}]" if key.tag else key.scorer


def _problems(watch: Watch, look: Look) -> list[str]:
    found = list(look.measured.problems)
    decision = look.decision
    if decision is None:
        return [*found, "stopped before it was through; what was recorded is kept, the next run continues it"]
    if decision.baseline is None:
        found.append("no baseline yet: nothing is held against anything; freeze one when enough runs are in")
    if decision.changed_instruments:
        names = ", ".join(decision.changed_instruments)
        found.append(f"changed since the baseline: {names}; what depends on it is not compared until you freeze anew")
    found += [str(change) for change in decision.changes]
    if Level.SUSPECT in levels(watch, decision.signals):
        found.append(f"suspect: look again now with 'eval-watchdog run {watch.name}' (the daemon does by itself)")
    skipped = Counter(r.error for r in look.measured.responses.values() if r.status.value == "skipped")
    found += [_skipped(count, why or "budget") for why, count in skipped.items()]
    return found + _failures(look)


def _skipped(count: int, why: str) -> str:
    """Calls that were left out on purpose: of money or time that ran out, or of a price that nobody knows."""
    reason = why.partition(": ")[2] or f"the {why} is used up"
    return f"{count} call{'' if count == 1 else 's'} skipped: {reason}"


def _failures(look: Look) -> list[str]:
    """Calls without an answer and answers without a score, with the reason that most of them give."""
    reasons: dict[tuple[str, str], Counter[str]] = {}
    for response in look.measured.responses.values():
        if response.error_kind is not None:
            said = f"{response.error_kind}: {response.error}"
            reasons.setdefault((response.key.role, "calls failed"), Counter())[said] += 1
    for row in look.measured.scores:
        if row.score.value is None:
            reasons.setdefault((row.scorer, "answers unscored"), Counter())[row.score.reason] += 1
    found = []
    for (whose, became), counted in sorted(reasons.items()):
        [(reason, most)] = counted.most_common(1)
        share = "" if most == counted.total() else f", {most} of them"
        found.append(f"{whose}: {counted.total()} {became}{share}: {reason}")
    return found


def alert_view(alert: Alert, said: Mapping[str, str] | None = None) -> AlertView:
    """One alert episode; ``said``: what people say about it (``app.hushing``)."""
    labels = alert.labels
    return AlertView(
        name=labels.get("alertname", "?"),
        alert_type=AlertType(labels.get("alert_type", AlertType.INFRA.value)),
        severity=Severity(labels.get("severity", Severity.INFO.value)),
        state=alert.state,
        starts_at=alert.starts_at,
        labels=labels,
        annotations={**(said or {}), **alert.annotations},
        cause=alert.cause.value,
        reason=alert.reason.value,
        fired_at=alert.fired_at,
        resolved_at=alert.resolved_at,
        incident_id=alert.incident_id,
    )


def run_rows(session: Session, runs: Iterable[Run]) -> list[RunRow]:
    """Lines of a list of runs, both roles' outcomes added up."""
    rows = []
    for run in runs:
        counts: Counter[Outcome] = Counter()
        for tally in session.runs.tally(run.id).values():
            counts.update(tally.counts)
        rows.append(
            RunRow(at=run.planned_for, run_id=run.id, status=run.status, counts=counts, cost=run.cost, note=run.note)
        )
    return rows


def still_measured(watch: Watch, key: MetricKey) -> bool:
    """Whether the watch still has the scorer of a metric that is remembered."""
    return key.scorer in {plan.name for plan in watch.plans}


def series_view(
    watch: Watch,
    key: MetricKey,
    observations: Sequence[Observation],
    signals: Sequence[Signal],
    baseline: Baseline | None,
    markers: Sequence[Marker] = (),
    looks: Sequence[float] = (),
) -> MetricSeriesView:
    """One metric of the current target over time. ``looks``: times of all looks, those without an observation too."""
    own = {o.at: o for o in observations if o.key == key}
    pinned_key = MetricKey(watch=key.watch, scorer=key.scorer, arm=Arm.PINNED, estimand=key.estimand, tag=key.tag)
    pinned = {o.at: o for o in observations if o.key == pinned_key}
    said = {s.at: s for s in signals if s.key == key}
    times = tuple(sorted({*looks, *own}))
    reference = baseline.metrics.get(key) if baseline else None
    plan = watch.plan(key.scorer)
    unit = watch.unit(plan.name)
    band = None
    if reference is not None and len(reference.x) > 1:
        mean = sum(reference.x) / len(reference.x)
        spread = (sum((x - mean) ** 2 for x in reference.x) / (len(reference.x) - 1)) ** 0.5
        if unit:
            band = (reference.level * math.exp(-BAND * spread), reference.level * math.exp(BAND * spread))
        else:
            band = (max(0.0, reference.level - BAND * spread), min(1.0, reference.level + BAND * spread))
    last = said[max(said)] if said else None
    return MetricSeriesView(
        name=_named(metric_name(key), key.estimand.name == "TRAFFIC"),
        times=times,
        level=tuple(own[at].level if at in own else None for at in times),
        pinned=tuple(pinned[at].level if at in pinned else None for at in times) if pinned else (),
        x=tuple(own[at].x if at in own else None for at in times),
        band=band,
        baseline=reference.level if reference else None,
        evidence=tuple(said[at].statistic if at in said else None for at in times),
        threshold=last.threshold if last else None,
        markers=tuple(markers),
        better=plan.better,
        unit=unit,
        estimand=key.estimand,
        now=metric_row(watch, last, own.get(last.at)) if last else None,
    )


def flipped_cases(
    cases: Mapping[str, Case],
    before: tuple[Sequence[Response], Sequence[ScoreRow]],
    after: tuple[Sequence[Response], Sequence[ScoreRow]],
    limit: int = 12,
) -> tuple[list[FlippedCaseView], int]:
    """Cases of the current target that lost between two runs, worst first; and how many are left out."""
    then, now = _by_case(*before), _by_case(*after)
    found: list[tuple[float, FlippedCaseView]] = []
    for case_id in sorted(then.keys() & now.keys() & cases.keys()):
        (answer_then, scores_then), (answer_now, scores_now) = then[case_id], now[case_id]
        changes = [
            ScoreChange(
                scorer=name,
                before=old.score.value,
                after=scores_now[name].score.value,
                reason=scores_now[name].score.reason,
            )
            for name, old in scores_then.items()
            if name in scores_now and old.score.value != scores_now[name].score.value
        ]
        lost = sum(
            (c.before or 0.0) - (c.after or 0.0) for c in changes if c.before is not None and c.after is not None
        )
        if lost <= 0:
            continue
        case = cases[case_id]
        shown = case.messages[-1].content if case.messages else str(case.variables.get("input", ""))
        view = FlippedCaseView(
            case_id=case_id,
            input=shown,
            before=answer_then.text,
            after=answer_now.text,
            scores=tuple(changes),
            tags=case.tags,
            before_model=answer_then.served_model or "",
            after_model=answer_now.served_model or "",
        )
        found.append((lost, view))
    found.sort(key=lambda pair: -pair[0])
    return [view for _, view in found[:limit]], max(0, len(found) - limit)


def _by_case(
    responses: Sequence[Response], scores: Sequence[ScoreRow]
) -> dict[str, tuple[Response, dict[str, ScoreRow]]]:
    """First repeat of each case on the current target."""
    found: dict[str, tuple[Response, dict[str, ScoreRow]]] = {
        r.key.case_id: (r, {}) for r in responses if r.key.role is Role.CURRENT and r.key.repeat == 0 and r.answered
    }
    for row in scores:
        if row.key.role is Role.CURRENT and row.key.repeat == 0 and row.key.case_id in found:
            found[row.key.case_id][1][row.scorer] = row
    return found
