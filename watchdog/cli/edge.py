"""The edge of every command: options they share, errors in words, results on stdout."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchdog.errors import WatchdogError

if TYPE_CHECKING:
    from watchdog.app.build import App

Config = Annotated[
    Path, typer.Option("--config", "-c", help="watchdog.yaml, or the folder it is in.", show_default="./watchdog.yaml")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

HERE = Path("watchdog.yaml")


#: Where click would join the examples to one paragraph.
_EXAMPLES = re.compile(r"^( *)(?=Examples?:$)", re.MULTILINE)


def give_up(said: str, exit_code: int, *, as_json: bool = False) -> typer.Exit:
    """Say on stderr what is wrong, and to machines on stdout; the exit to raise."""
    typer.echo(f"eval-watchdog: {said}", err=True)
    if as_json:
        print_json({"error": said, "exit_code": exit_code})
    return typer.Exit(exit_code)


@contextmanager
def errors_in_words(*, as_json: bool = False) -> Iterator[None]:
    """End a command with its error's sentence and exit code, never with a traceback for what we know."""
    try:
        with as_far_as_read():
            yield
    except WatchdogError as error:
        raise give_up(str(error), error.exit_code, as_json=as_json) from None
    except typer.BadParameter as error:
        if as_json:
            print_json({"error": error.message, "exit_code": error.exit_code})
        raise


@contextmanager
def as_far_as_read() -> Iterator[None]:
    """Tell something to a reader who may have seen enough (``... | head``): what comes after goes nowhere."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def ends_with(exit_code: int) -> Iterator[None]:
    """Tell a result, then end with its exit code: how far it was read changes no verdict."""
    with as_far_as_read():
        yield
    raise typer.Exit(exit_code)


def print_json(value: Any) -> None:
    """A value of plain parts or views as JSON on stdout."""
    from watchdog.render.as_json import as_json

    typer.echo(as_json(value))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """A table on stdout."""
    from watchdog.render.terminal import console, show_table

    show_table(list(columns), rows, console(), right=list(right))


def write_page(path: Path, page: str) -> None:
    """Write a page for a browser, and say on stderr where it is.

    Raises:
        UsageError: the file cannot be written.
    """
    from watchdog.errors import UsageError

    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    typer.echo(f"wrote {path}", err=True)


def write_out(path: Path, text: str, *, private: bool = False) -> None:
    """Write a generated file whole or not at all, and say on stderr where it is.

    ``private``: for its owner alone to read, because there are credentials in it.

    Raises:
        UsageError: the file cannot be written.
    """
    import tempfile

    from watchdog.errors import UsageError

    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o600 if private else 0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    typer.echo(f"wrote {path}", err=True)


def since_seconds(text: str) -> float:
    """Seconds of ``24h``, ``7d``, ``90m`` or a plain number.

    Raises:
        typer.BadParameter: it is none of these.
    """
    from watchdog.text.quantities import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no duration; write 24h, 7d or 90m") from error


def open_store(config: Path) -> App:
    """The house for commands that look into the store and call nobody: keys need not be set.

    Raises:
        InvalidInput: something in the workspace's files is wrong.
    """
    from watchdog.app.build import App
    from watchdog.app.join import join
    from watchdog.clock import SystemClock

    return App(join(config, environment(), secrets_required=False).checked(), SystemClock())


def dollars(text: str) -> float:
    """US dollars of ``2 USD``, ``$0.50`` or a plain number.

    Raises:
        typer.BadParameter: it is none of these.
    """
    from watchdog.text.quantities import parse_money

    try:
        return parse_money(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no sum of money; write '2 USD'") from error


def quiet_logs() -> None:
    """Warnings go to stderr, where they are no part of a result; what is below them, nowhere."""
    from watchdog.text.log import configure_when_needed

    def configure() -> None:
        from watchdog.daemon.logs import configure_logs

        configure_logs("warning")

    configure_when_needed(configure)


def environment() -> Mapping[str, str]:
    """The environment, handed to settings and to nobody else."""
    return os.environ


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: errors become words and exit codes, and its examples stay on lines of their own."""
    from functools import wraps

    @wraps(function)
    def guarded(*arguments: Any, **options: Any) -> None:
        with errors_in_words(as_json=options.get("as_json", False)):
            function(*arguments, **options)

    guarded.__doc__ = _EXAMPLES.sub(r"\1\b\n\1", function.__doc__ or "")
    return guarded
