"""Receivers: how each team is reached. Texts of alerts come from models and strangers, and are written harmless."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from watchdog.errors import UsageError
from watchdog.generate.names import DEADMAN, NOBODY, desk, pager
from watchdog.generate.shapes import OpsgenieShape, PagerDutyShape, SlackShape, TeamShape
from watchdog.generate.teams import KEYS, Teams

Config = dict[str, Any]

_FIRST = "(index .Alerts 0)"
_COUNT = "{{ if gt (len .Alerts) 1 }} (+ more: {{ len .Alerts }} alerts){{ end }}"
_SUMMARY = f"{{{{ {_FIRST}.Annotations.summary }}}}{_COUNT}"
_RUNBOOK = f"{{{{ {_FIRST}.Annotations.runbook_url }}}}"
#: Slack reads <!channel>, links and & in a text; a model may have written them.
_SLACK = ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"'
_SLACK_TEXT = (
    "{{ range .Alerts }}"
    f"*{{{{ .Labels.severity }}}}* {{{{ .Annotations.summary{_SLACK} }}}}\n"
    f"{{{{ if .Annotations.next_command }}}}`{{{{ .Annotations.next_command{_SLACK} }}}}`\n{{{{ end }}}}"
    f"{{{{ if .Annotations.runbook_url }}}}runbook: {{{{ .Annotations.runbook_url{_SLACK} }}}}\n{{{{ end }}}}"
    "{{ end }}"
)
_TITLE = (
    "[{{ .Status | toUpper }}] {{ .GroupLabels.alert_type }} {{ .GroupLabels.vertical }} {{ .GroupLabels.feature }}"
)


def receivers(teams: Teams, *, inline: bool, only: Collection[str]) -> list[Config]:
    """The receivers of these names, in the order of teams.yaml.

    ``inline``: credentials themselves instead of references to files.

    Raises:
        UsageError: a credential has no file, and may not be or cannot be inlined.
    """
    found: dict[str, Callable[[], Config]] = {NOBODY: dict}
    deadman = teams.shape.deadman
    if deadman is not None:
        found[DEADMAN] = lambda: {"webhook_configs": [{"url": deadman.webhook, "send_resolved": False}]}
    for name, team in teams.shape.teams.items():
        channels = _Channels(name, team, teams, inline=inline)
        found[pager(name)] = channels.pager
        found[desk(name)] = channels.desk
    return [{"name": name, **made()} for name, made in found.items() if name in only]


class _Channels:
    def __init__(self, name: str, team: TeamShape, teams: Teams, *, inline: bool) -> None:
        self.name = name
        self.team = team
        self.teams = teams
        self.inline = inline

    def pager(self) -> Config:
        """What wakes, and Slack beside it; all there is when nothing wakes."""
        email = {} if self.team.wakes else self._email()
        return {**self._pagers("critical", "P1"), **self._slack(), **email, **self._webhook()}

    def desk(self) -> Config:
        """What is read in working hours; the pager at low urgency when there is nothing else."""
        quiet = {**self._slack(), **self._email()}
        return {**(quiet or self._pagers("warning", "P3")), **self._webhook()}

    def _pagers(self, severity: str, priority: str) -> Config:
        found: Config = {}
        if self.team.pagerduty is not None:
            found["pagerduty_configs"] = [self._pagerduty(self.team.pagerduty, severity)]
        if self.team.opsgenie is not None:
            found["opsgenie_configs"] = [self._opsgenie(self.team.opsgenie, priority)]
        return found

    def _pagerduty(self, service: PagerDutyShape, severity: str) -> Config:
        return {
            **self._key("pagerduty", service.routing_key_file, service.routing_key),
            "send_resolved": True,
            "description": _SUMMARY,
            "severity": severity,
            "class": "{{ .GroupLabels.alert_type }}",
            "group": "{{ .GroupLabels.vertical }}",
            "component": "{{ .GroupLabels.feature }}",
            "details": _details(),
            "links": [{"href": _RUNBOOK, "text": "runbook"}],
        }

    def _opsgenie(self, service: OpsgenieShape, priority: str) -> Config:
        return {
            **self._key("opsgenie", service.api_key_file, service.api_key),
            **({"api_url": service.api_url} if service.api_url else {}),
            "send_resolved": True,
            "message": _SUMMARY,
            "priority": priority,
            "details": _details(),
        }

    def _slack(self) -> Config:
        slack: SlackShape | None = self.team.slack
        if slack is None:
            return {}
        config = {
            **self._key("slack", slack.api_url_file, slack.api_url),
            "channel": slack.channel,
            "send_resolved": True,
            "title": _TITLE,
            "text": _SLACK_TEXT,
        }
        return {"slack_configs": [config]}

    def _email(self) -> Config:
        return {"email_configs": [{"to": self.team.email, "send_resolved": True}]} if self.team.email else {}

    def _webhook(self) -> Config:
        if not self.team.webhook:
            return {}
        return {"webhook_configs": [{"url": self.team.webhook, "send_resolved": True}]}

    def _key(self, kind: str, file: str | None, value: str | None) -> Mapping[str, str]:
        as_file, as_value = KEYS[kind]
        if file is not None:
            return {as_file: file}
        field = f"teams.{self.name}.{kind}.{as_value}"
        if not self.inline:
            raise UsageError(
                f"{field} would be written into the configuration in clear: give {as_file}, or ask for --inline-secrets"
            )
        missing = self.teams.unset.get(f"{self.name}.{kind}")
        if missing or not value:
            raise UsageError(f"{field}: {missing or 'its value'} is not set")
        return {as_value: value}


def _details() -> dict[str, str]:
    notes = ("summary", "cause", "effect", "interval", "estimand", "guarantee", "incident", "next_command")
    labels = ("alertname", "watch", "metric", "provider", "model", "tool_name")
    shown = {name: f"{{{{ {_FIRST}.Annotations.{name} }}}}" for name in notes}
    shown |= {name: f"{{{{ {_FIRST}.Labels.{name} }}}}" for name in labels}
    return {**shown, "runbook_url": _RUNBOOK}
