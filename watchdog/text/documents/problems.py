"""Collecting everything that is wrong with a file, and carrying it beside what could be read."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from watchdog.errors import InvalidInput, Problem
from watchdog.text.documents.node import Node

T = TypeVar("T")

#: Characters of one part of a problem at the most.
_LONGEST = 500


class Problems:
    """The problems of one file, in the order they were found."""

    def __init__(self, file: str) -> None:
        #: Name of the file as the user would write it.
        self.file = file
        self.found: list[Problem] = []

    def add(self, message: str, *, at: Node | int | None = None, field: str = "", hint: str = "") -> None:
        """Note one; ``at`` is the node or line it is about."""
        line = at.line if isinstance(at, Node) else at
        said, place, advice = _one_line(message), _one_line(field), _one_line(hint)
        self.found.append(Problem(file=self.file, line=line, field=place or None, message=said, hint=advice or None))


def _one_line(text: str) -> str:
    """A text that is one line of printable characters, whatever a library or a key in the file said."""
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class Loaded(Struct, Generic[T], frozen=True):
    """What could be made of files, and everything that is wrong with them. With problems the value may be partial."""

    value: T | None
    problems: tuple[Problem, ...] = ()

    def checked(self) -> T:
        """The value.

        Raises:
            InvalidInput: there are problems.
        """
        if self.problems or self.value is None:
            raise InvalidInput(self.problems)
        return self.value


class Reference(Struct, frozen=True):
    """The name of another file as written somewhere, and where it was written."""

    #: As the user wrote it.
    path: str
    #: File, line and field it was written in.
    file: str
    line: int | None = None
    field: str = ""

    def problem(self, message: str, hint: str = "") -> Problem:
        """What is wrong with it."""
        return Problem(file=self.file, line=self.line, field=self.field or None, message=message, hint=hint or None)
