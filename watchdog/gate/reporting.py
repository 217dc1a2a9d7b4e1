"""From what was measured to the report. Pure but for the texts it copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from watchdog.app.build import App
from watchdog.detect.scores import RunScores, Series
from watchdog.domain.case import Case, Estimand
from watchdog.domain.gate import BrokenRule, Flip, GateArm, GateMetric, GateReport, GateVerdict, Standing
from watchdog.domain.metric import Better
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role, Target
from watchdog.gate.candidate import Contender
from watchdog.gate.control import Control
from watchdog.gate.decide import Judgement
from watchdog.gate.measure import Measurement
from watchdog.gate.options import GateOptions
from watchdog.gate.order import Order
from watchdog.gate.selftest import self_test
from watchdog.gate.streams import BASELINE, CANDIDATE, streams_of
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measured import estimand_of

#: Change of a case's mean score that is shown.
_FLIP = 0.25
#: Flipped cases that are kept in a report, those that fell first.
_MOST_FLIPS = 100


class Held(Struct, frozen=True, kw_only=True):
    """A gate that came to its end."""

    app: App
    built: BuiltWatch
    arms: Mapping[Role, Contender]
    options: GateOptions
    run: Run
    order: Order
    so_far: Measurement
    control: Control
    judgement: Judgement
    broken: tuple[BrokenRule, ...]
    look: int
    #: The cases that counted at it.
    asked: Sequence[Case]
    ended: str
    seconds: float
    resumed: bool


def report_of(held: Held) -> GateReport:
    """The report of a gate that has a verdict."""
    verdict = held.judgement.verdict
    assert verdict is not None
    order, options, so_far = held.order, held.options, held.so_far
    asked = held.asked
    scores = so_far.outcomes(held.built, held.run, asked, order.repeats)
    judges = len(held.built.judges)
    known = {case.id for case in asked}
    shown = (*asked, *(case for case in order.first if case.id not in known))
    shown_scores = so_far.outcomes(held.built, held.run, shown, order.repeats)
    reasons = list(held.judgement.reasons)
    if held.ended and verdict in (GateVerdict.INCONCLUSIVE, GateVerdict.NOT_MEASURED):
        reasons.insert(0, held.ended)
    return GateReport(
        id=held.run.id,
        watch=held.built.watch.name,
        at=held.run.planned_for,
        verdict=verdict,
        reasons=tuple(reasons),
        baseline=_arm(held, BASELINE),
        candidate=_arm(held, CANDIDATE),
        changed=changed(held.arms[BASELINE].target, held.arms[CANDIDATE].target),
        control=held.control.in_words(held.run.planned_for),
        metrics=held.judgement.metrics,
        flips=_flips(held, shown_scores),
        broken=held.broken,
        alpha=options.alpha,
        margin=options.margin,
        look=held.look + 1,
        looks=len(order.sizes),
        cases=len(asked),
        cases_planned=len(order.cases),
        calls=sum(r.attempts > 0 for r in so_far.responses.values()) + _judged(so_far.scores.values()),
        calls_full=order.calls(order.cases, judges),
        cost=so_far.cost,
        unpriced=so_far.unpriced,
        seconds=held.seconds,
        seed=held.run.seed,
        estimand=str(estimand_of(asked[0]) if asked else Estimand.GOLDEN_SET),
        resumed=held.resumed,
        self_test=self_test(
            streams_of(held.built.watch, scores, so_far.responses, asked, order.cases, options),
            order,
            options,
            held.run,
        )
        if options.self_test
        else None,
        advice=tuple(_advice(held, verdict)),
    )


def changed(baseline: Target, candidate: Target) -> tuple[str, ...]:
    """What differs between two targets."""
    prompts = [target.prompt.digest if target.prompt else None for target in (baseline, candidate)]
    pairs = {
        "provider": (baseline.provider, candidate.provider),
        "model": (baseline.model, candidate.model),
        "prompt": tuple(prompts),
        "parameters": (dict(baseline.parameters), dict(candidate.parameters)),
    }
    return tuple(name for name, (before, after) in pairs.items() if before != after)


def _judged(scores: Iterable[ScoreRow]) -> int:
    """Scores that a judge was asked for: those that name its model."""
    return sum("model" in row.score.details for row in scores)


def _arm(held: Held, role: Role) -> GateArm:
    contender = held.arms[role]
    target = contender.target
    answers = [response for key, response in held.so_far.responses.items() if key.role is role]
    costs = [response.cost for response in answers if response.attempts]
    known = [cost for cost in costs if cost is not None]
    return GateArm(
        provider=target.provider,
        model=target.model,
        prompt=target.prompt.name if target.prompt else "",
        prompt_digest=target.prompt.digest if target.prompt else "",
        parameters=dict(target.parameters),
        source=contender.source,
        calls=sum(response.attempts > 0 for response in answers),
        errors=sum(response.status is CallStatus.ERROR for response in answers),
        cost=sum(known) if len(known) == len(costs) else None,
        served_models=tuple(sorted({response.served_model for response in answers if response.served_model})),
    )


def _flips(held: Held, scores: RunScores) -> tuple[Flip, ...]:
    """Cases whose score changed much, those that fell first, the farthest first; an answer of each arm beside them."""
    found: list[tuple[float, Flip]] = []
    file = ""
    files = held.app.joined.golden.get(held.built.watch.name)
    if files is not None:
        file = files.cases_file
    for plan in held.built.watch.scorers:
        sign = -1.0 if plan.better is Better.LOWER else 1.0
        for case in scores.cases.values():
            before, after = (
                scores.scores.get(Series(plan.name, role, estimand_of(case)), {}).get(case.id)
                for role in (BASELINE, CANDIDATE)
            )
            if before is None or after is None or abs(after.value - before.value) < _FLIP:
                continue
            change = sign * (after.value - before.value)
            ours, theirs = (_telling(held, role, case.id, plan.name, worst=sign * change < 0) for role in _ROLES)
            found.append(
                (
                    change,
                    Flip(
                        case_id=case.id,
                        metric=plan.name,
                        before=before.value,
                        after=after.value,
                        fell=change < 0,
                        baseline_text=ours[0],
                        candidate_text=theirs[0],
                        reason=theirs[1] if change < 0 else ours[1],
                        tags=case.tags,
                        file=file,
                        line=files.lines.get(case.id) if files is not None else None,
                    ),
                )
            )
    found.sort(key=lambda each: (each[0], each[1].metric, each[1].case_id))
    return tuple(flip for _, flip in found[:_MOST_FLIPS])


_ROLES = (BASELINE, CANDIDATE)


def _telling(held: Held, role: Role, case_id: str, scorer: str, *, worst: bool) -> tuple[str, str]:
    """The answer of an arm that shows the change best, and why it has its score."""
    rows: list[tuple[float, Response, ScoreRow]] = []
    for repeat in range(held.order.repeats[case_id]):
        key = ResponseKey(run_id=held.run.id, role=role, case_id=case_id, repeat=repeat)
        row, response = held.so_far.scores.get((key, scorer)), held.so_far.responses.get(key)
        if row is not None and response is not None and row.score.value is not None:
            rows.append((row.score.value, response, row))
    if not rows:
        return "", ""
    lowest = (role is CANDIDATE) == worst
    pick = (min if lowest else max)(rows, key=lambda each: each[0])
    return pick[1].text, pick[2].score.reason


def _advice(held: Held, verdict: GateVerdict) -> list[str]:
    if verdict is GateVerdict.NOT_MEASURED:
        room = "give it more room, --max-cost or 'budget' and 'deadline' of the watch,"
        to_do = room if held.ended else f"see to the failing calls{_failures(held)}"
        return [f"{to_do} and run the same gate again: it pays only for what is missing"]
    if verdict is not GateVerdict.INCONCLUSIVE:
        return []
    open_metrics = [m for m in held.judgement.metrics if m.required and m.standing is Standing.UNDECIDED]
    found = [advice for metric in open_metrics if (advice := _more(held, metric))]
    if held.ended or held.options.max_calls is not None:
        found.insert(0, "give it more room: --max-cost or --max-calls")
    return found


def _failures(held: Held) -> str:
    """What most failing calls, or answers without a score, say of themselves."""
    said = Counter(f"{r.error_kind}: {r.error}" for r in held.so_far.responses.values() if r.error_kind is not None)
    said = said or Counter(row.score.reason for row in held.so_far.scores.values() if row.score.value is None)
    if not said:
        return ""
    [(reason, most)] = said.most_common(1)
    return f" ({most} of {said.total()}: {reason})"


def _more(held: Held, metric: GateMetric) -> str:
    """How many more answers or cases would decide one metric, and what they would cost."""
    now = sum(held.order.repeats.values()) / max(1, len(held.order.repeats))
    if metric.repeats_needed is not None and metric.repeats_needed > now:
        answers = 2 * metric.repeats_needed * len(held.order.cases)
        return (
            f"{metric.name}: about {metric.repeats_needed} answers a case (now {now:.3g}) would decide it: "
            f"--repeats {metric.repeats_needed}, {answers} calls{_price(held, answers)}"
        )
    if metric.cases_needed is not None:
        answers = round(2 * metric.cases_needed * now)
        return (
            f"{metric.name}: about {metric.cases_needed} cases (now {metric.planned}) would decide it, "
            f"{answers} calls{_price(held, answers)}; no number of repeats would"
        )
    return ""


def _price(held: Held, answers: int) -> str:
    """What so many answers cost, judges included, at the mean price of this gate's."""
    made = sum(response.attempts > 0 for response in held.so_far.responses.values())
    cost = held.so_far.cost
    if cost is None or held.so_far.unpriced or not made:
        return ", at a price nobody knows"
    return f", about ${cost / made * answers:.2f}"
