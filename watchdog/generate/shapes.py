"""What teams.yaml must look like: who owns what, how they are reached, and when."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from watchdog.text.documents.fit import Name, Seconds, Shape, Text


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("is not an http address")
    return value


def _time(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", value):
        raise ValueError("is not a time of day; write 09:00")
    return value


_Address = Annotated[str, AfterValidator(_address)]
_Time = Annotated[str, AfterValidator(_time)]


class PagerDutyShape(Shape):
    """A PagerDuty service (Events v2): one a team."""

    routing_key_file: Text | None = Field(None, description="file on Alertmanager's machine that holds the key")
    routing_key: str | None = Field(None, description="${VARIABLE}; written only with --inline-secrets")


class OpsgenieShape(Shape):
    """Opsgenie, or Jira Service Management by its Opsgenie address."""

    api_key_file: Text | None = None
    api_key: str | None = Field(None, description="${VARIABLE}; written only with --inline-secrets")
    api_url: _Address | None = None


class SlackShape(Shape):
    """A Slack channel by incoming webhook."""

    channel: Text
    api_url_file: Text | None = None
    api_url: str | None = Field(None, description="${VARIABLE}; written only with --inline-secrets")


class TeamShape(Shape):
    """How a team is reached. A pager wakes, Slack and e-mail do not."""

    pagerduty: PagerDutyShape | None = None
    opsgenie: OpsgenieShape | None = None
    slack: SlackShape | None = None
    email: Text | None = None
    webhook: _Address | None = Field(None, description="gets everything the team gets")

    @property
    def wakes(self) -> bool:
        """Whether anything here rings at night."""
        return any((self.pagerduty, self.opsgenie, self.webhook))

    @property
    def has_desk(self) -> bool:
        """Whether anything here is read in working hours."""
        return any((self.slack, self.email))


class OwnersShape(Shape):
    """The team of each alert_type."""

    infra: Name
    model: Name
    tool: Name


class ToolShape(Shape):
    """Tools whose name matches belong to a team; the first that matches counts."""

    tool_name: Text = Field(description="a regular expression over the whole name: crm.*")
    team: Name


class SloShape(Shape):
    """What a feature promises."""

    good_answers: float | None = Field(None, gt=0, lt=1, description="share of scored answers that must reach the bar")
    latency_p95: Annotated[Seconds, Field(gt=0)] | None = Field(None, description="95 % of answers take no longer")


class VerticalShape(Shape):
    """What is different for one vertical."""

    team: Name | None = Field(None, description="owns the model alerts of the vertical")
    strict: bool = Field(False, description="pages at once, and already above 1x the latency SLO")
    tier: Name | None = None
    slo: SloShape = Field(default_factory=lambda: SloShape.model_validate({}))


class HoursShape(Shape):
    """When people work."""

    days: list[Text] = Field(default_factory=lambda: ["monday:friday"], min_length=1)
    start: _Time = "09:00"
    end: _Time = "17:00"
    timezone: Text = "UTC"


class TierShape(Shape):
    """What a support tier bought: when model and tool alerts may page. SEV1 and infra always may."""

    pages: Text = Field("always", description="always, never, or the name of one of hours")


class Sev1Shape(Shape):
    """Who else hears of a SEV1."""

    copy_to: Name


class CostShape(Shape):
    """Alerts of metric=cost that do not page come in a digest."""

    team: Name
    every: Annotated[Seconds, Field(ge=60)] = 3600.0


class DeadmanShape(Shape):
    """Where the alert that always fires goes: outside the house, to something that misses it."""

    webhook: _Address
    every: Annotated[Seconds, Field(ge=10)] = 60.0


class RouteShape(Shape):
    """A route of your own; it goes before the generated ones."""

    matchers: list[Text] = Field(min_length=1)
    team: Name
    keep_on: bool = Field(False, description="whether the alert is also routed as if this route were not there")


class MailShape(Shape):
    """The mail server of Alertmanager."""

    smarthost: Text
    sender: Text
    username: Text | None = None
    password_file: Text | None = None


class TeamsShape(Shape):
    """teams.yaml."""

    version: Literal[1]
    teams: dict[Name, TeamShape] = Field(min_length=1)
    owners: OwnersShape
    tools: list[ToolShape] = Field(default_factory=list)
    verticals: dict[Name, VerticalShape] = Field(default_factory=dict)
    tiers: dict[Name, TierShape] = Field(default_factory=dict)
    hours: dict[Name, HoursShape] = Field(default_factory=dict)
    sev1: Sev1Shape | None = None
    cost: CostShape | None = None
    deadman: DeadmanShape | None = None
    info: Name | None = Field(None, description="team whose Slack or e-mail gets severity info; nobody by default")
    drills: Name | None = Field(
        None, description="team that gets alerts with drill=true; the owner of model alerts by default"
    )
    routes: list[RouteShape] = Field(default_factory=list)
    slo: SloShape = Field(
        default_factory=lambda: SloShape.model_validate({}),
        description="what every feature promises unless its vertical says",
    )
    rules: list[Text] = Field(default_factory=list, description="rule files of your own, held to the same standard")
    runbooks: Text = Field("docs/runbooks/", description="address or folder of the runbooks of docs/runbooks")
    mail: MailShape | None = None
    resolve_timeout: Annotated[Seconds, Field(ge=1)] = 180.0
