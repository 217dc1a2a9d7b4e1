"""A gate's report as Markdown: a pull request's comment, a step summary.

The first line is a marker that stays the same for a watch: who finds a comment that begins so updates it. Answers are
other people's text: they stand in fenced blocks, every line behind a sign of ours; in running text every character
that means something to Markdown, HTML or GitHub is taken its meaning.
"""

from __future__ import annotations

import html
import re

from watchdog.domain.gate import Flip, GateReport, GateVerdict
from watchdog.render.gate import (
    arms_line,
    catches_words,
    change_words,
    facts,
    metric_name,
    shown_metrics,
    span_words,
    standing_words,
    value_words,
)
from watchdog.render.words import harmless, one_line, score

#: Characters of a pull request's comment; some room is left for whoever adds a line.
LONGEST = 65_536 - 1_024
_ANSWER = 1_500
_SIGNS = {
    GateVerdict.PASS: "✅",
    GateVerdict.REGRESSION: "❌",
    GateVerdict.INCONCLUSIVE: "❔",
    GateVerdict.NOT_MEASURED: "⚠️",
}
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$:])")
#: What GitHub and GitLab make links or notifications of.
_REFERENCES = re.compile(r"([@#!~%^&])(?=\w)|(?<=\w)(:)(?=//)|\b(www)(?=\.)")


def marker(watch: str) -> str:
    """First line of the comment of a watch."""
    return f"<!-- eval-watchdog gate {re.sub(r'[^A-Za-z0-9_.]', '', watch)} -->"


def gate_markdown(report: GateReport, *, longest: int = LONGEST) -> str:
    """The comment, of at most ``longest`` characters: flipped cases are left out from the end, and counted."""
    head = [
        marker(report.watch),
        f"### {_SIGNS[report.verdict]} Gate {inline(report.watch)}: {report.verdict}",
        "",
        inline(arms_line(report), 600),
        "",
        *(f"- {inline(reason, 500)}" for reason in report.reasons[:20]),
        "",
        "| metric | standing | baseline | candidate | change | interval | cases | catches |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for metric in shown_metrics(report)[:60]:
        cells = [
            inline(metric_name(metric), 80),
            standing_words(metric),
            value_words(metric, metric.baseline),
            value_words(metric, metric.candidate),
            change_words(metric),
            span_words(metric),
            f"{metric.n}/{metric.planned}",
            catches_words(metric),
        ]
        head.append("| " + " | ".join(cells) + " |")
    tail = ["", *(f"<sub>{inline(line, 600)}</sub>  " for line in facts(report))]
    tail += [f"- **next:** {inline(advice, 500)}" for advice in report.advice[:10]]
    text, end = "\n".join(head) + "\n", "\n".join(tail) + "\n"
    room = longest - len(text) - len(end) - 200
    shown: list[str] = []
    for flip in report.flips:
        block = _flip(flip)
        if len(block) > room:
            break
        room -= len(block)
        shown.append(block)
    if shown:
        left = len(report.flips) - len(shown)
        more = f"\n{left} more are left out here.\n" if left else ""
        title = f"<summary>Flipped cases: {len(report.flips)}</summary>"
        text += f"\n<details>{title}\n\n" + "\n".join(shown) + more + "\n</details>\n"
    return (text + end)[:longest]


def inline(text: str, width: int = 300) -> str:
    """Somebody's text in a line of Markdown, in which it means nothing but itself."""
    plain = _REFERENCES.sub(lambda found: f"{found[0]}\u200b", one_line(text, width))
    return _MARKS.sub(r"\\\1", html.escape(plain, quote=False))


def _flip(flip: Flip) -> str:
    sides = [*_lines("-", flip.baseline_text), *_lines("+", flip.candidate_text)]
    place = f" ({inline(flip.file, 120)}:{flip.line})" if flip.file and flip.line else ""
    head = (
        f"**{inline(flip.case_id, 120)}**{place} {inline(flip.metric, 80)} {score(flip.before)} → {score(flip.after)}"
    )
    reason = f": {inline(flip.reason, 200)}" if flip.reason else ""
    return "\n".join([head + reason, "", "```diff", *sides, "```", ""])


def _lines(sign: str, text: str) -> list[str]:
    said = harmless(text)
    said = said if len(said) <= _ANSWER else f"{said[:_ANSWER]}…"
    return [f"{sign} {line}" for line in said.split("\n")]
