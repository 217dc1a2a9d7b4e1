"""Texts as chat rooms, pagers and mailboxes get them: short, harmless, and only what the alert says. Pure.

Annotations may quote a model or a stranger. Whatever a text holds, it takes a bounded place, shows no control character
and is never a link, a mention or a template unless we made it one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import httpx2

from watchdog.domain.alert import Alert
from watchdog.notify.wire import harmless, notes, status

#: Names of annotations that people read first, in that order, and what they are called.
LINES: Mapping[str, str] = {
    "description": "Why",
    "cause": "Suspected cause",
    "effect": "Effect",
    "interval": "Interval",
    "since": "Since",
    "since_between": "Began between",
    "held_back": "Held back",
    "recovery": "Recovered",
    "worst_cases": "Worst cases",
    "runbook_url": "Runbook",
    "next_command": "Type next",
    "incident": "Incident",
}
#: Most facts of an alert that are sent along, and most characters of one: 40 facts of 2,000 four-byte characters stay
#: below the 512 KB that PagerDuty takes.
_FACTS = 40
_CHARACTERS = 2000


def short(text: str, limit: int) -> str:
    """At most ``limit`` characters, harmless, on one line; what was cut off is marked by an ellipsis."""
    shown = harmless(" ".join(text[: 4 * limit].split()))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def title(alert: Alert, limit: int) -> str:
    """What happened, in one line: the summary, or the name of the alert."""
    return short(alert.annotations.get("summary") or alert.labels.get("alertname", "alert"), limit)


def headline(alert: Alert, limit: int) -> str:
    """The title after ``FIRING page:`` or ``RESOLVED page:``."""
    severity = alert.labels.get("severity", "")
    return short(f"{status(alert).upper()} {severity}: {title(alert, limit)}", limit)


def facts(alert: Alert, limit: int = _CHARACTERS) -> dict[str, str]:
    """Labels and annotations as names and short texts; an annotation that is called like a label gives way."""
    said = {**notes(alert), **alert.labels}
    names = [*alert.labels, *(name for name in said if name not in alert.labels)][:_FACTS]
    return {short(name, 100): short(said[name], limit) for name in names if said[name]}


def story(alert: Alert, limit: int = _CHARACTERS) -> list[tuple[str, str]]:
    """(what, text) of the annotations that people read first, those that there are."""
    said = notes(alert)
    return [(word, short(said[name], limit)) for name, word in LINES.items() if said.get(name)]


def runbook(alert: Alert) -> str:
    """Address of the runbook, when it is one that can be followed; else empty."""
    url = alert.annotations.get("runbook_url", "")
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError):
        return ""
    plain = len(url) <= _CHARACTERS and url.isascii() and url.isprintable() and not set(url) & set(' <>|"')
    return url if plain and parsed.scheme in {"http", "https"} and parsed.host else ""


def wanted(alerts: Iterable[Alert], severities: Sequence[str], only: Mapping[str, Sequence[str]] | None) -> list[Alert]:
    """Those of ``alerts`` with one of the severities, and of each label in ``only`` one of the values."""
    return chosen_by({"severity": severities, **(only or {})}, alerts)


def chosen_by(only: Mapping[str, Sequence[str]] | None, alerts: Iterable[Alert]) -> list[Alert]:
    """Those of ``alerts`` that have, of each label in ``only``, one of the values."""
    return [a for a in alerts if all(a.labels.get(name, "") in values for name, values in (only or {}).items())]
