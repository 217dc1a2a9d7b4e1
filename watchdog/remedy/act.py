"""Doing what a remedy says, under somebody's name, and remembering it."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

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


class NotWritten(WatchdogError):
    """A file could not be replaced, though it seemed so beforehand."""


def act(app: App, remedy: Remedy, *, by: str, because: str, environ: Mapping[str, str]) -> Action:
    """Change production by the hook, then the files, and remember who did it and why.

    Raises:
        UsageError: nobody's name is given, a file cannot be written, or watchdog.yaml would have problems afterwards;
            nothing was done.
        HookFailed: the hook failed; no file was changed, and that is remembered too.
        NotWritten: production was changed by the hook, but not the file; that is remembered.
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
    with _drafts(remedy.files) as drafts:
        if app.settings.path in drafts:  # read as every command reads it, beside the one that there is
            join(drafts[app.settings.path], environ, secrets_required=False).checked()
        # Before the hook: whatever happens to us from here on, somebody tried.
        _remember(app, replace(action, outcome="begun; how it ended was not written down", done=False))
        outcome = "watchdog.yaml alone was changed" if remedy.files else "nothing but this record was changed"
        try:
            if remedy.hook:
                outcome = _run(app, remedy, action, environ)
            _put(drafts)
        except HookFailed as error:
            _remember(app, replace(action, outcome=str(error), done=False))
            raise
        except NotWritten as error:
            told = f"{outcome}, but {error}" if remedy.hook else str(error)
            _remember(app, replace(action, outcome=told, done=bool(remedy.hook)))
            raise NotWritten(told) from error
    action = replace(action, outcome=outcome)
    _remember(app, action)
    return action


@contextmanager
def _drafts(files: Mapping[Path, str]) -> Iterator[Mapping[Path, Path]]:
    """What the files would be, each beside the one that there is: who cannot write learns it before the hook runs."""
    drafts: dict[Path, Path] = {}
    try:
        for path, text in files.items():
            drafts[path] = _draft(path, text)
        yield drafts
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _draft(path: Path, text: str) -> Path:
    """The new text under a name of its own, with the rights that the file has."""
    folder = path.absolute().parent
    try:
        mode = path.stat().st_mode
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, prefix=".watchdog-", suffix=path.suffix, delete=False
        ) as file:
            file.write(text)
        draft = Path(file.name)
        draft.chmod(mode)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}; nothing was done. Make it writable, or change it by hand"
        ) from error
    return draft


def _put(drafts: Mapping[Path, Path]) -> None:
    """Each file whole or not at all."""
    for path, draft in drafts.items():
        try:
            draft.replace(path)
        except OSError as error:
            raise NotWritten(f"{path} cannot be written: {error.strerror}; change it by hand") from error


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


def _remember(app: App, action: Action) -> None:
    with app.store.begin() as session:
        session.actions.save(action)
