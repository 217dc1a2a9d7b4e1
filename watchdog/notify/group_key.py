"""Under which key Alertmanager pages for an alert: sha256 of its group, which only the routing tree tells. Pure.

Whoever pages in Alertmanager's place under that key opens the incident that Alertmanager finds open when it is back,
and closes. As in Alertmanager 0.25 (``dispatch/route.go``, ``dispatch/dispatch.go``, ``notify/util.go``); tests hold it
against a running one. Time intervals, inhibitions and silences are not looked at: in doubt somebody is woken.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from watchdog.errors import UsageError

_MATCHER = re.compile(r'\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^"]*?)\s*', re.DOTALL)

#: Alertmanager's own default, seconds.
_GROUP_WAIT = 30.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 365 * 86400.0}


class _Matcher(Struct, frozen=True, order=True):
    name: str
    value: str
    operator: str

    def holds(self, labels: Mapping[str, str]) -> bool:
        found = labels.get(self.name, "")
        equal = re.fullmatch(self.value, found) is not None if "~" in self.operator else found == self.value
        return equal is not self.operator.startswith("!")

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        return f'{self.name}{self.operator}"{escaped}"'


class GroupKeys:
    """The routing tree of an Alertmanager: ``route`` and ``receivers`` of its configuration.

    Raises UsageError when it cannot be read.
    """

    def __init__(self, configuration: Any) -> None:
        try:
            self._root: Mapping[str, Any] = configuration["route"]
            self._pagers = {
                receiver["name"] for receiver in configuration["receivers"] if receiver.get("pagerduty_configs")
            }
            for _ in _routes(self._root):
                continue
        except (KeyError, TypeError, AttributeError, ValueError, re.error):
            raise UsageError("this is no configuration of Alertmanager that can be understood") from None

    def key(self, labels: Mapping[str, str]) -> str | None:
        """The key of the first PagerDuty receiver that such an alert reaches; None when it reaches none."""
        for route_key, receiver, group_by in _reached(self._root, labels, "", "", ()):
            if receiver in self._pagers:
                names = sorted(labels if "..." in group_by else set(group_by) & set(labels))
                group = ", ".join(f"{name}={json.dumps(labels[name], ensure_ascii=False)}" for name in names)
                return hashlib.sha256(f"{route_key}:{{{group}}}".encode()).hexdigest()
        return None

    def routes(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Keys of the routes that such an alert takes: the path of matchers to each."""
        return tuple(key for key, _, _ in _reached(self._root, labels, "", "", ()))

    def group_wait(self, labels: Mapping[str, str]) -> float:
        """Seconds for which the first such alert of a group waits for others, on the route that waits least."""
        return min(_waits(self._root, labels, _GROUP_WAIT))


def _reached(
    route: Mapping[str, Any], labels: Mapping[str, str], parent: str, receiver: str, group_by: Sequence[str]
) -> list[tuple[str, str, Sequence[str]]]:
    """(key, receiver, group_by) of the routes that take an alert: the deepest, and on after ``continue``."""
    matchers = _matchers(route)
    if not all(matcher.holds(labels) for matcher in matchers):
        return []
    key = f"{parent}/" * bool(parent) + "{" + ",".join(map(str, matchers)) + "}"
    receiver, group_by = route.get("receiver") or receiver, route.get("group_by") or group_by
    reached: list[tuple[str, str, Sequence[str]]] = []
    for child in route.get("routes") or ():
        found = _reached(child, labels, key, receiver, group_by)
        reached += found
        if found and not child.get("continue"):
            break
    return reached or [(key, receiver, group_by)]


def _waits(route: Mapping[str, Any], labels: Mapping[str, str], inherited: float) -> list[float]:
    """``group_wait`` in seconds of the routes that take an alert."""
    if not all(matcher.holds(labels) for matcher in _matchers(route)):
        return []
    wait = _seconds(route["group_wait"]) if route.get("group_wait") else inherited
    found: list[float] = []
    for child in route.get("routes") or ():
        below = _waits(child, labels, wait)
        found += below
        if below and not child.get("continue"):
            break
    return found or [wait]


def _seconds(text: str) -> float:
    """Seconds of ``1m30s``."""
    return sum(float(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))


def _routes(route: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every route below, and a complaint about the first that cannot be read."""
    for matcher in _matchers(route):
        matcher.holds({})
    yield route
    for child in route.get("routes") or ():
        yield from _routes(child)


def _matchers(route: Mapping[str, Any]) -> list[_Matcher]:
    """In Alertmanager's order: by name, value, and operator."""
    found = []
    for text in route.get("matchers") or ():
        match = _MATCHER.fullmatch(text)
        if match is None:
            raise ValueError(text)
        name, operator, value = match.groups()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], value[1:-1])
        found.append(_Matcher(name, value, operator))
    return sorted(found)
