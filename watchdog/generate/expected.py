"""Who should be told of an alert, said step by step: what the tree must amount to. And the table of rows that says so.

Written apart from ``tree.py`` on purpose: ``amtool config routes test`` holds the one against the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from watchdog.generate.names import DEADMAN, NOBODY, PAGE, QUIET, RINGS, SEV1, desk, pager
from watchdog.generate.teams import Teams

Labels = Mapping[str, str]

_TYPES = ("infra", "model", "tool")
_SEVERITIES = ("sev1", "page", "ticket")
#: A vertical, a team and a tool that no file names.
_ELSE = "other"


def told(teams: Teams, labels: Labels) -> list[str]:
    """Receivers of an alert, in order. Both of a tier with hours: which one hears of it depends on the time."""
    shape = teams.shape
    severity = labels.get("severity", "")
    if labels.get("alertname") == "Watchdog":
        return [DEADMAN if shape.deadman else NOBODY]
    if labels.get("drill") == "true":
        return _heard(shape.drills or shape.owners.model, severity, "always")
    found: list[str] = []
    for matchers, team, keep_on in teams.own_routes():
        if all(matcher.takes(labels.get(matcher.label, "")) for matcher in matchers):
            found += _heard(team, severity, "always")
            if not keep_on:
                return found
    if severity == SEV1 and shape.sev1 is not None:
        found.append(pager(shape.sev1.copy_to))
    if severity in QUIET.split("|"):
        return [*found, desk(shape.info) if shape.info else NOBODY]
    if labels.get("metric") == "cost" and severity not in RINGS.split("|") and shape.cost is not None:
        return [*found, desk(shape.cost.team)]
    kind = labels.get("alert_type")
    pages = teams.tier_pages(labels.get("vertical", "")) if kind in {"model", "tool"} else "always"
    return [*found, *_heard(owner(teams, labels), severity, pages)]


def owner(teams: Teams, labels: Labels) -> str:
    """The team whose problem an alert is."""
    shape = teams.shape
    kind = labels.get("alert_type")
    if kind == "tool":
        named = (tool.team for tool in shape.tools if re.fullmatch(tool.tool_name, labels.get("tool_name", "")))
        return next(named, shape.owners.tool)
    if kind == "model":
        vertical = shape.verticals.get(labels.get("vertical", ""))
        if vertical is not None and vertical.team is not None:
            return vertical.team
        return labels["team"] if labels.get("team") in shape.teams else shape.owners.model
    return shape.owners.infra


def table(teams: Teams) -> list[tuple[dict[str, str], list[str]]]:
    """Alerts that between them go down every branch, and who is told; no two the same."""
    rows = [(labels, told(teams, labels)) for labels in _alerts(teams)]
    return list({str(sorted(labels.items())): (labels, heard) for labels, heard in rows}.values())


def written(rows: Sequence[tuple[Labels, Sequence[str]]]) -> str:
    """The table as a file: receivers, a tab, and the labels as amtool takes them."""
    lines = ["# receivers\tlabels; each line is a test: amtool config routes test --verify.receivers=RECEIVERS LABELS"]
    lines += [f"{','.join(heard)}\t{' '.join(f'{k}={v}' for k, v in labels.items())}" for labels, heard in rows]
    return "\n".join(lines) + "\n"


def _heard(team: str, severity: str, pages: str) -> list[str]:
    rings = severity in RINGS.split("|")
    if not rings or (pages == "never" and severity != SEV1):
        return [desk(team)]
    if pages in {"always", "never"} or severity not in PAGE.split("|"):
        return [pager(team)]
    return [desk(team), pager(team)]


def _alerts(teams: Teams) -> Iterable[dict[str, str]]:
    shape = teams.shape
    verticals = [*shape.verticals, _ELSE]
    tools = [name for tool in shape.tools if (name := _sample(tool.tool_name))]
    yield {"alertname": "Watchdog", "alert_type": "infra", "severity": "none"}
    for severity in (*_SEVERITIES, "info", "critical"):
        yield {"alertname": "Untyped", "severity": severity}
        yield {"alertname": "EvalDrift", "alert_type": "model", "severity": severity, "drill": "true"}
        for kind in _TYPES:
            yield {"alertname": "Any", "alert_type": kind, "severity": severity}
            yield {"alertname": "Any", "alert_type": kind, "severity": severity, "metric": "cost"}
    for severity in _SEVERITIES:
        for vertical in verticals:
            common = {"severity": severity, "vertical": vertical, "feature": "reply"}
            yield {"alertname": "ProviderDown", "alert_type": "infra", **common, "provider": "openai"}
            yield {"alertname": "ProviderDown", "alert_type": "infra", **common, "incident": "i1"}
            for team in [*shape.teams, _ELSE]:
                yield {"alertname": "EvalDrift", "alert_type": "model", **common, "team": team}
            yield {"alertname": "EvalDrift", "alert_type": "model", **common, "team": _ELSE, "incident": "i1"}
            for tool in [*tools, _ELSE]:
                yield {"alertname": "ToolFailing", "alert_type": "tool", **common, "tool_name": tool}
    for matchers, _, _ in teams.own_routes():
        exact = {matcher.label: matcher.value for matcher in matchers if matcher.sign == "="}
        yield {"alertname": "Own", "alert_type": "model", "severity": "ticket", **exact}


def _sample(pattern: str) -> str:
    """A name that a pattern matches, if a simple one is found; no spaces, for it goes on a command line."""
    plain = pattern.replace("\\.", ".").replace("\\", "").split("|")[0].strip("()^$")
    for name in (re.sub(r"\.[*+]", "_x", plain), re.sub(r"\.[*+]", "", plain)):
        if re.fullmatch(r"[\w.:-]+", name) and re.fullmatch(pattern, name):
            return name
    return ""
