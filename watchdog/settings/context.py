"""What every section of watchdog.yaml is read with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from watchdog.settings.arguments import Place, read_arguments
from watchdog.settings.environment import not_set, with_files
from watchdog.settings.parts import Part, Parts, UnusablePart
from watchdog.text.documents.fit import Name, Shape, fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems

S = TypeVar("S", bound=Shape)


class Named(Shape):
    """A name that may stand in labels, addresses and on the command line."""

    name: Name


class Context(Struct, frozen=True, kw_only=True):
    """The tree (variables filled in), the parts that may be named, and where problems go."""

    root: Node
    parts: Parts
    environ: Mapping[str, str]
    #: Folder of watchdog.yaml: relative paths start there.
    folder: Path
    problems: Problems
    #: Whether a credential whose variable is not set is a problem.
    secrets_required: bool

    def all_set(self, node: Node, field: str) -> bool:
        """Whether every variable below ``node`` is set; those that are not are noted."""
        missing = not_set(node, field)
        for place, leaf in missing:
            self.problems.add(f"{leaf.origin} is not set", at=leaf, field=place)
        return not missing

    def section(self, name: str, shape: type[S]) -> S | None:
        """A section that is one mapping of plain values."""
        node = self.root.get(name)
        if node is None or not self.all_set(node, name):
            return None
        return fit(shape, node, self.problems, field=name, line=self.root.line_of(name))

    def entries(self, name: str) -> list[tuple[str, Node, int]]:
        """Name, value and line of the entries of a section whose keys are the user's own names."""
        node = self.root.get(name)
        if node is None:
            return []
        if not isinstance(node.value, Mapping):
            self.problems.add(f"must be a mapping of names, not {node.kind}", at=self.root.line_of(name), field=name)
        found = []
        for key, child in node.mapping.items():
            line = node.line_of(key)
            if self.name(Node(key, line), name):
                found.append((key, child, line))
        return found

    def name(self, node: Node, field: str) -> str | None:
        """A name, if it is one."""
        named = fit(Named, Node({"name": node}, node.line, {"name": node.line}), self.problems, field=field)
        return named.name if named else None

    def part(self, kind: str, name: str, line: int, field: str) -> Part | None:
        """The part of that name."""
        try:
            return self.parts.find(kind, name)
        except UnusablePart as error:
            self.problems.add(str(error), at=line, field=field, hint=error.hint)
            return None

    def arguments(self, part: Part, given: Node | None, field: str, line: int) -> dict[str, Any] | None:
        """Arguments of a provider or notifier; what came from the environment or a file is a Secret."""
        if given is not None:
            given = with_files(given, self.folder, self.problems, field)
            if self.secrets_required:
                self.all_set(given, field)
        read = read_arguments(part, given, Place(self.problems, self.folder, field, line), secret=True)
        return None if read is None else read[0]
