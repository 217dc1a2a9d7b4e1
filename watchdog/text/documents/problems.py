"""Collecting everything that is wrong with a file, and carrying it beside what could be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from watchdog.errors import InvalidInput, Problem
from watchdog.text.documents.node import Node

T = TypeVar("T")


class Problems:
    """The problems of one file, in the order they were found."""

    def __init__(self, file: str) -> None:
        #: Name of the file as the user would write it.
        self.file = file
        self.found: list[Problem] = []

    def add(self, message: str, *, at: Node | int | None = None, field: str = "", hint: str = "") -> None:
        """Note one; ``at`` is the node or line it is about."""
        line = at.line if isinstance(at, Node) else at
        message = " ".join(message.split())  # a problem is one line, whatever a library said
        self.found.append(Problem(file=self.file, line=line, field=field or None, message=message, hint=hint or None))


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
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


@dataclass(frozen=True, slots=True)
class Reference:
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
