"""What a thing in text looks like: a pattern, and what must hold of a match beside it."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

Span = tuple[int, int]

#: The hint of all shapes made of numbers.
ANY_DIGIT = tuple("0123456789")


class Shape(Struct, frozen=True):
    """A shape, and what else must hold of a match: ``accept`` gives the span to take, or None."""

    kind: str
    pattern: re.Pattern[str]
    #: At least one of these is in every text with a match: most texts never meet the pattern.
    hints: tuple[str, ...]
    accept: Callable[[re.Match[str]], Span | None] = re.Match.span
