"""The routing tree, its time intervals and its inhibitions, from teams.yaml. Pure.

Who is told is decided from the outside in: the heartbeat, drills, your own routes, the copy of a SEV1, what nobody acts
on, the cost digest, and then by alert_type the owner. ``expected.py`` says the same in another way; amtool compares.
"""

from __future__ import annotations

from typing import Any

from watchdog.generate.names import DEADMAN, NOBODY, PAGE, QUIET, RINGS, SEV1, desk, duration, matcher, pager
from watchdog.generate.teams import Teams

Route = dict[str, Any]

#: Never severity: PagerDuty's key is made of the group, and an escalation would open a second incident.
GROUP_BY = ("alert_type", "vertical", "feature")
#: What the house has put into one incident already is one page of each team that it concerns, whatever features it has.
GROUP_BY_OF_INCIDENTS = ("alert_type", "incident")
#: What a route does not inherit from the one above it.
_NOT_INHERITED = ("active_time_intervals", "mute_time_intervals")
#: How pages come: a resolved group is told at the next group_interval, so pages have a short one.
_PAGE_TIMES = {"group_interval": "1m", "repeat_interval": "4h"}
#: Labels that make the identity of an alert, severity and window aside.
_IDENTITY = (
    "alertname", "team", "vertical", "feature", "watch", "metric", "estimand", "tag", "arm",
    "provider", "model", "tool_name", "channel", "instance", "drill",
)  # fmt: skip


def tree(teams: Teams) -> Route:
    """The root route."""
    shape = teams.shape
    owners = shape.owners
    routes = [
        *_heartbeat(teams),
        _drills(teams),
        *_own(teams),
        *_sev1(teams),
        _route([matcher("severity", "=~", QUIET)], desk(shape.info) if shape.info else NOBODY),
        *_cost(teams),
        _route([matcher("alert_type", "=", "infra")], **_branch(owners.infra)),
        _model(teams),
        _tool(teams),
        # Untyped alerts are refused where they are made; one that comes all the same is not lost.
        _route([matcher("severity", "=~", RINGS)], pager(owners.infra), **_PAGE_TIMES),
    ]
    return {
        "receiver": desk(owners.infra),
        "group_by": list(GROUP_BY),
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "1d",
        "routes": routes,
    }


def time_intervals(teams: Teams) -> list[dict[str, Any]]:
    """The hours that tiers name."""
    return [
        {
            "name": name,
            "time_intervals": [
                {
                    "weekdays": list(hours.days),
                    "times": [{"start_time": hours.start, "end_time": hours.end}],
                    "location": hours.timezone,
                }
            ],
        }
        for name, hours in teams.shape.hours.items()
    ]


def inhibitions() -> list[dict[str, Any]]:
    """What explains what. A label that both sides lack counts as equal, so each label that ties them must be there."""
    return [
        {  # A provider that is down explains model alerts of the same feature on the same provider.
            "source_matchers": [
                matcher("alertname", "=", "ProviderDown"),
                matcher("severity", "=~", RINGS),
                *(matcher(label, "!=", "") for label in ("provider", "feature")),
            ],
            "target_matchers": [
                matcher("alert_type", "=", "model"),
                *(matcher(label, "!=", "") for label in ("provider", "feature")),
            ],
            "equal": ["provider", "feature", "vertical", "drill"],
        },
        *(
            {
                # A judge that moved explains what rests on its grades alone. A page of EvalDrift is not among it: the
                # house holds back what the judge explains, and lets through what is bad even without the judge's shift.
                "source_matchers": [
                    matcher("alertname", "=", "JudgeDrift"),
                    *(matcher(label, "!=", "") for label in ("watch", "metric")),
                ],
                "target_matchers": [*target, *(matcher(label, "!=", "") for label in ("watch", "metric"))],
                "equal": ["watch", "metric", "drill"],
            }
            for target in (
                [matcher("alertname", "=", "QualityBudgetBurn")],
                [matcher("alertname", "=", "EvalDrift"), matcher("severity", "=~", "ticket|info")],
            )
        ),
        {  # The same claim twice: the page says it already.
            "source_matchers": [matcher("alertname", "!=", ""), matcher("severity", "=~", RINGS)],
            "target_matchers": [matcher("alertname", "!=", ""), matcher("severity", "=~", "ticket|info")],
            "equal": list(_IDENTITY),
        },
    ]


def _route(matchers: list[str], receiver: str, **more: Any) -> Route:
    return {"matchers": matchers, "receiver": receiver, **more}


def _heartbeat(teams: Teams) -> list[Route]:
    shape = teams.shape.deadman
    every = duration(shape.every) if shape else "4h"
    times = {"group_by": ["alertname"], "group_wait": "0s", "group_interval": every, "repeat_interval": every}
    return [_route([matcher("alertname", "=", "Watchdog")], DEADMAN if shape else NOBODY, **times)]


def _drills(teams: Teams) -> Route:
    team = teams.shape.drills or teams.shape.owners.model
    return _route([matcher("drill", "=", "true")], **_branch(team), group_wait="0s")


def _own(teams: Teams) -> list[Route]:
    return [
        _route([str(each) for each in matchers], **_branch(team)) | ({"continue": True} if keep_on else {})
        for matchers, team, keep_on in teams.own_routes()
    ]


def _sev1(teams: Teams) -> list[Route]:
    shape = teams.shape.sev1
    if shape is None:
        return []
    copied = _route([matcher("severity", "=", SEV1)], pager(shape.copy_to), **_PAGE_TIMES) | {"continue": True}
    return [_by_incident(copied)]


def _by_incident(route: Route) -> Route:
    """A route below which the alerts of an incident are one group; those of none (of Prometheus) stay as they were."""
    same = {name: route[name] for name in _NOT_INHERITED if name in route}
    own = _route([matcher("incident", "!=", "")], route["receiver"], group_by=list(GROUP_BY_OF_INCIDENTS), **same)
    return {**route, "routes": [*route.get("routes", ()), own]}


def _cost(teams: Teams) -> list[Route]:
    shape = teams.shape.cost
    if shape is None:
        return []
    every = duration(shape.every)
    times = {"group_by": ["metric"], "group_wait": every, "group_interval": every}
    return [_route([matcher("metric", "=", "cost"), matcher("severity", "!~", RINGS)], desk(shape.team), **times)]


def _branch(team: str, pages: str = "always") -> Route:
    """As ``_plain``, the alerts of an incident grouped together."""
    plain = _plain(team, pages)
    return _by_incident({**plain, "routes": [_by_incident(route) for route in plain["routes"]]})


def _plain(team: str, pages: str) -> Route:
    """Receiver and routes below it: tickets to the desk, pages to the pager when ``pages`` (a tier's) lets them."""
    if pages == "always":
        rings = [_route([matcher("severity", "=~", RINGS)], pager(team), **_PAGE_TIMES)]
    else:
        rings = [_route([matcher("severity", "=", SEV1)], pager(team), **_PAGE_TIMES)]
    if pages not in {"always", "never"}:
        page = [matcher("severity", "=~", PAGE)]
        rings += [
            _route(page, desk(team), mute_time_intervals=[pages]) | {"continue": True},
            _route(page, pager(team), active_time_intervals=[pages], **_PAGE_TIMES),
        ]
    return {"receiver": desk(team), "routes": rings}


def _by_team(default: str, teams: Teams, pages: str) -> Route:
    """A branch for the team that the alert names, and the default's for all others."""
    branch = _branch(default, pages)
    others = [
        _route([matcher("team", "=", team)], **_branch(team, pages)) for team in teams.shape.teams if team != default
    ]
    return {**branch, "routes": [*others, *branch["routes"]]}


def _model(teams: Teams) -> Route:
    verticals = []
    for name, vertical in teams.shape.verticals.items():
        pages = teams.tier_pages(name)
        below = _branch(vertical.team, pages) if vertical.team else _by_team(teams.shape.owners.model, teams, pages)
        wait = {"group_wait": "0s"} if vertical.strict else {}
        verticals.append(_route([matcher("vertical", "=", name)], **below, **wait))
    default = _by_team(teams.shape.owners.model, teams, "always")
    return _route([matcher("alert_type", "=", "model")], default["receiver"], routes=[*verticals, *default["routes"]])


def _tool(teams: Teams) -> Route:
    """Tools go to whoever owns them, one group a tool and vertical: a tool that fails does so on many features."""
    owners = [(tool.tool_name, tool.team) for tool in teams.shape.tools]

    def by_name(pages: str) -> Route:
        default = _plain(teams.shape.owners.tool, pages)
        named = [_route([matcher("tool_name", "=~", name)], **_plain(team, pages)) for name, team in owners]
        return {"receiver": default["receiver"], "routes": [*named, *default["routes"]]}

    bounded = {name: pages for name in teams.shape.verticals if (pages := teams.tier_pages(name)) != "always"}
    verticals = [_route([matcher("vertical", "=", name)], **by_name(pages)) for name, pages in bounded.items()]
    default = by_name("always")
    return _route(
        [matcher("alert_type", "=", "tool")],
        default["receiver"],
        group_by=["tool_name", "vertical"],
        routes=[*verticals, *default["routes"]],
    )
