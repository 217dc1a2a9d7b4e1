"""``feature disable`` and ``feature enable``: the user's own switch."""

from __future__ import annotations

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command
from watchdog.cli.model import Apply, Because, By, Watch, carry_out

app = typer.Typer(
    help="Switch a feature to its plain answer, and back, by your own hook.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
@command
def disable(
    watch: Watch,
    *,
    by: By = "",
    because: Because = "",
    apply: Apply = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Switch the feature of a watch to its plain answer: runs your 'disable' hook, and remembers who said so.

    Examples:
        eval-watchdog feature disable support_reply
        eval-watchdog feature disable support_reply --by ann --because "INC-9" --apply
    """
    from watchdog.remedy.plan import switch

    carry_out(
        lambda opened: switch(opened, watch, on=False), config, by=by, because=because, apply=apply, as_json=as_json
    )


@app.command()
@command
def enable(
    watch: Watch,
    *,
    by: By = "",
    because: Because = "",
    apply: Apply = False,
    config: Config = HERE,
    as_json: AsJson = False,
) -> None:
    """Switch the feature of a watch on again: runs your 'enable' hook.

    Example:
        eval-watchdog feature enable support_reply --by ann --because "INC-9 is over" --apply
    """
    from watchdog.remedy.plan import switch

    carry_out(
        lambda opened: switch(opened, watch, on=True), config, by=by, because=because, apply=apply, as_json=as_json
    )
