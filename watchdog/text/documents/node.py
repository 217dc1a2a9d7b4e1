"""What a parser gives: values that know the line they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct, field

Scalar: TypeAlias = str | int | float | bool | None

#: Mappings and lists inside each other at the most; deeper is a mistake or an attack.
DEEPEST = 50


class Node(Struct, frozen=True):
    """One value of a document. Its repr shows no content: documents hold prompts and secrets."""

    value: dict[str, Node] | list[Node] | Scalar
    #: 1-based line on which the value starts.
    line: int
    #: Line of each key, for a mapping.
    key_lines: Mapping[str, int] = field(default_factory=dict)
    #: Name of the environment variable or file that the text came from; empty when written in the document.
    origin: str = ""
    #: The variable or file that should have given the text is not there.
    unset: bool = False

    @property
    def mapping(self) -> Mapping[str, Node]:
        """The entries; nothing when this is not a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def kind(self) -> str:
        """What it is, in words for a message."""
        return kind_of(self.value)

    def __repr__(self) -> str:
        return f"<{self.kind} on line {self.line}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind), ("line", self.line)]

    def get(self, key: str) -> Node | None:
        """The entry of a mapping; None when there is none or it is null."""
        node = self.mapping.get(key)
        return None if node is None or node.value is None else node

    def line_of(self, key: str) -> int:
        """Line of a key; the mapping's own when it does not have it."""
        return self.key_lines.get(key, self.line)


def kind_of(value: object) -> str:
    """What a value is, in words for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text" if value.strip() else "an empty text"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list"


def plain(node: Node) -> Any:
    """The value without lines: dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def marked(value: Any, line: int) -> Node:
    """A plain value as a tree whose nodes all stand on one line."""
    if isinstance(value, dict):
        return Node({key: marked(child, line) for key, child in value.items()}, line)
    if isinstance(value, list):
        return Node([marked(child, line) for child in value], line)
    return Node(value, line)
