"""Silences as Alertmanager tells them: GET /api/v2/silences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchdog.domain.silence import Matcher, Silence, SilenceKind
from watchdog.notify.times import unix_time
from watchdog.text.log import Log
from watchdog.text.matchers import check_pattern

_log = Log(__name__)

_SIGNS = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}


def silences_of(written: Iterable[dict[str, Any]], source: str) -> list[Silence]:
    """Those that hold or are yet to. One that we cannot read is left out, and logged: it silences nothing here.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is no list of silences.
    """
    found = []
    for each in written:
        if each["status"]["state"] == "expired":
            continue
        try:
            found.append(_silence(each, source))
        except ValueError as error:
            _log.warning("a silence is not understood", action="silence-unread", id=str(each["id"]), error=str(error))
    return found


def _silence(each: dict[str, Any], source: str) -> Silence:
    starts, ends = unix_time(each["startsAt"]), unix_time(each["endsAt"])
    if starts is None or ends is None:
        raise ValueError("its times are none")
    matchers = tuple(
        Matcher(m["name"], _SIGNS[bool(m["isRegex"]), bool(m.get("isEqual", True))], m["value"])
        for m in each["matchers"]
    )
    for matcher in matchers:
        if matcher.sign in {"=~", "!~"}:
            check_pattern(matcher.value)
    if not matchers:
        raise ValueError("it has no matcher")
    return Silence(
        id=str(each["id"])[:64],
        kind=SilenceKind.SILENCE,
        matchers=matchers,
        starts_at=starts,
        ends_at=ends,
        by=str(each.get("createdBy", ""))[:200],
        because=str(each.get("comment", ""))[:1000],
        source=source,
    )
