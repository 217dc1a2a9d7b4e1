"""Asking git. It may not be there, and the folder may be in no repository: both are said in words."""

from __future__ import annotations

import subprocess
from pathlib import Path

from watchdog.errors import UsageError

#: Seconds for one git command.
_GIT_SECONDS = 60.0


def git(folder: Path, *arguments: str, needed_for: str) -> bytes:
    """What a git command prints; ``rev-parse --verify`` may find nothing.

    ``needed_for``: who asks, for the message when there is no git.

    Raises:
        UsageError: there is no git, it refuses, or it does not answer.
    """
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a revision cannot be an option
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS,
        )
    except FileNotFoundError as error:
        raise UsageError(f"{needed_for} needs git, and there is none; install it, or do without") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError("git did not answer in a minute; is the repository locked?") from error
    if done.returncode and arguments[:2] != ("rev-parse", "--verify"):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"git {arguments[0]} failed: {said[0] if said else done.returncode}")
    return done.stdout
