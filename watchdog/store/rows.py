"""What was measured to rows and back; alerts and incidents: ``alert_rows.py``. Nothing else knows the column names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import asdict

from watchdog.domain.baseline import (
    Baseline,
    BaselineStatus,
    Instruments,
    MetricBaseline,
    Remark,
    Step,
    StepKind,
    Verdict,
)
from watchdog.domain.case import Case, CheckSpec, Estimand, Message, Origin
from watchdog.domain.detection import Guarantee, Level, Signal
from watchdog.domain.metric import Admission, Arm, MetricKey, Observation
from watchdog.domain.response import CallStatus, Response, ResponseKey, ToolCall, Usage
from watchdog.domain.run import Change, Part, Run, RunStatus, Scope, Subject, Tally, Trigger
from watchdog.domain.score import Outcome, Score, ScoreRow
from watchdog.domain.target import Role
from watchdog.errors import ErrorKind

Row = Mapping[Any, Any]

#: What no database can hold in a text: NUL (PostgreSQL), half a surrogate pair (an emoji that was cut in two).
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _text(value: str, longest: int | None = None) -> str:
    """A text of somebody else's as it can be stored; ``longest`` is the width of its column."""
    return _UNSTORABLE.sub("\ufffd", value[:longest])


def _word(value: str | None, longest: int = 200) -> str | None:
    return None if value is None else _text(value, longest)


def _plain(value: Any) -> Any:
    """A value of somebody else's as JSON holds it; None when it is none (NaN, a type of their own, a circle)."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return value


def key_row(key: ResponseKey) -> dict[str, Any]:
    """Columns that name a response."""
    return {"run_id": key.run_id, "role": key.role.value, "case_id": key.case_id, "repeat": key.repeat}


def key_of(row: Row) -> ResponseKey:
    """The response that a row is about."""
    return ResponseKey(run_id=row["run_id"], role=Role(row["role"]), case_id=row["case_id"], repeat=row["repeat"])


def metric_row(key: MetricKey) -> dict[str, Any]:
    """Columns that name a metric."""
    return {
        "watch": key.watch,
        "scorer": key.scorer,
        "arm": key.arm.value,
        "estimand": key.estimand.value,
        "tag": key.tag,
    }


def metric_of(row: Row) -> MetricKey:
    """The metric that a row is about."""
    return MetricKey(
        watch=row["watch"],
        scorer=row["scorer"],
        arm=Arm(row["arm"]),
        estimand=Estimand(row["estimand"]),
        tag=row["tag"],
    )


def response_row(response: Response) -> dict[str, Any]:
    """Row of a response."""
    return {
        "run_id": response.key.run_id,
        "role": response.key.role.value,
        "case_id": response.key.case_id,
        "repeat": response.key.repeat,
        "status": response.status.value,
        "text": _text(response.text),
        "forgotten": response.forgotten,
        "finish_reason": _word(response.finish_reason, 100),
        "input_tokens": response.usage.input_tokens,
        "output_tokens": response.usage.output_tokens,
        "cached_tokens": response.usage.cached_tokens,
        "attempts": response.attempts,
        "latency": response.latency,
        "elapsed": response.elapsed,
        "cost": response.cost,
        "served_model": _word(response.served_model),
        "fingerprint": _word(response.fingerprint),
        "request_id": _word(response.request_id),
        "contexts": list(response.contexts) or None,
        "tool_calls": [_tool_call_json(call) for call in response.tool_calls] or None,
        "error_kind": response.error_kind.value if response.error_kind else None,
        "error": None if response.error is None else _text(response.error),
        "at": response.at,
    }


def _tool_call_json(call: ToolCall) -> dict[str, Any]:
    return {"name": call.name, "error": call.error, "arguments": _plain(call.arguments)}


def response_of(row: Row) -> Response:
    """Response of a row."""
    return Response(
        key=key_of(row),
        status=CallStatus(row["status"]),
        text=row["text"],
        forgotten=row["forgotten"],
        finish_reason=row["finish_reason"],
        usage=Usage(
            input_tokens=row["input_tokens"], output_tokens=row["output_tokens"], cached_tokens=row["cached_tokens"]
        ),
        attempts=row["attempts"],
        latency=row["latency"],
        elapsed=row["elapsed"],
        cost=row["cost"],
        served_model=row["served_model"],
        fingerprint=row["fingerprint"],
        request_id=row["request_id"],
        contexts=tuple(row["contexts"] or ()),
        tool_calls=tuple(ToolCall(**call) for call in row["tool_calls"] or ()),
        error_kind=ErrorKind(row["error_kind"]) if row["error_kind"] else None,
        error=row["error"],
        at=row["at"],
    )


def score_row(row: ScoreRow) -> dict[str, Any]:
    """Row of a score."""
    return {
        "run_id": row.key.run_id,
        "role": row.key.role.value,
        "case_id": row.key.case_id,
        "repeat": row.key.repeat,
        "scorer": row.scorer,
        "scorer_digest": row.scorer_digest,
        "value": row.score.value,
        "reason": _text(row.score.reason),
        "bar": row.score.bar,
        "details": _plain(dict(row.score.details)) or None,
        "cost": row.score.cost,
    }


def score_of(row: Row) -> ScoreRow:
    """Score of a row."""
    score = Score(
        value=row["value"], reason=row["reason"], bar=row["bar"], details=row["details"] or {}, cost=row["cost"]
    )
    return ScoreRow(key=key_of(row), scorer=row["scorer"], scorer_digest=row["scorer_digest"], score=score)


def instruments_json(value: Instruments) -> dict[str, Any]:
    """JSON of the instruments' digests."""
    return {"golden_set": value.golden_set, "pinned": value.pinned, "scorers": dict(value.scorers)}


def subject_json(value: Subject) -> dict[str, Any]:
    """JSON of the subject's digests."""
    return {
        "provider": value.provider,
        "endpoint": value.endpoint,
        "prompt": value.prompt,
        "model": value.model,
        "parameters": value.parameters,
        "served_models": {role.value: list(names) for role, names in value.served_models.items()},
        "fingerprints": {role.value: list(names) for role, names in value.fingerprints.items()},
    }


def subject_of(value: Mapping[str, Any]) -> Subject:
    """Subject of its JSON."""
    return Subject(
        provider=value.get("provider", ""),  # older runs do not say it
        endpoint=value.get("endpoint", ""),
        prompt=value["prompt"],
        model=value["model"],
        parameters=value["parameters"],
        served_models={Role(role): tuple(names) for role, names in value["served_models"].items()},
        fingerprints={Role(role): tuple(names) for role, names in value["fingerprints"].items()},
    )


def run_row(run: Run) -> dict[str, Any]:
    """Row of a run, the lease left out."""
    return {
        "id": run.id,
        "watch": run.watch,
        "trigger": run.trigger.value,
        "status": run.status.value,
        "planned_for": run.planned_for,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seed": run.seed,
        "instruments": instruments_json(run.instruments),
        "subject": subject_json(run.subject),
        "scope": to_builtins(run.scope),
        "cost": run.cost,
        "unpriced": run.unpriced,
        "note": run.note,
    }


def run_of(row: Row) -> Run:
    """Run of a row."""
    return Run(
        id=row["id"],
        watch=row["watch"],
        trigger=Trigger(row["trigger"]),
        status=RunStatus(row["status"]),
        planned_for=row["planned_for"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        seed=row["seed"],
        instruments=Instruments(**row["instruments"]),
        subject=subject_of(row["subject"]),
        scope=scope_of(row["scope"]),
        cost=row["cost"],
        unpriced=row["unpriced"],
        note=row["note"],
    )


def scope_of(value: Mapping[str, Any]) -> Scope:
    """What a run asks, from its JSON."""
    return Scope(part=Part(**value["part"]) if value["part"] else None, pinned=value["pinned"])


def tally_json(tallies: Mapping[Role, Tally]) -> dict[str, dict[str, int]]:
    """JSON of the outcome counts of each role."""
    return {role.value: {outcome.value: n for outcome, n in t.counts.items()} for role, t in tallies.items()}


def tally_of(value: Mapping[str, Mapping[str, int]] | None) -> dict[Role, Tally]:
    """Outcome counts of each role, from their JSON."""
    return {
        Role(role): Tally(counts={Outcome(outcome): n for outcome, n in counts.items()})
        for role, counts in (value or {}).items()
    }


def case_json(case: Case) -> dict[str, Any]:
    """JSON of a case."""
    kept: dict[str, Any] = to_builtins(case)
    return kept


def without_text(case: Mapping[str, Any]) -> dict[str, Any]:
    """JSON of a case that only says which one it was and what it counts for."""
    kept = {name: case.get(name) for name in ("id", "tags", "weight", "origin", "cluster", "digest")}
    return case_json(Case(id="")) | kept


def case_of(value: Mapping[str, Any]) -> Case:
    """Case of its JSON."""
    fields = dict(value)
    fields["messages"] = tuple(Message(**message) for message in value["messages"])
    fields["checks"] = tuple(CheckSpec(**check) for check in value["checks"])
    fields["contexts"] = tuple(value["contexts"])
    fields["tags"] = tuple(value["tags"])
    fields["origin"] = Origin(value["origin"])
    return Case(**fields)


_METRIC_BASELINE_TUPLES = ("x", "variances", "lost", "n")


def baseline_row(baseline: Baseline) -> dict[str, Any]:
    """Row of a baseline."""
    metrics = []
    for key, metric in baseline.metrics.items():
        body = asdict(metric)
        body["key"] = metric_row(key)
        metrics.append(body)
    return {
        "id": baseline.id,
        "watch": baseline.watch,
        "version": baseline.version,
        "status": baseline.status.value,
        "frozen_at": baseline.frozen_at,
        "frozen_by": baseline.frozen_by,
        "reason": baseline.reason,
        "run_ids": list(baseline.run_ids),
        "instruments": instruments_json(baseline.instruments),
        "metrics": metrics,
        "remarks": [{**asdict(remark), "verdict": remark.verdict.value} for remark in baseline.remarks],
        "steps": [{**asdict(step), "kind": step.kind.value} for step in baseline.steps],
    }


def baseline_of(row: Row) -> Baseline:
    """Baseline of a row."""
    metrics = {}
    for body in row["metrics"]:
        key = metric_of(body["key"])
        tuples = {name: tuple(body[name]) for name in _METRIC_BASELINE_TUPLES}
        metrics[key] = MetricBaseline(**{**body, **tuples, "key": key})
    return Baseline(
        id=row["id"],
        watch=row["watch"],
        version=row["version"],
        status=BaselineStatus(row["status"]),
        frozen_at=row["frozen_at"],
        frozen_by=row["frozen_by"],
        reason=row["reason"],
        run_ids=tuple(row["run_ids"]),
        instruments=Instruments(**row["instruments"]),
        metrics=metrics,
        remarks=tuple(Remark(**{**body, "verdict": Verdict(body["verdict"])}) for body in row["remarks"]),
        steps=tuple(Step(**{**body, "kind": StepKind(body["kind"])}) for body in row["steps"]),
    )


def observation_row(observation: Observation) -> dict[str, Any]:
    """Row of an admitted observation."""
    return {
        "run_id": observation.run_id,
        **metric_row(observation.key),
        "at": observation.at,
        "admission": Admission.ADMITTED.value,
        "n": observation.n,
        "planned": observation.planned,
        "level": observation.level,
        "x": observation.x,
        "variance": observation.variance,
        "scatter": observation.scatter,
        "lost": observation.lost,
        "u": observation.u,
        "reason": "",
        "case_scores": dict(observation.case_scores),
    }


def observation_of(row: Row) -> Observation:
    """Observation of a row that was admitted."""
    return Observation(
        key=metric_of(row),
        run_id=row["run_id"],
        at=row["at"],
        n=row["n"],
        planned=row["planned"],
        level=row["level"],
        x=row["x"],
        variance=row["variance"],
        scatter=row["scatter"] or 1.0,
        lost=row["lost"],
        u=row["u"],
        case_scores=row.get("case_scores") or {},
    )


def signal_row(signal: Signal) -> dict[str, Any]:
    """Row of a signal."""
    return {
        "run_id": signal.run_id,
        **metric_row(signal.key),
        "at": signal.at,
        "level": signal.level.value,
        "statistic": signal.statistic,
        "threshold": signal.threshold,
        "effect": signal.effect,
        "low": signal.interval[0],
        "high": signal.interval[1],
        "n": signal.n,
        "since": signal.since,
        "since_earliest": None if signal.since_between is None else signal.since_between[0],
        "since_latest": None if signal.since_between is None else signal.since_between[1],
        "looks": signal.looks,
        "guarantee": signal.guarantee.value,
        "reason": signal.reason,
    }


def signal_of(row: Row) -> Signal:
    """Signal of a row."""
    return Signal(
        key=metric_of(row),
        run_id=row["run_id"],
        at=row["at"],
        level=Level(row["level"]),
        statistic=row["statistic"],
        threshold=row["threshold"],
        effect=row["effect"],
        interval=(row["low"], row["high"]),
        n=row["n"],
        since=row["since"],
        since_between=None if row["since_earliest"] is None else (row["since_earliest"], row["since_latest"]),
        looks=row["looks"],
        guarantee=Guarantee(row["guarantee"]),
        reason=row["reason"],
    )


def change_row(watch: str, change: Change) -> dict[str, Any]:
    """Row of a change."""
    return {
        "watch": watch,
        "role": change.role.value,
        "what": change.what,
        "before": change.before[:400],
        "after": change.after[:400],
        "at": change.at,
    }


def change_of(row: Row) -> Change:
    """Change of a row."""
    return Change(what=row["what"], role=Role(row["role"]), before=row["before"], after=row["after"], at=row["at"])
