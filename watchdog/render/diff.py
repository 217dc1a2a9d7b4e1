"""Which words of two texts differ."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from msgspec import Struct

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
#: Above this many words in both texts together the comparison, quadratic at worst, would cost seconds.
_MOST_WORDS = 4000


class Piece(Struct, frozen=True):
    """A stretch of text."""

    text: str
    #: Whether the other text lacks it.
    changed: bool


def word_diff(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces that join to the text again; texts that are too long are left whole and unmarked."""
    left, right = _WORDS.findall(before), _WORDS.findall(after)
    if len(left) + len(right) > _MOST_WORDS:
        return _whole(before), _whole(after)
    old: list[Piece] = []
    new: list[Piece] = []
    for kind, left_from, left_to, right_from, right_to in SequenceMatcher(
        None, left, right, autojunk=False
    ).get_opcodes():
        _add(old, "".join(left[left_from:left_to]), kind != "equal")
        _add(new, "".join(right[right_from:right_to]), kind != "equal")
    return tuple(old), tuple(new)


def _add(pieces: list[Piece], text: str, changed: bool) -> None:
    """Append; a lone space between two changed pieces belongs to them."""
    if not text:
        return
    if changed and len(pieces) > 1 and pieces[-2].changed and pieces[-1].text.isspace():
        text = pieces.pop(-2).text + pieces.pop().text + text
    pieces.append(Piece(text, changed))


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, False),) if text else ()
