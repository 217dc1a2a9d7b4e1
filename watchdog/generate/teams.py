"""Reading teams.yaml, and everything that is wrong with it: each problem with file, line and field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from watchdog.domain.silence import Matcher
from watchdog.errors import Problem
from watchdog.generate.matchers import impossible, shadowed
from watchdog.generate.rule_lint import lint_rules
from watchdog.generate.shapes import TeamsShape
from watchdog.settings.environment import filled, not_set, refuse_written_secrets
from watchdog.text.documents.fit import fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Loaded, Problems
from watchdog.text.documents.reading import read_text, shown
from watchdog.text.documents.suggest import did_you_mean
from watchdog.text.documents.yaml_nodes import parse_yaml
from watchdog.text.matchers import check_pattern, parse

#: Name of the file, beside watchdog.yaml.
FILE = "teams.yaml"
#: Credentials of a channel: where it is, and its key as a file and inlined.
KEYS = {
    "pagerduty": ("routing_key_file", "routing_key"),
    "opsgenie": ("api_key_file", "api_key"),
    "slack": ("api_url_file", "api_url"),
}


class Teams(Struct, frozen=True, kw_only=True):
    """teams.yaml as read."""

    shape: TeamsShape
    #: Credentials whose variable is not set, by field: they can be referred to, not inlined.
    unset: Mapping[str, str]

    def tier_pages(self, vertical: str) -> str:
        """When the model and tool alerts of a vertical may page: ``always``, ``never`` or a name of ``hours``."""
        known = self.shape.verticals.get(vertical)
        return self.shape.tiers[known.tier].pages if known and known.tier else "always"

    def reached(self, alert_type: str, tool_name: str = "") -> str:
        """Whose an alert is and how that team is reached, in words; empty when nobody owns such alerts."""
        mine = [tool.team for tool in self.shape.tools if tool_name and re.fullmatch(tool.tool_name, tool_name)]
        name = (mine or [getattr(self.shape.owners, alert_type, "")])[0]
        team = self.shape.teams.get(name)
        if team is None:
            return ""
        pager = [word for word, one in (("PagerDuty", team.pagerduty), ("Opsgenie", team.opsgenie)) if one]
        desk = [f"Slack {team.slack.channel}" if team.slack else "", team.email or ""]
        ways = ", ".join(way for way in (*pager, *desk) if way)
        return f"{name} ({ways})" if ways else name

    def own_routes(self) -> list[tuple[list[Matcher], str, bool]]:
        """Matchers, team and whether to go on, of the routes of the user's own."""
        return [([parse(text) for text in route.matchers], route.team, route.keep_on) for route in self.shape.routes]


def load_teams(path: Path, environ: Mapping[str, str]) -> Loaded[Teams]:
    """Read teams.yaml (or the one in the folder ``path``) and the rule files it names. Nothing is raised."""
    path = path / FILE if path.is_dir() else path
    problems = Problems(shown(path))
    text = read_text(path, problems)
    written = None if text is None else parse_yaml(text, problems)
    if written is None:
        return Loaded(None, tuple(problems.found))
    refuse_written_secrets(written, problems)
    root = filled(written, environ, problems)
    unset = {f"{team}.{kind}": leaf.origin for team, kind, leaf in _credentials(root) if leaf.unset}
    fine = {id(leaf) for _, _, leaf in _credentials(root)}
    missing = [(field, leaf) for field, leaf in not_set(root) if id(leaf) not in fine]
    for field, leaf in missing:
        problems.add(f"{leaf.origin} is not set", at=leaf, field=field)
    if missing:
        return Loaded(None, tuple(problems.found))
    _one_key_each(root, problems)
    shape = fit(TeamsShape, root, problems)
    if shape is None:
        return Loaded(None, tuple(problems.found))
    _Reader(shape, root, problems).read()
    of_rules = _own_rules(shape, root, path.parent, problems)
    found = [*problems.found, *of_rules]
    return Loaded(Teams(shape=shape, unset=unset), tuple(sorted(found, key=lambda one: (one.file, one.line or 0))))


def _credentials(root: Node) -> Iterator[tuple[str, str, Node]]:
    teams = root.get("teams")
    for team, node in teams.mapping.items() if teams else ():
        for kind, (_, key) in KEYS.items():
            channel = node.get(kind)
            leaf = channel.get(key) if channel else None
            if leaf is not None:
                yield team, kind, leaf


def _one_key_each(root: Node, problems: Problems) -> None:
    """One PagerDuty service a team, one key to it: two of them make two incidents of one alert."""
    teams = root.get("teams")
    for team, node in teams.mapping.items() if teams else ():
        for kind, names in KEYS.items():
            channel, field = node.get(kind), f"teams.{team}.{kind}"
            if channel is None:
                continue
            given = [name for name in names if channel.get(name) is not None]
            several = isinstance(channel.value, list) and len(channel.value) > 1
            if several or len(given) > 1:
                problems.add(
                    "two keys for one team", at=node.line_of(kind), field=field, hint=f"keep {' or '.join(names)}"
                )
            elif not given and isinstance(channel.value, Mapping):
                problems.add("has no key", at=node.line_of(kind), field=field, hint=f"give {' or '.join(names)}")


def _own_rules(shape: TeamsShape, root: Node, folder: Path, problems: Problems) -> list[Problem]:
    """What is wrong with the rule files that are named; those that are not there are noted."""
    found: list[Problem] = []
    for at, pattern in enumerate(shape.rules):
        files = sorted(folder.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
        if not files:
            problems.add(f"no file is called {pattern!r}", at=root.line_of("rules"), field=f"rules[{at}]")
        for file in files:
            found += lint_rules(file)
    return found


class _Reader:
    """What is wrong between the parts of a file whose parts are well-formed."""

    def __init__(self, shape: TeamsShape, root: Node, problems: Problems) -> None:
        self.shape = shape
        self.root = root
        self.problems = problems

    def read(self) -> None:
        """Everything."""
        self.names()
        self.channels()
        self.tiers()
        self.own_routes()
        self.tools()

    def line(self, *path: str | int) -> int:
        """Line of what stands at a path, or of the last part of it that is there."""
        node, line = self.root, self.root.line
        for part in path:
            here: Any = node.value
            try:
                line = node.line_of(part) if isinstance(part, str) else here[part].line
                node = here[part]
            except (KeyError, IndexError, TypeError):
                break
        return line

    def say(self, message: str, *path: str | int, hint: str = "") -> None:
        """Note a problem with what stands at a path."""
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        self.problems.add(message, at=self.line(*path), field=field, hint=hint)

    def team(self, name: str | None, *path: str | int) -> None:
        """A team that is named is there."""
        if name is not None and name not in self.shape.teams:
            self.say(f"there is no team {name!r}", *path, hint=did_you_mean(name, self.shape.teams))

    def names(self) -> None:
        """Every team, tier and stretch of hours that is named is there."""
        shape = self.shape
        for kind in ("infra", "model", "tool"):
            self.team(getattr(shape.owners, kind), "owners", kind)
        for name, vertical in shape.verticals.items():
            self.team(vertical.team, "verticals", name, "team")
            if vertical.tier is not None and vertical.tier not in shape.tiers:
                hint = did_you_mean(vertical.tier, shape.tiers)
                self.say(f"there is no tier {vertical.tier!r}", "verticals", name, "tier", hint=hint)
        for name, tier in shape.tiers.items():
            if tier.pages not in {"always", "never", *shape.hours}:
                hint = did_you_mean(tier.pages, ["always", "never", *shape.hours])
                self.say(f"there are no hours {tier.pages!r}", "tiers", name, "pages", hint=hint)
        self.team(shape.sev1.copy_to if shape.sev1 else None, "sev1", "copy_to")
        self.team(shape.cost.team if shape.cost else None, "cost", "team")
        self.team(shape.info, "info")
        self.team(shape.drills, "drills")

    def channels(self) -> None:
        """Every team is reached by something, and whoever owns alerts that page by something that wakes."""
        for name, team in self.shape.teams.items():
            if not (team.wakes or team.has_desk):
                self.say("is reached by nothing", "teams", name, hint="give it pagerduty, opsgenie, slack or email")
            if team.email and self.shape.mail is None:
                self.say("there is no mail server", "teams", name, "email", hint="add mail: {smarthost, sender}")
        for kind in ("infra", "model", "tool"):
            owner = self.shape.teams.get(getattr(self.shape.owners, kind))
            if owner is not None and not owner.wakes:
                self.say("owns alerts that page, and nothing of it wakes anybody", "owners", kind)
        info = self.shape.teams.get(self.shape.info or "")
        if info is not None and not info.has_desk:
            self.say("has neither slack nor email, and severity info must not ring", "info")

    def tiers(self) -> None:
        """Where a tier may not page, the owners need something that does not ring."""
        for name, vertical in self.shape.verticals.items():
            tier = self.shape.tiers.get(vertical.tier or "")
            team = self.shape.teams.get(vertical.team or self.shape.owners.model)
            if tier and team and tier.pages != "always" and not team.has_desk:
                self.say(f"pages {tier.pages}, but its team has neither slack nor email", "verticals", name, "tier")

    def own_routes(self) -> None:
        """Every route of the user's own can match."""
        before: list[list[Matcher]] = []
        for at, route in enumerate(self.shape.routes):
            self.team(route.team, "routes", at, "team")
            try:
                matchers = [parse(text) for text in route.matchers]
            except ValueError as error:
                self.say(str(error), "routes", at, "matchers")
                continue
            reason = impossible(matchers)
            taker = shadowed(matchers, before)
            if reason:
                self.say(f"can never match: {reason}", "routes", at, "matchers")
            elif taker is not None:
                self.say(
                    f"can never match: a route before it takes {' '.join(map(str, taker))}", "routes", at, "matchers"
                )
            if not route.keep_on:
                before.append(matchers)

    def tools(self) -> None:
        """Every tool pattern is one, and can match."""
        before: list[list[Matcher]] = []
        for at, tool in enumerate(self.shape.tools):
            self.team(tool.team, "tools", at, "team")
            try:
                check_pattern(tool.tool_name)
            except ValueError as error:
                self.say(str(error), "tools", at, "tool_name")
                continue
            here = [Matcher("tool_name", "=~", tool.tool_name)]
            if shadowed(here, before) is not None:
                self.say("can never match: a pattern before it takes it all", "tools", at, "tool_name")
            before.append(here)
