"""Whether a command that somebody wrote down can be typed: asked of the parser that would read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import typer

#: The root of all usage errors, of whichever click typer brings along.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def problem_of(words: Sequence[str], watches: Collection[str] | None = None) -> str:
    """Why ``eval-watchdog WORDS`` cannot be typed; empty when it can. Nothing is run.

    ``watches``: names that stand for a watch; None: any does.
    """
    from watchdog.cli import app

    command: Any = typer.main.get_command(app)
    context = command.context_class(command, info_name="eval-watchdog")
    left = list(words)
    while hasattr(command, "commands"):
        name = left.pop(0) if left else ""
        if name not in command.commands:
            return f"there is no command {name!r}" if name else "names no command"
        command = command.commands[name]
        context = command.context_class(command, info_name=name, parent=context)
    if {"-h", "--help"} & set(left):
        return ""
    try:
        parsed = command.make_context(context.info_name, left, parent=context.parent).params
    except _UsageError as error:
        return str(error.format_message()).strip().rstrip(".")  # type: ignore[attr-defined]
    named = [parsed.get("watch"), *(parsed.get("watches") or ())]
    unknown = [name for name in named if watches is not None and name and name not in watches]
    return f"there is no watch {unknown[0]!r}" if unknown else ""
