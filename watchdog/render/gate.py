"""A gate's report on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchdog.domain.gate import Flip, GateArm, GateMetric, GateReport, GateVerdict, Standing, Unit
from watchdog.domain.measure import Measure
from watchdog.render.diff import Piece, word_diff
from watchdog.render.terminal import show_table
from watchdog.render.words import UNKNOWN, duration, harmless, money, one_line, percent, points, score

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Flipped cases shown, and characters of each answer.
SHOWN_FLIPS = 5
_ANSWER = 400
HEADLINES = {
    GateVerdict.PASS: "PASS",
    GateVerdict.REGRESSION: "REGRESSION",
    GateVerdict.INCONCLUSIVE: "INCONCLUSIVE",
    GateVerdict.NOT_MEASURED: "NOT MEASURED",
}
_STYLES = {
    GateVerdict.PASS: "bold green",
    GateVerdict.REGRESSION: "bold red",
    GateVerdict.INCONCLUSIVE: "bold yellow",
    GateVerdict.NOT_MEASURED: "bold magenta",
}
_STANDINGS = {
    Standing.BETTER: "green",
    Standing.NOT_WORSE: "green",
    Standing.SLIGHTLY_WORSE: "yellow",
    Standing.WORSE: "red",
    Standing.UNDECIDED: "yellow",
    Standing.NOT_MEASURED: "magenta",
}


#: Of measures without a budget. More is worse.
_UNBUDGETED = {
    Standing.BETTER: "less",
    Standing.SLIGHTLY_WORSE: "more",
    Standing.UNDECIDED: "no clear change",
    Standing.NOT_MEASURED: "not known",
}


def show_gate(report: GateReport, to: Console) -> None:
    """The verdict, every metric, what flipped, what it cost and what it could have caught."""
    head = _text(HEADLINES[report.verdict], _STYLES[report.verdict])
    head.append_text(_text(f"  {report.watch}: {arms_line(report)}"))
    to.print(head)
    for reason in report.reasons:
        to.print(_text(f"  {one_line(reason, 500)}"))
    to.print()
    rows = [_row(metric) for metric in shown_metrics(report)]
    columns = ["metric", "standing", "baseline", "candidate", "change", "interval", "cases", "catches"]
    show_table(columns, rows, to, right=columns[2:])
    for flip in report.flips[:SHOWN_FLIPS]:
        _show_flip(flip, to)
    if len(report.flips) > SHOWN_FLIPS:
        to.print(_text(f"... and {len(report.flips) - SHOWN_FLIPS} more flipped cases; --json has them", "dim"))
    for line in facts(report):
        to.print(_text(line))
    for advice in report.advice:
        to.print(_text(f"-> {one_line(advice, 500)}", "bold"))


def shown_metrics(report: GateReport) -> list[GateMetric]:
    """Every metric as a whole; of the tags those that say something."""
    return [m for m in report.metrics if not m.tag or m.standing in (Standing.WORSE, Standing.BETTER)]


def arms_line(report: GateReport) -> str:
    """What is held against what, in one line."""
    if report.self_test is not None:
        return f"{report.baseline.source} against itself"
    before, after = report.baseline, report.candidate
    pairs: Sequence[tuple[str, str, str]] = (
        ("provider", before.provider, after.provider),
        ("model", before.model, after.model),
        ("prompt", _prompt(before), _prompt(after)),
        ("parameters", str(dict(before.parameters)), str(dict(after.parameters))),
    )
    parts = [f"{name} {one_line(old, 60)} -> {one_line(new, 60)}" for name, old, new in pairs if name in report.changed]
    return ", ".join(parts) or "nothing differs between the arms"


def facts(report: GateReport) -> list[str]:
    """What the verdict rests on: cases, looks, calls, money, control, power."""
    lines = [
        (
            f"{report.cases} of {report.cases_planned} cases {report.estimand}, look {report.look} of {report.looks}; "
            f"acceptable drop {100 * report.margin:g} points, error rate {100 * report.alpha:g} % on each side"
        ),
        (
            f"{report.calls} calls{_saved(report)}, {cost_words(report)}, {duration(report.seconds)}"
            f"; errors: baseline {report.baseline.errors}, candidate {report.candidate.errors}"
        ),
        *_unbudgeted(report),
        f"baseline answers: {report.control}; gate {report.id}, seed {report.seed}"
        + (", continued" if report.resumed else ""),
    ]
    weakest = weakest_power(report)
    if weakest is not None:
        lines.append(
            f"it would have caught a drop of {_size(weakest, weakest.detectable)} or more on {weakest.name} "
            "in 4 of 5 gates"
        )
    if report.self_test is not None:
        test = report.self_test
        lines.append(
            f"the baseline against itself, dealt anew {test.gates} times: {percent(test.regressions / test.gates)} "
            f"false regressions (95 %: {percent(test.low)} to {percent(test.high)}), "
            f"{percent(test.passes / test.gates)} passes"
        )
    return lines


def _unbudgeted(report: GateReport) -> list[str]:
    """What is shown beside the verdict without a part in it."""
    names = [
        m.name.partition("-")[2] for m in report.metrics if m.margin is None and m.standing is not Standing.NOT_MEASURED
    ]
    return [f"{', '.join(names)} had no part in the verdict: no --budget was given"] if names else []


def cost_words(report: GateReport) -> str:
    """What it cost; a price that is not known is not 0."""
    if report.unpriced and report.cost is None:
        return "cost unknown"
    more = f" and {report.unpriced} calls without a known price" if report.unpriced else ""
    return f"cost {money(report.cost)}{more}"


def weakest_power(report: GateReport) -> GateMetric | None:
    """The required score metric that had to drop most to be caught."""
    known = [m for m in report.metrics if m.required and m.unit is Unit.SCORE and m.detectable is not None]
    return max(known, key=lambda metric: metric.detectable or 0.0, default=None)


def metric_name(metric: GateMetric) -> str:
    """Name and tag."""
    return f"{metric.name} [{metric.tag}]" if metric.tag else metric.name


def standing_words(metric: GateMetric) -> str:
    """Where a metric stands; of a measure without a budget, which decides nothing, what it became."""
    return str(metric.standing) if metric.margin is not None else _UNBUDGETED[metric.standing]


def value_words(metric: GateMetric, value: float | None) -> str:
    """A mean of an arm: a score in per cent, seconds, characters or US dollars."""
    if value is None:
        return UNKNOWN
    if metric.unit is Unit.SCORE:
        return percent(value)
    if metric.name == Measure.COST.value:
        return money(value)
    return f"{value:.2f} s" if metric.name == Measure.LATENCY.value else f"{value:.0f}"


def change_words(metric: GateMetric) -> str:
    """The change as points or per cent."""
    return _change(metric, metric.effect)


def span_words(metric: GateMetric) -> str:
    """The interval of the change."""
    if metric.interval is None:
        return UNKNOWN
    ends = [_change(metric, end) for end in metric.interval]
    return " … ".join(reversed(ends) if metric.unit is Unit.RATIO else ends)


def catches_words(metric: GateMetric) -> str:
    """The smallest drop that would have been caught."""
    return _size(metric, metric.detectable)


def _change(metric: GateMetric, effect: float | None) -> str:
    if metric.unit is Unit.SCORE or effect is None:
        return points(effect)
    return f"{100 * (math.exp(-effect) - 1):+.0f} %".replace("-", "−")


def _size(metric: GateMetric, drop: float | None) -> str:
    if drop is None:
        return UNKNOWN
    if metric.unit is Unit.RATIO:
        return f"+{100 * (math.exp(drop) - 1):.0f} %"
    return f"{100 * drop:.0f} points" if drop < 1 else "none"


def _saved(report: GateReport) -> str:
    decided = report.verdict in (GateVerdict.PASS, GateVerdict.REGRESSION)
    saved = 1 - report.calls / report.calls_full if report.calls_full and decided else 0.0
    return f" of {report.calls_full} ({100 * saved:.0f} % saved)" if saved > 0.005 else f" of {report.calls_full}"


def _row(metric: GateMetric) -> list[object]:
    return [
        metric_name(metric),
        _text(standing_words(metric), _STANDINGS[metric.standing] if metric.margin is not None else "dim"),
        value_words(metric, metric.baseline),
        value_words(metric, metric.candidate),
        change_words(metric),
        span_words(metric),
        f"{metric.n}/{metric.planned}",
        catches_words(metric),
    ]


def _show_flip(flip: Flip, to: Console) -> None:
    head = f"{flip.case_id}  {flip.metric} {score(flip.before)} -> {score(flip.after)}"
    to.print(_text(one_line(head, 200), "bold red" if flip.fell else "bold green"))
    if flip.reason:
        to.print(_text(f"  {one_line(flip.reason, 200)}", "dim"))
    before, after = word_diff(_cut(flip.baseline_text), _cut(flip.candidate_text))
    to.print(_side("  - ", before, "red"))
    to.print(_side("  + ", after, "green"))
    to.print()


def _side(sign: str, pieces: Sequence[Piece], style: str) -> Text:
    line = _text(sign, style)
    for piece in pieces:
        line.append_text(_text(" ".join(piece.text.split("\n")), f"bold {style}" if piece.changed else ""))
    return line


def _cut(text: str) -> str:
    said = harmless(text).strip()
    return said if len(said) <= _ANSWER else f"{said[:_ANSWER]}…"


def _prompt(arm: GateArm) -> str:
    return f"{arm.prompt or 'none'} ({arm.prompt_digest[:8]})" if arm.prompt else "none"


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(harmless(str(text)), style=style)
