"""That something could not be delivered is itself an alert: a pure decision over what was given up."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.domain.alert import Alert, AlertType, Cause, Condition, ConditionStatus, DeadLetter, Severity

NAME = "DeliveryDead"
#: Severities whose loss must wake somebody else.
_PAGES = frozenset({"sev1", Severity.PAGE.value})
#: Errors that are named; the rest are a command away.
_SHOWN = 3


def undelivered(letters: Sequence[DeadLetter], open_alerts: Sequence[Alert]) -> list[Condition]:
    """One claim for each channel with dead letters, and for each that ``open_alerts`` says had some.

    A page that nobody got is a page, everything else a ticket. Letters about letters are left out: they would keep
    themselves alive.
    """
    lost: dict[tuple[str, Severity], list[DeadLetter]] = {}
    for alert in open_alerts:
        if alert.labels.get("alertname") == NAME:
            lost[alert.labels["channel"], Severity(alert.labels["severity"])] = []
    for letter in letters:
        if letter.alert.labels.get("alertname") != NAME:
            page = letter.alert.labels.get("severity") in _PAGES
            lost.setdefault((letter.channel, Severity.PAGE if page else Severity.TICKET), []).append(letter)
    return [_condition(channel, severity, found) for (channel, severity), found in sorted(lost.items())]


def _condition(channel: str, severity: Severity, letters: Sequence[DeadLetter]) -> Condition:
    labels = {
        "alertname": NAME,
        "alert_type": AlertType.INFRA.value,
        "severity": severity.value,
        "team": "platform",
        "vertical": "general",
        "feature": "eval-watchdog",
        "channel": channel,
    }
    if not letters:
        annotations = {"recovery": f"nothing given up is left on {channel}"}
        return Condition(labels=labels, status=ConditionStatus.CLEAR, cause=Cause.UNDELIVERED, annotations=annotations)
    errors = list(dict.fromkeys(letter.error for letter in letters))
    what = "pages" if severity is Severity.PAGE else "notifications"
    annotations = {
        "cause": Cause.UNDELIVERED.value,
        "summary": f"{channel} will never deliver {len(letters)} {what}: {errors[0]}",
        "description": (
            f"They were given up for good; those concerned do not know. Why: {'; '.join(errors[:_SHOWN])}. "
            "Put the channel right, then try again; or drop what is known by other means."
        ),
        "next_command": f"eval-watchdog alerts dead --channel {channel}",
        "runbook_url": "docs/runbooks/delivery-dead.md",
    }
    return Condition(labels=labels, status=ConditionStatus.ACTIVE, cause=Cause.UNDELIVERED, annotations=annotations)
