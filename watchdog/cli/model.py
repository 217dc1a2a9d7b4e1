"""``model show``, ``pin``, ``rollback``, ``failover``: which model answers, and another one in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from watchdog.app.build import App
    from watchdog.remedy.plan import Remedy

app = typer.Typer(
    help="Which model and prompt answer, and how to put others in their place.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Watch = Annotated[str, typer.Argument(metavar="WATCH")]
By = Annotated[str, typer.Option("--by", help="Who does this: a person's name. Needed to apply.")]
Because = Annotated[str, typer.Option("--because", help="Why, for those who read it later.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it; without this it is a dry run that changes nothing.")]


@app.command()
@command
def show(watch: Watch, *, config: Config = HERE, as_json: AsJson = False) -> None:
    """Targets of a watch: what is asked for, what really answered, what changed and what was done.

    Example:
        eval-watchdog model show support_reply
    """
    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.remedy.show import model_view
    from watchdog.render.words import moment

    with open_app(config, environment(), SystemClock()) as opened:
        view = model_view(opened, watch)
    if as_json:
        print_json(view)
        return
    for target in view.targets:
        served = ", ".join([*target.served, *target.fingerprints]) or "nobody yet"
        typer.echo(f"{target.role:<9} {target.model} of {target.provider}, answered by {served}")
        typer.echo(f"{'':<9} prompt {target.prompt}, parameters {target.parameters}")
    good = f"{moment(view.last_good.at)} UTC, run {view.last_good.run_id}" if view.last_good else "none is known"
    typer.echo(f"last good look: {good}")
    for change in view.changes:
        typer.echo(f"changed since: {change}")
    for action in view.actions:
        failed = "" if action.done else " (failed)"
        typer.echo(
            f"{moment(action.at)} UTC {action.kind}{failed} by {action.by}: {action.because or '-'}; {action.outcome}"
        )


@app.command()
@command
def pin(
    watch: Watch,
    *,
    model: Annotated[str | None, typer.Option("--model", help="The pinned target's when not given.")] = None,
    role: Annotated[str, typer.Option("--role", help="current, or pinned to move the control arm.")] = "current",
    by: By = "",
    because: Because = "",
    apply: Apply = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a target ask a dated model that holds: changes watchdog.yaml, and production by your 'pin' hook.

    Examples:
        eval-watchdog model pin support_reply
        eval-watchdog model pin support_reply --by ann --because "INC-7: alias moved" --apply
        eval-watchdog model pin support_reply --role pinned --model gpt-5-mini-2026-10-01 --by ann --apply
    """
    from watchdog.domain.target import Role
    from watchdog.remedy.plan import pin as plan

    if role not in (Role.CURRENT.value, Role.PINNED.value):
        raise typer.BadParameter(f"--role is current or pinned, not {role!r}")
    carry_out(
        lambda opened: plan(opened, watch, role=Role(role), model=model),
        config, by=by, because=because, apply=apply, as_json=as_json,
    )  # fmt: skip


@app.command()
@command
def rollback(
    watch: Watch,
    *,
    to: Annotated[str | None, typer.Option("--to", help="Id of a run; the last good look when not given.")] = None,
    by: By = "",
    because: Because = "",
    apply: Apply = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Put model and prompt of the last good look back: the prompt as git remembers it, and production by your hook.

    Never without a person's name: nothing here decides by itself that a prompt was a mistake.

    Examples:
        eval-watchdog model rollback support_reply
        eval-watchdog model rollback support_reply --by ann --because "INC-7: v15 lost the JSON" --apply
    """
    from watchdog.remedy.plan import roll_back

    carry_out(
        lambda opened: roll_back(opened, watch, to=to), config, by=by, because=because, apply=apply, as_json=as_json
    )


@app.command()
@command
def failover(
    watch: Watch,
    *,
    by: By = "",
    because: Because = "",
    apply: Apply = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Let the fallback target answer: changes watchdog.yaml, and production by your 'failover' hook.

    'eval-watchdog provider verify WATCH' says beforehand whether the fallback would hold.

    Example:
        eval-watchdog model failover support_reply --by ann --because "INC-8: 503" --apply
    """
    from watchdog.remedy.plan import fail_over

    carry_out(lambda opened: fail_over(opened, watch), config, by=by, because=because, apply=apply, as_json=as_json)


def carry_out(
    plan: Callable[[App], Remedy], config: Path, *, by: str, because: str, apply: bool, as_json: bool
) -> None:
    """Show what would be done, and do it when told to."""
    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.clock import SystemClock
    from watchdog.remedy.act import act

    # Nobody is asked here: a key that is not set must not stand in the way at night.
    with App(join(config, environment(), secrets_required=False).checked(), SystemClock()) as opened:
        remedy = plan(opened)
        action = act(opened, remedy, by=by, because=because, environ=environment()) if apply else None
    if as_json:
        files = [str(path) for path in remedy.files]
        print_json(
            {
                "kind": remedy.kind,
                "watch": remedy.watch,
                "before": remedy.before,
                "after": remedy.after,
                "files": files,
                "hook": list(remedy.hook),
                "remarks": list(remedy.remarks),
                "applied": action is not None,
                "action": action,
            }
        )
        return
    for place, value in remedy.after.items():
        typer.echo(f"{remedy.watch} {place}: {remedy.before[place]} -> {value}")
    for path in remedy.files:
        typer.echo(f"{'wrote' if action else 'would write'} {path}")
    if remedy.hook and action is None:
        typer.echo(f"would run the {remedy.kind} hook: {' '.join(remedy.hook)}")
    for remark in remedy.remarks:
        typer.echo(f"note: {remark}")
    typer.echo(action.outcome if action else "a dry run: nothing was changed; add --by NAME --apply to do it")
