"""The noise review on a terminal and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.noise.review import NoiseReview, Proposal, RuleNoise, Standing
from watchdog.render.terminal import show_table
from watchdog.render.words import duration, harmless, moment, one_line, stretch

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS = (
    "rule", "severity", "fired", "paged", "acked", "judged", "actionable", "false", "flaps", "median length", "proposed"
)  # fmt: skip
#: Rules that are named on a terminal, and as top offenders.
SHOWN, OFFENDERS = 30, 3


def _cells(row: RuleNoise) -> list[str]:
    counts = (row.fired, row.paged, row.acknowledged, row.judged, row.actionable, row.false, row.flaps)
    return [row.rule, row.severity, *map(str, counts), duration(row.duration), row.proposal.value]


def title(review: NoiseReview) -> str:
    """What the review is about."""
    return f"alert noise from {moment(review.since)} to {moment(review.until)} UTC"


def standing_line(standing: Standing) -> str:
    """False pages against what was asked for."""
    asked = (
        f"{standing.allowed:g} false page{'' if standing.allowed == 1 else 's'} in {stretch(standing.period)} allowed"
    )
    if standing.achieved is None:
        return f"{asked}; nothing is remembered yet"
    over = f"in the {stretch(standing.observed)} that are remembered"
    rate = f" ({standing.achieved:.2g} in {stretch(standing.period)})" if standing.observed < standing.period else ""
    open_ = standing.pages - standing.judged
    unknown = f"; {open_} of {standing.pages} pages nobody has judged" if open_ else ""
    verdict = "ABOVE THE BUDGET" if standing.above else "within the budget"
    return f"{asked}, {standing.false} happened {over}{rate}{unknown}: {verdict}"


def offenders(review: NoiseReview) -> list[RuleNoise]:
    """The rules that rang most and have something to change."""
    return [row for row in review.rules if row.proposal is not Proposal.KEEP][:OFFENDERS]


def questions(review: NoiseReview) -> list[str]:
    """Commands that answer what nobody has said yet, one for each rule."""
    return [
        f"eval-watchdog alerts feedback {row.unjudged[0]} --actionable yes   # {row.rule}"
        for row in review.rules
        if row.unjudged
    ]


def show_noise(review: NoiseReview, to: Console) -> None:
    """The review on a terminal."""
    to.print(title(review))
    if not review.rules:
        to.print("Nothing fired.")
    else:
        shown = [[one_line(cell, 90) for cell in _cells(row)[:-1]] for row in review.rules[:SHOWN]]
        show_table(list(_COLUMNS[:-1]), shown, to, right=list(_COLUMNS[2:-1]))
        if len(review.rules) > SHOWN:
            to.print(f"and {len(review.rules) - SHOWN} more rules; --json has them")
    for row in offenders(review):
        to.print(f"-> {one_line(row.rule, 200)}: {row.proposal}", soft_wrap=True)
    for line in questions(review)[:OFFENDERS]:
        to.print(f"   {one_line(line, 300)}", soft_wrap=True)
    to.print(standing_line(review.standing), soft_wrap=True)


def noise_markdown(review: NoiseReview) -> str:
    """The review for a ticket or a chat room."""
    head = title(review)
    lines = [f"## {head[0].upper()}{head[1:]}", "", standing_line(review.standing), ""]
    if review.rules:
        lines += [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
        lines += [f"| {' | '.join(_escaped(cell) for cell in _cells(row))} |" for row in review.rules]
        lines.append("")
    found = offenders(review)
    if found:
        lines += ["### Top offenders", ""]
        lines += [f"{number}. {_escaped(row.rule)}: {row.proposal}" for number, row in enumerate(found, 1)]
        lines.append("")
    asked = questions(review)
    if asked:
        lines += [
            "### Nobody has said yet",
            "",
            "```",
            *(harmless(line).replace("`", "'") for line in asked),
            "```",
            "",
        ]
    return "\n".join(lines)


def _escaped(cell: str) -> str:
    text = one_line(cell, 200)
    for mark in ("\\", "|", "`", "*", "_", "<", "[", "@"):
        text = text.replace(mark, f"\\{mark}")
    return text
