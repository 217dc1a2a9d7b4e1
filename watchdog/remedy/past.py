"""What stood there then, found in git by its digest: what is put back is what was measured, to the letter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from watchdog.domain.digest import digest
from watchdog.errors import UsageError
from watchdog.text.documents.node import plain
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.yaml_nodes import parse_yaml
from watchdog.workspace.git import git
from watchdog.workspace.prompts import load_prompt

#: Versions of a file that are looked at, the newest first.
_VERSIONS = 500


def prompt_of_digest(path: Path, wanted: str) -> tuple[str, str]:
    """Revision and text of the newest version of a prompt file that has a digest.

    Raises:
        UsageError: the file is in no repository, or none of its versions is it.
    """
    for revision, content in _versions(path, "rolling a prompt back"):
        if _prompt_digest(path.name, content) == wanted:
            return revision, content.decode("utf-8")
    raise UsageError(
        f"git knows no version of {path.name} that is the prompt of the last good look ({wanted}); it was never "
        "committed, or its file had another name then: put it back by hand"
    )


def parameters_of_digest(path: Path, watch: str, wanted: str) -> tuple[str, Mapping[str, Any]] | None:
    """Revision of the newest version of watchdog.yaml whose current target has parameters of a digest, and these.

    None: git does not know it, or a variable of the environment was part of them.
    """
    if wanted == digest({}):
        return "", {}
    try:
        for revision, content in _versions(path, "rolling parameters back"):
            parameters = _parameters(content, watch)
            if digest(parameters) == wanted:
                return revision, parameters
    except UsageError:
        return None
    return None


def _versions(path: Path, needed_for: str) -> Iterator[tuple[str, bytes]]:
    """Revisions of a file with what it held, the newest first."""
    listed = git(path.parent, "log", "--format=%H", f"--max-count={_VERSIONS}", "--", path.name, needed_for=needed_for)
    for revision in listed.decode().split():
        try:
            yield revision, git(path.parent, "show", f"{revision}:./{path.name}", needed_for=needed_for)
        except UsageError:
            continue  # the revision that deleted it


def _prompt_digest(name: str, content: bytes) -> str:
    with tempfile.TemporaryDirectory(prefix="eval-watchdog-") as there:
        file = Path(there) / name
        file.write_bytes(content)
        prompt = load_prompt(file, name).value
    return prompt.digest if prompt is not None else ""


def _parameters(content: bytes, watch: str) -> dict[str, Any]:
    node = parse_yaml(content.decode("utf-8", "replace"), Problems("watchdog.yaml"))
    for key in ("watches", watch, "current", "parameters"):
        node = node.get(key) if node is not None else None
    return dict(plain(node)) if node is not None and node.mapping else {}
