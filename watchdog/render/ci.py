"""A gate's report for continuous integration: GitHub annotations, GitLab code quality."""

from __future__ import annotations

import json
from collections.abc import Iterable

from watchdog.domain.digest import digest
from watchdog.domain.gate import Flip, GateReport, GateVerdict
from watchdog.render.words import one_line, score

#: Annotations that GitHub shows of one step.
_MOST = 10
_LEVELS = {
    GateVerdict.PASS: "notice",
    GateVerdict.REGRESSION: "error",
    GateVerdict.INCONCLUSIVE: "warning",
    GateVerdict.NOT_MEASURED: "error",
}


def github_annotations(report: GateReport) -> list[str]:
    """Workflow commands: the verdict, and the cases that fell, at their line of the golden set."""
    said = "; ".join(report.reasons)
    lines = [_annotation(_LEVELS[report.verdict], f"gate {report.watch}: {report.verdict}", said)]
    for flip in _fallen(report):
        level = "error" if report.verdict is GateVerdict.REGRESSION else "warning"
        title = f"{flip.case_id}: {flip.metric} {score(flip.before)} -> {score(flip.after)}"
        lines.append(_annotation(level, title, flip.reason or "the score fell", file=flip.file, line=flip.line))
    return lines[:_MOST]


def stopped_commands(text: str, token: str) -> str:
    """A text in which GitHub's runner obeys no command, whatever the models said; ``token`` must not be guessable."""
    return f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::\n"


def code_quality(report: GateReport) -> str:
    """GitLab's code quality report: the cases that fell, at their line of the golden set."""
    severity = "critical" if report.verdict is GateVerdict.REGRESSION else "minor"
    found = [
        {
            "description": one_line(
                f"{flip.case_id}: {flip.metric} {score(flip.before)} -> {score(flip.after)}: {flip.reason}", 500
            ),
            "check_name": f"eval-watchdog gate {report.watch}",
            "fingerprint": digest(["gate", report.watch, flip.case_id, flip.metric]),
            "severity": severity,
            "location": {"path": flip.file, "lines": {"begin": flip.line or 1}},
        }
        for flip in _fallen(report)
        if flip.file
    ]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _fallen(report: GateReport) -> Iterable[Flip]:
    return [flip for flip in report.flips if flip.fell]


def _annotation(level: str, title: str, message: str, *, file: str = "", line: int | None = None) -> str:
    properties = {"title": one_line(title, 120)}
    if file:
        properties = {"file": file, "line": str(line or 1), **properties}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {written}::{_message(one_line(message, 500))}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
