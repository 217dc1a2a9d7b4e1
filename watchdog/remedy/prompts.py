"""The prompt of then, found in git by its digest: what is put back is what was measured, to the letter."""

from __future__ import annotations

import tempfile
from pathlib import Path

from watchdog.errors import UsageError
from watchdog.workspace.git import git
from watchdog.workspace.prompts import load_prompt

#: Versions of a file that are looked at, the newest first.
_VERSIONS = 500


def prompt_of_digest(path: Path, digest: str) -> tuple[str, str]:
    """Revision and text of the newest version of a prompt file that has a digest.

    Raises:
        UsageError: the file is in no repository, or none of its versions is it.
    """
    folder = path.parent
    listed = git(
        folder, "log", "--format=%H", f"--max-count={_VERSIONS}", "--", path.name, needed_for="rolling a prompt back"
    )
    for revision in listed.decode().split():
        try:
            content = git(folder, "show", f"{revision}:./{path.name}", needed_for="rolling a prompt back")
        except UsageError:
            continue  # the revision that deleted it
        if _digest(path.name, content) == digest:
            return revision, content.decode("utf-8")
    raise UsageError(
        f"git knows no version of {path.name} that is the prompt of the last good look ({digest}); it was never "
        "committed, or its file had another name then: put it back by hand"
    )


def _digest(name: str, content: bytes) -> str:
    with tempfile.TemporaryDirectory(prefix="eval-watchdog-") as there:
        file = Path(there) / name
        file.write_bytes(content)
        prompt = load_prompt(file, name).value
    return prompt.digest if prompt is not None else ""
