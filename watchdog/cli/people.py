"""Who is who: teams of teams.yaml beside watchdog.yaml, where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.cli.edge import environment

if TYPE_CHECKING:
    from watchdog.settings.values import Settings
    from watchdog.triage.triage import People


def people_of(settings: Settings) -> People:
    """Teams and hooks. A teams.yaml that cannot be read names nobody: ``check`` says what is wrong with it."""
    from watchdog.generate.teams import FILE, load_teams
    from watchdog.triage.triage import People

    hooks = tuple(settings.hooks)
    path = settings.folder / FILE
    teams = load_teams(path, environment()).value if path.exists() else None
    if teams is None:
        return People(hooks=hooks)
    shape = teams.shape
    return People(
        platform=shape.owners.infra,
        ai=shape.owners.model,
        integration=shape.owners.tool,
        tools=tuple((tool.tool_name, tool.team) for tool in shape.tools),
        hooks=hooks,
    )
