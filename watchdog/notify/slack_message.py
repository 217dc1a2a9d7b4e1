"""How Slack is told of an alert. Pure.

Every text but our own link is a ``plain_text`` block, or escaped in a message without mark-up: a mention or a link that
a model wrote stays text. Slack takes 50 blocks, 3,000 characters in a section, and some 13,000 in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchdog.domain.alert import NEWS, Alert, AlertState
from watchdog.notify.texts import headline, runbook, short, story, title

_EVENT = "eval_watchdog_alert"
_TEXT = 300
_SECTION = 700
#: Colour of the bar beside a message.
_COLOURS: Mapping[str, str] = {"sev1": "#7a0019", "page": "#d32f2f", "ticket": "#f9a825", "info": "#607d8b"}
_RESOLVED = "#2e7d32"
_QUIET: Mapping[str, Any] = {
    "mrkdwn": False,
    "parse": "none",
    "link_names": False,
    "unfurl_links": False,
    "unfurl_media": False,
}


def written(alert: Alert) -> dict[str, Any]:
    """The message of an alert as it stands: a headline, and what people read first below it."""
    resolved = alert.state is AlertState.RESOLVED
    colour = _RESOLVED if resolved else _COLOURS.get(alert.labels.get("severity", ""), _COLOURS["page"])
    sections = [_section(f"{what}: {text}") for what, text in story(alert, _SECTION) if what != "Runbook"]
    link = runbook(alert)
    if link:
        sections.append({"type": "section", "text": {"type": "mrkdwn", "text": f"<{_escaped(link)}|Runbook>"}})
    names = ("team", "watch", "alert_type", "metric", "model")
    about = " · ".join(short(alert.labels[name], 100) for name in names if alert.labels.get(name))
    if about:
        sections.append({"type": "context", "elements": [{"type": "plain_text", "text": about, "emoji": False}]})
    return {
        "text": _escaped(headline(alert, _TEXT)),
        "attachments": [{"color": colour, "fallback": _escaped(headline(alert, _TEXT)), "blocks": sections}],
        **_QUIET,
    }


def resolution(alert: Alert) -> dict[str, Any]:
    """What the thread is told: a changed message rings nowhere."""
    recovery = alert.annotations.get("recovery") or alert.reason.value
    return {"text": _escaped(short(f"Resolved: {recovery}", _TEXT)), **_QUIET}


def news(alert: Alert) -> dict[str, Any]:
    """What the thread, and the channel with it, is told when it got worse."""
    return {"text": _escaped(short(f"{alert.annotations.get(NEWS, '')}: {title(alert, _TEXT)}", _TEXT)), **_QUIET}


def metadata(alert: Alert) -> dict[str, Any]:
    """By which a message is found again."""
    return {"event_type": _EVENT, "event_payload": {"id": alert.id}}


def said_of(message: Any) -> str:
    """Id of the alert that a message of the channel is about; empty when it is about none."""
    try:
        found = message["metadata"]
        return str(found["event_payload"]["id"]) if found["event_type"] == _EVENT else ""
    except (KeyError, TypeError):
        return ""


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _escaped(text: str) -> str:
    """The three characters that begin anything in Slack's mark-up."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
