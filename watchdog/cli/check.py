"""``check``: everything that is wrong with a workspace, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json

if TYPE_CHECKING:
    from watchdog.app.join import Joined
    from watchdog.errors import Problem


@command
def check(
    *,
    config: Config = HERE,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of watchdog.yaml and stop.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Remarks about golden sets count as problems.")] = False,
    as_json: AsJson = False,
) -> None:
    """Validate watchdog.yaml, golden sets, judges, prompts and runbooks. Exit code 2 when something is wrong.

    For an editor's completion and checks, write the schema beside watchdog.yaml and begin the file with
    '# yaml-language-server: $schema=watchdog.schema.json'.

    Examples:
        eval-watchdog check
        eval-watchdog check --schema > watchdog.schema.json
    """
    if schema:
        from watchdog.catalog import VOCABULARY
        from watchdog.settings.schema import json_schema

        print_json(json_schema(VOCABULARY))
        return
    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.clock import SystemClock
    from watchdog.errors import InvalidInput, Problem

    loaded = join(config, environment())
    joined, problems = loaded.value, list(loaded.problems)
    remarks: list[Problem] = []
    if joined is not None and not problems:
        house = App(joined, SystemClock())
        house.notifiers  # noqa: B018 - building them is the test
        for name, watch in joined.watches.items():
            try:
                house.built(name)
            except ValueError as error:
                problems.append(Problem(file=str(config), field=f"watches.{name}", message=str(error)))
            if not watch.runbook and any(plan.pages for plan in watch.scorers):
                message = "has no runbook, so a page says nothing about what to do"
                remarks.append(Problem(file=str(config), field=f"watches.{name}", message=message))
        remarks += _golden_remarks(joined)
    if strict:
        problems += remarks
    if as_json:
        print_json({"problems": problems, "remarks": [] if strict else remarks})
        raise typer.Exit(2 if problems else 0)
    if problems:
        raise InvalidInput(problems)
    for remark in remarks:
        typer.echo(f"remark: {remark}")
    watches = len(joined.watches) if joined else 0
    typer.echo(f"{config}: fine ({watches} watch{'' if watches == 1 else 'es'}, {len(remarks)} remarks)")


def _golden_remarks(joined: Joined) -> list[Problem]:
    """Errors and warnings of the golden sets' lint, as problems with a place; each set once."""
    from watchdog.app.linting import lint_golden
    from watchdog.errors import Problem

    found = [
        Problem(
            file=files.cases_file,
            line=finding.line,
            message=f"case {finding.case_id}: {finding.message}" if finding.case_id else finding.message,
        )
        for name, files in joined.golden.items()
        for finding in lint_golden(joined, name)
        if finding.severity != "note"
    ]
    return list(dict.fromkeys(found))
