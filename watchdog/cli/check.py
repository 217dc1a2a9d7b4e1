"""``check``: everything that is wrong with a workspace, at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.app.join import Joined
    from watchdog.detect.budget import Share
    from watchdog.domain.watch import Watch
    from watchdog.errors import Problem


@command
def check(
    *,
    config: Config = HERE,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of watchdog.yaml and stop.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Remarks about golden sets count as problems.")] = False,
    as_json: AsJson = False,
) -> None:
    """Validate watchdog.yaml, teams.yaml, golden sets, judges, prompts, runbooks. Exit code 2 when something is wrong.

    Shows how the false-alarm budget is divided over the metrics that may page.

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
    from msgspec.structs import asdict

    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.clock import SystemClock
    from watchdog.errors import InvalidInput, Problem

    loaded = join(config, environment())
    joined, problems = loaded.value, [*loaded.problems, *_teams_problems(config)]
    remarks: list[Problem] = []
    shares: list[Share] = []
    if joined is not None and not problems:
        house = App(joined, SystemClock())
        house.notifiers  # noqa: B018 - building them is the test
        shares = list(house.false_alarms.shares.values())
        for name, watch in joined.watches.items():
            wrong, remarked = _looked_over(house, watch)
            problems += [Problem(file=str(config), field=f"watches.{name}", message=said) for said in wrong]
            remarks += [Problem(file=str(config), field=f"watches.{name}", message=said) for said in remarked]
        remarks += [*_golden_remarks(joined), *_runbook_remarks(joined)]
    if strict:
        problems += remarks
    if as_json:
        divided = [{**asdict(share), "metric": str(share.key)} for share in shares]
        turns = _turns(joined) if joined is not None and not problems else []
        told = {"problems": problems, "remarks": [] if strict else remarks, "false_alarms": divided, "turns": turns}
        print_json(told)
        raise typer.Exit(2 if problems else 0)
    if problems:
        raise InvalidInput(problems)
    for remark in remarks:
        typer.echo(f"remark: {remark}")
    if joined is not None:
        _show_shares(joined, shares)
        for row in _turns(joined):
            typer.echo(
                "{watch} asks at most {cases_per_look} of {cases} cases a look: each once in {looks_of_a_round} looks, "
                "none waits more than {longest_wait}; a baseline takes {looks_for_baseline} looks".format(**row)
            )
    watches = len(joined.watches) if joined else 0
    typer.echo(f"{config}: fine ({watches} watch{'' if watches == 1 else 'es'}, {len(remarks)} remarks)")


def _looked_over(house: App, watch: Watch) -> tuple[list[str], list[str]]:
    """What is wrong with a watch as it is built, and what is to be remarked about it."""
    from watchdog.detect.admission import LEAST_TAGGED

    wrong, remarks = [], []
    try:
        house.built(watch.name)
    except ValueError as error:
        wrong.append(str(error))
    if not watch.runbook and not watch.runbook_base_url and any(plan.pages for plan in watch.scorers):
        wrong.append("may page, and has no runbook to link: write runbook:, or runbook_base_url: at the top")
    cases = watch.golden.cases if watch.golden else ()
    counts = {tag: sum(tag in case.tags for case in cases) for tag in watch.tags}
    wrong += [f"no case has the tag {tag!r}" for tag, count in counts.items() if not count]
    remarks += [
        f"only {count} cases have the tag {tag!r}; with fewer than {LEAST_TAGGED} only a big drop shows"
        for tag, count in counts.items()
        if 0 < count < LEAST_TAGGED
    ]
    return wrong, remarks


def _turns(joined: Joined) -> list[dict[str, object]]:
    """How the watches that do not ask all cases at each look go round them."""
    from watchdog.pipeline.scope import looks_for_baseline
    from watchdog.replay.rotation import longest_wait, round_length

    return [
        {
            "watch": watch.name,
            "cases": len(watch.golden.cases),
            "cases_per_look": watch.cases_per_look,
            "looks_of_a_round": round_length(len(watch.golden.cases), watch.cases_per_look),
            "longest_wait": longest_wait(len(watch.golden.cases), watch.cases_per_look),
            "looks_for_baseline": looks_for_baseline(watch),
        }
        for watch in joined.watches.values()
        if watch.golden is not None and watch.cases_per_look is not None
    ]


def _teams_problems(config: Path) -> list[Problem]:
    """What is wrong with teams.yaml and the rule files it names, where there is one."""
    from watchdog.generate.teams import FILE, load_teams

    file = (config if config.is_dir() else config.parent) / FILE
    return list(load_teams(file, environment()).problems) if file.exists() else []


def _show_shares(joined: Joined, shares: list[Share]) -> None:
    """Who may ring how often."""
    from watchdog.cli.edge import print_table

    budget = joined.settings.false_alarms
    typer.echo(f"false alarms: {budget.count:g} in {budget.seconds / 86_400:g} days, divided over what may page")
    columns = ["metric", "share", "looks to a false alarm", "false alarms a quarter"]
    rows = [[str(s.key), f"{s.share:.1%}", f"{s.mean_runs:,.0f}", f"{s.a_quarter:.3g}"] for s in shares]
    print_table(columns, rows, right=columns[1:])


def _runbook_remarks(joined: Joined) -> list[Problem]:
    """What would hold up whoever follows the runbook of a watch."""
    from watchdog.cli.runbook import own_faults
    from watchdog.errors import Problem

    return [
        Problem(file=file, line=fault.line or None, message=fault.message)
        for file, faults in own_faults(joined).items()
        for fault in faults
    ]


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
