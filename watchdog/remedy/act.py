"""Doing what a remedy says, under somebody's name, and remembering it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from watchdog.app.build import App
from watchdog.app.join import join
from watchdog.domain.action import Action
from watchdog.domain.digest import digest
from watchdog.errors import UsageError, WatchdogError
from watchdog.remedy.plan import Remedy

#: Seconds that a hook may take.
HOOK_SECONDS = 120.0
_SHOWN = 300
#: What stands in commands where a name belongs.
_NOBODY = frozenset({"", "YOUR_NAME", "YOU", "NAME"})


class HookFailed(WatchdogError):
    """The hook did not change production."""


def act(app: App, remedy: Remedy, *, by: str, because: str, environ: Mapping[str, str]) -> Action:
    """Change production by the hook, then the files, and remember who did it and why.

    Raises:
        UsageError: nobody's name is given, or watchdog.yaml would have problems afterwards; nothing was done.
        HookFailed: the hook failed; no file was changed, and that is remembered too.
    """
    if by.strip() in _NOBODY:
        raise UsageError("say who does this: --by NAME; a remedy is a person's decision")
    now = app.clock.now()
    action = Action(
        id=digest([remedy.watch, remedy.kind, now, by]),
        watch=remedy.watch,
        kind=remedy.kind,
        at=now,
        by=by.strip(),
        because=because,
        before=remedy.before,
        after=remedy.after,
    )
    _checked(app, remedy, environ)
    outcome = "watchdog.yaml alone was changed" if remedy.files else "nothing but this record was changed"
    if remedy.hook:
        try:
            outcome = _run(app, remedy, action, environ)
        except HookFailed as error:
            _remember(app, replace(action, outcome=str(error), done=False))
            raise
    for path, text in remedy.files.items():
        _write(path, text)
    action = replace(action, outcome=outcome)
    _remember(app, action)
    return action


def _checked(app: App, remedy: Remedy, environ: Mapping[str, str]) -> None:
    """What watchdog.yaml would be is read as every command reads it, beside the one that there is."""
    text = remedy.files.get(app.settings.path)
    if text is None:
        return
    folder = app.settings.path.absolute().parent
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, suffix=".yaml", prefix=".watchdog-") as file:
        file.write(text)
        file.flush()
        join(Path(file.name), environ, secrets_required=False).checked()


def _run(app: App, remedy: Remedy, action: Action, environ: Mapping[str, str]) -> str:
    told = {
        "ACTION": remedy.kind.value,
        "WATCH": remedy.watch,
        "FEATURE": remedy.feature,
        "PROVIDER": remedy.provider,
        "MODEL": remedy.model,
        "BY": action.by,
        "BECAUSE": action.because,
    }
    known = {**environ, **{f"EVAL_WATCHDOG_{name}": value for name, value in told.items()}}
    program = remedy.hook[0]
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the words are the user's own, from watchdog.yaml
            list(remedy.hook),
            cwd=app.settings.folder,
            env=known,
            capture_output=True,
            check=False,
            timeout=HOOK_SECONDS,
        )
    except OSError as error:
        raise HookFailed(f"the {remedy.kind} hook {program!r} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise HookFailed(f"the {remedy.kind} hook {program!r} did not end in {HOOK_SECONDS:g} s") from error
    said = " ".join((done.stderr or done.stdout).decode(errors="replace").split())[:_SHOWN]
    if done.returncode:
        raise HookFailed(
            f"the {remedy.kind} hook {program!r} failed with {done.returncode}: {said or 'it said nothing'}"
        )
    return f"the {remedy.kind} hook {program!r} changed production"


def _write(path: Path, text: str) -> None:
    """The file whole or not at all, with the rights it had."""
    try:
        mode = path.stat().st_mode
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
        os.chmod(file.name, mode)  # noqa: PTH101 - a name, not a path
        Path(file.name).replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}; change it by hand") from error


def _remember(app: App, action: Action) -> None:
    with app.store.begin() as session:
        session.actions.save(action)
