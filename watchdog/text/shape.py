"""What a thing in text looks like: a pattern, and what must hold of a match beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from msgspec import Struct

Span = tuple[int, int]

#: The hint of all shapes made of numbers.
ANY_DIGIT = tuple("0123456789")


class Shape(Struct, frozen=True):
    """A shape, and what else must hold of a match: ``accept`` gives the span to take, or None."""

    kind: str
    #: Compiled when a text has a hint of it: all of them together take a hundredth of a second.
    pattern: str
    #: At least one of these is in every text with a match: most texts never meet the pattern.
    hints: tuple[str, ...]
    accept: Callable[[re.Match[str]], Span | None] = re.Match.span

    def spans(self, text: str) -> Iterator[Span]:
        """Where it is found."""
        for match in _compiled(self.pattern).finditer(text):
            span = self.accept(match)
            if span is not None:
                yield span


_compiled = cache(re.compile)
