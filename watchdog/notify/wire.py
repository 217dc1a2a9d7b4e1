"""How an alert is written for others: times, label names, the webhook message. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.digest import digest

#: What Alertmanager writes for "no end": the zero time of Go.
NO_TIME = "0001-01-01T00:00:00Z"
#: Characters of an annotation that leave the house.
LONGEST = 8000

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_]")
_FIRST_OF_A_NAME = re.compile(r"[a-zA-Z_]")


def rfc3339(at: float) -> str:
    """Unix time as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sanitized(pairs: Mapping[str, str]) -> dict[str, str]:
    """Labels or annotations that every Alertmanager takes: names of ``[a-zA-Z_][a-zA-Z0-9_]*``, no empty values.

    Two names that become the same one stay apart by an appended ``_``, in alphabetical order of the originals.
    """
    clean: dict[str, str] = {}
    for original in sorted(pairs):
        value = pairs[original]
        if not value:
            continue
        name = _NOT_IN_A_NAME.sub("_", original)
        if not _FIRST_OF_A_NAME.match(name):
            name = f"_{name}"
        while name in clean:
            name += "_"
        clean[name] = value
    return clean


def notes(alert: Alert) -> dict[str, str]:
    """Annotations of an alert as they leave: its own, none of them endless, and the incident it belongs to."""
    own = {name: text if len(text) <= LONGEST else text[:LONGEST] + "…" for name, text in alert.annotations.items()}
    return {**own, **({"incident": alert.incident_id} if alert.incident_id else {})}


def status(alert: Alert) -> str:
    """``firing`` or ``resolved``, the two words receivers know."""
    return "resolved" if alert.state is AlertState.RESOLVED else "firing"


def message(alerts: Sequence[Alert], receiver: str) -> dict[str, Any]:
    """The JSON body of a webhook call, in the form of Alertmanager's webhook version 4."""
    written = [
        {
            "status": status(alert),
            "labels": alert.matched,
            "annotations": notes(alert),
            "startsAt": rfc3339(alert.starts_at),
            "endsAt": NO_TIME if alert.resolved_at is None else rfc3339(alert.resolved_at),
            "generatorURL": "",
            "fingerprint": alert.fingerprint,
        }
        for alert in alerts
    ]
    common = _common([alert.matched for alert in alerts])
    return {
        "version": "4",
        "groupKey": digest(sorted({alert.fingerprint for alert in alerts})),
        "truncatedAlerts": 0,
        "status": "firing" if any(one["status"] == "firing" for one in written) else "resolved",
        "receiver": receiver,
        "groupLabels": common,
        "commonLabels": common,
        "commonAnnotations": _common([notes(alert) for alert in alerts]),
        "externalURL": "",
        "alerts": written,
    }


def harmless(text: str) -> str:
    """Text that a terminal only shows: control, formatting and line characters are written out as escapes.

    Names, reasons and error texts may come from a model or from a stranger.
    """
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        else character
        for character in text
    )


def _common(mappings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *rest = mappings or [{}]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in rest)}
