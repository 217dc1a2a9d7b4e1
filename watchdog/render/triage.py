"""A triage on a terminal, never longer than a screen unless asked to be; and as Markdown for the incident channel."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from watchdog.domain.triage import Domain, Finding, Question, Reply, TriageReport
from watchdog.render.markdown import inline
from watchdog.render.words import duration, harmless, moment, money, one_line

if TYPE_CHECKING:
    from rich.console import Console

#: Lines and columns of a screen on which a triage fits.
SCREEN = (24, 80)
_REPLIES = {Reply.YES: "bold red", Reply.NO: "green", Reply.CANNOT_TELL: "bold yellow"}
#: The widest lines that are read well, and lines of evidence for each question without ``--verbose``.
_WIDEST, _EVIDENCE = 100, 1
_LABEL = 9


def show_triage(report: TriageReport, to: Console, *, verbose: bool = False) -> None:
    """The cause and what to do about it, below the three answers."""
    from rich.text import Text  # noqa: PLC0415

    for line, style in _lines(report, min(max(40, to.width), _WIDEST), verbose=verbose):
        to.print(Text(line, style=style), soft_wrap=True)


def triage_lines(report: TriageReport, *, width: int = SCREEN[1], verbose: bool = False) -> list[str]:
    """The same as lines of plain text; a command is never broken, whatever the width."""
    return [line for line, _ in _lines(report, width, verbose=verbose)]


def triage_markdown(report: TriageReport, *, verbose: bool = False) -> str:
    """For a channel: the cause and the next command first, then the three answers."""
    first = report.first
    lines = [
        f"### Triage {inline(report.watch)}: {inline(_headline(first))}",
        "",
        f"{inline(first.because, 500)}",
        "",
        f"- **owner:** {inline(str(first.owner))}",
        f"- **next:** {inline(_next(first), 400)}",
        "",
        "```",
        harmless(first.command).replace("`", ""),
        "```",
        "",
        f"- **runbook:** {inline(first.runbook, 300)}",
        f"- **would change this:** {inline(first.would_change, 300)}",
    ]
    lines += [f"- **also:** {inline(_headline(also))}: {inline(also.advice, 300)}" for also in report.findings[1:]]
    lines += ["", "| question | answer | because |", "| --- | --- | --- |"]
    lines += [
        f"| {number}\\. {inline(question.asks, 120)} | {question.reply} | {inline(question.reason, 300)} |"
        for number, question in enumerate(report.questions, start=1)
    ]
    if verbose:
        for number, question in enumerate(report.questions, start=1):
            lines += ["", f"**{number}**"]
            lines += [f"- {inline(line, 300)}" for line in question.evidence]
    lines += ["", f"<sub>{inline(_foot(report), 400)}</sub>"]
    lines += [f"<sub>{inline(note, 300)}</sub>" for note in report.not_asked]
    return "\n".join(lines) + "\n"


def _lines(report: TriageReport, width: int, *, verbose: bool) -> list[tuple[str, str]]:
    first = report.first
    lines = [(one_line(f"{report.watch}: {_headline(first)}", 2 * width if verbose else width), "bold")]
    lines += _paragraph("", first.because, width, "", most=99 if verbose else 2)
    lines.append(("", ""))
    for number, question in enumerate(report.questions, start=1):
        lines += _question(number, question, width, verbose=verbose)
    lines.append(("", ""))
    lines += _action(first, width, verbose=verbose)
    others = report.findings[1:]
    if not verbose:
        said = "; ".join(f"{_headline(also)}, {also.owner}" for also in others)
        lines += _paragraph("also", said, width, "bold", most=1)
    for also in others if verbose else ():
        lines += _paragraph("also", f"{_headline(also)}; {also.owner}", width, "bold")
        lines += _paragraph("", also.because, width, "")
        lines += _action(also, width, verbose=True)
    lines += _paragraph("", _foot(report), width, "dim", most=99 if verbose else 1)
    lines += _paragraph("", "; ".join(report.not_asked), width, "dim", most=99 if verbose else 1)
    return lines


def _headline(finding: Finding) -> str:
    sure = "" if finding.domain is Domain.NONE else f" ({finding.confidence})"
    return f"{finding.diagnosis}{sure}"


def _question(number: int, question: Question, width: int, *, verbose: bool) -> list[tuple[str, str]]:
    asks = f"{number} {question.asks} {question.reply.upper()}"
    lines = [(one_line(asks, width), _REPLIES[question.reply])]
    most = 99 if verbose else 1
    for text in (question.reason, *question.evidence[: None if verbose else _EVIDENCE]):
        lines += _paragraph("", text, width, "", most=most, indent=2)
    return lines


def _action(finding: Finding, width: int, *, verbose: bool) -> list[tuple[str, str]]:
    most = 99 if verbose else 1
    return [
        *_paragraph("owner", f"{finding.owner}; domain: {finding.domain}", width, "", most=most),
        *_paragraph("next", _next(finding), width, "bold", most=2 * most),
        (f"  $ {harmless(finding.command)}", "bold cyan"),
        *_paragraph("unless", finding.would_change, width, "", most=most),
        *_paragraph("runbook", finding.runbook, width, "", most=most),
    ]


def _next(finding: Finding) -> str:
    said = str(finding.act)
    return finding.advice if finding.advice.startswith((said, f"{said}s")) else f"{said}: {finding.advice}"


def _foot(report: TriageReport) -> str:
    more = f" and {report.unpriced} calls without a price" if report.unpriced else ""
    cost = f"{money(report.cost)}{more}" if report.cost is not None else "at a price that nobody knows"
    about = f", incident {report.incident}" if report.incident else ""
    return (
        f"{report.calls} calls, {cost}, {duration(report.seconds)}; {moment(report.at)} UTC{about}; triage {report.id}"
    )


def _paragraph(
    label: str, text: str, width: int, style: str, *, most: int = 99, indent: int = 0
) -> list[tuple[str, str]]:
    """The text on lines of at most ``width`` characters, ``most`` of them; what is left out shows as an ellipsis."""
    said = " ".join(harmless(text).split())
    if not said:
        return []
    first = f"{label:<{_LABEL}}" if label else " " * indent
    wrapped = textwrap.wrap(
        said, width, initial_indent=first, subsequent_indent=" " * len(first), max_lines=most, placeholder=" …"
    )
    return [(line, style) for line in wrapped]
