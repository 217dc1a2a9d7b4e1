"""``${NAME}``, ``${NAME:-default}`` and ``file:path``: what a document leaves out on purpose, filled in.

``$${`` is a plain ``${``. An empty variable counts as not set, as in a shell's ``:-``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from watchdog.settings.secret import Secret
from watchdog.text.documents.fit import dotted
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.reading import read_text
from watchdog.text.redaction import find_secrets

_VARIABLE = re.compile(r"\$?\$\{([^{}]*)\}")
_INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
#: Keys whose value is a credential, and how long a written-out one must be to be taken for a real one.
_CREDENTIAL = re.compile(
    r"(api|auth|access|secret|private|routing|integration)_?(key|token)|password|secret|^token$|^authorization$"
)
_LONG = 16


def filled(node: Node, environ: Mapping[str, str], problems: Problems, field: str = "") -> Node:
    """The tree with its variables filled in; a leaf whose variable is not set is marked ``unset``."""
    if isinstance(node.value, Mapping):
        entries = {key: filled(child, environ, problems, dotted(field, key)) for key, child in node.value.items()}
        return Node(entries, node.line, node.key_lines)
    if isinstance(node.value, list):
        items = [filled(child, environ, problems, f"{field}[{at}]") for at, child in enumerate(node.value)]
        return Node(items, node.line)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    used: list[str] = []
    missing: list[str] = []

    def substitute(found: re.Match[str]) -> str:
        if found[0].startswith("$$"):
            return found[0][1:]
        inside = _INSIDE.fullmatch(found[1])
        if inside is None:
            problems.add(
                f"{found[0]} is not a variable", at=node, field=field, hint="write ${NAME} or ${NAME:-default}"
            )
            return ""
        used.append(inside[1])
        value = environ.get(inside[1]) or inside[2]
        if value is None:
            missing.append(inside[1])
        return value or ""

    text = _VARIABLE.sub(substitute, node.value)
    if "${" in text and not used and "$${" not in node.value:
        problems.add("a variable is not closed", at=node, field=field, hint="write ${NAME}, or $${ for a plain ${")
    names = missing or used
    origin = f"the environment variable {' or '.join(dict.fromkeys(names))}" if names else ""
    return Node(text, node.line, origin=origin, unset=bool(missing))


def with_files(node: Node, folder: Path, problems: Problems, field: str = "") -> Node:
    """The tree with each text ``file:path`` replaced by the file's content, without its last line end."""
    if isinstance(node.value, Mapping):
        entries = {key: with_files(child, folder, problems, dotted(field, key)) for key, child in node.value.items()}
        return Node(entries, node.line, node.key_lines)
    if isinstance(node.value, list):
        return Node([with_files(c, folder, problems, f"{field}[{at}]") for at, c in enumerate(node.value)], node.line)
    if not isinstance(node.value, str) or not node.value.startswith("file:"):
        return node
    name = node.value.removeprefix("file:").removeprefix("//")
    found = Problems(problems.file)
    text = read_text(folder / name, found)
    for problem in found.found:
        problems.add(f"the file {name!r}: {problem.message}", at=node, field=field)
    return Node((text or "").rstrip("\r\n"), node.line, origin=f"the file {name}", unset=text is None)


def not_set(node: Node, field: str = "") -> list[tuple[str, Node]]:
    """Field and leaf of everything whose variable is not set."""
    if isinstance(node.value, Mapping):
        return [found for key, child in node.value.items() for found in not_set(child, dotted(field, key))]
    if isinstance(node.value, list):
        return [found for at, child in enumerate(node.value) for found in not_set(child, f"{field}[{at}]")]
    return [(field, node)] if node.unset else []


def hidden(node: Node) -> object:
    """The plain value, with everything that came from outside the document as a Secret."""
    if isinstance(node.value, Mapping):
        return {key: hidden(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [hidden(child) for child in node.value]
    if node.unset:
        return Secret.unset(node.origin)
    return Secret(str(node.value), origin=node.origin) if node.origin else node.value


def refuse_written_secrets(node: Node, problems: Problems, field: str = "", key: str = "") -> None:
    """Note every credential that is written out in the document; the message never repeats it."""
    if isinstance(node.value, Mapping):
        for name, child in node.value.items():
            refuse_written_secrets(child, problems, dotted(field, name), name)
    elif isinstance(node.value, list):
        for at, child in enumerate(node.value):
            refuse_written_secrets(child, problems, f"{field}[{at}]", key)
    elif isinstance(node.value, str) and "${" not in node.value and not node.value.startswith("file:"):
        name = key.lower().replace("-", "_")
        named = len(node.value) >= _LONG and not name.endswith("_file") and _CREDENTIAL.search(name)
        if named or find_secrets(node.value):
            variable = re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_") or "NAME"
            problems.add(
                "a credential is written out here",
                at=node,
                field=field,
                hint=f"write ${{{variable}}} and set it in the environment, or file:path; and revoke this one",
            )
