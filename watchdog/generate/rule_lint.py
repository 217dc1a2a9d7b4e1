"""Prometheus rule files of the user's own, held to the standard of the generated ones."""

from __future__ import annotations

import re
from pathlib import Path

from watchdog.errors import Problem
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.reading import read_text, shown
from watchdog.text.documents.yaml_nodes import parse_yaml

TYPES = ("infra", "model", "tool")
SEVERITIES = ("sev1", "page", "ticket", "info", "none")
#: Severities that ring.
PAGING = ("sev1", "page")
_QUANTILE = re.compile(r"histogram_quantile\s*\(")
_OVER_TIME = re.compile(r"\b(rate|irate|increase)\s*\(")


def lint_rules(path: Path, text: str | None = None) -> list[Problem]:
    """Problems of a rule file, each with its line; ``text`` instead of what is in the file, when given."""
    problems = Problems(shown(path))
    text = read_text(path, problems) if text is None else text
    root = None if text is None else parse_yaml(text, problems)
    if root is None:
        return problems.found
    if not _items(root, "groups"):
        problems.add("is not a rule file: it has no list of groups", at=root, field="groups")
    for at, group in enumerate(_items(root, "groups")):
        for number, rule in enumerate(_items(group, "rules")):
            _lint(rule, f"groups[{at}].rules[{number}]", problems)
    return problems.found


def _items(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.value if found is not None and isinstance(found.value, list) else []


def _lint(rule: Node, field: str, problems: Problems) -> None:
    expression = _text(rule, "expr")
    if _QUANTILE.search(expression) and not _OVER_TIME.search(expression) and "native" not in expression:
        problems.add(
            "takes the quantile of counters that only ever grow",
            at=rule.line_of("expr"),
            field=f"{field}.expr",
            hint="write histogram_quantile(0.95, sum by (le) (rate(..._bucket[5m])))",
        )
    if rule.get("alert") is None:
        return
    labels, notes = rule.get("labels"), rule.get("annotations")
    kind, severity = _text(labels, "alert_type"), _text(labels, "severity")
    at = rule.line_of("labels") if labels else rule.line_of("alert")
    for name, value, known in (("alert_type", kind, TYPES), ("severity", severity, SEVERITIES)):
        if value not in known:
            said = f"has no {name}" if not value else f"{name} {value!r} is none we know"
            line = labels.line_of(name) if labels else at
            problems.add(said, at=line, field=f"{field}.labels.{name}", hint=f"one of {', '.join(known)}")
    if kind == "tool" and not _text(labels, "tool_name"):
        problems.add("a tool alert names no tool_name", at=at, field=f"{field}.labels.tool_name")
    if severity in PAGING and not _text(notes, "runbook_url"):
        line = rule.line_of("annotations") if notes else at
        problems.add("a page without a runbook", at=line, field=f"{field}.annotations.runbook_url")


def _text(node: Node | None, key: str) -> str:
    found = node.get(key) if node is not None else None
    return str(found.value).strip() if found is not None else ""
