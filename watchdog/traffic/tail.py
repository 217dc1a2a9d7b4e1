"""Lines of a growing file from its end, newest first, without reading more of it than is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_BLOCK = 64 * 1024
#: A line longer than this is no row (and must not fill the memory): an empty text stands for it.
LONGEST_LINE = 8 * 1024 * 1024


class Line(NamedTuple):
    """One line of a file."""

    #: Where it begins, in bytes.
    offset: int
    #: Without its line end.
    text: bytes
    #: False for a last line without line end: it may still be in the middle of being written.
    finished: bool


def lines_from_end(file: BinaryIO) -> Iterator[Line]:
    """From the last line to the first; blank lines are left out.

    The file may grow or be cut off while it is read: what was added later is not seen, what vanished ends the walk.
    """
    position = file.seek(0, os.SEEK_END)
    finished = False
    rest = b""  # end of a line that begins in an earlier block
    dropped = False  # ... and that is too long already
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        file.seek(position)
        block = file.read(size)
        if len(block) < size:
            return
        first, *others = (block + rest).split(b"\n")
        end = position + len(block) + len(rest)
        for line in reversed(others):
            start = end - len(line)
            if dropped or line.strip():
                yield Line(start, b"" if dropped else line, finished)
            end, finished, dropped = start - 1, True, False
        rest = first
        if len(rest) > LONGEST_LINE:
            rest, dropped = b"", True
    if dropped or rest.strip():
        yield Line(0, b"" if dropped else rest, finished)


def line_numbers(file: BinaryIO, offsets: list[int]) -> dict[int, int]:
    """1-based number of the line at each offset; one pass over the file up to the last of them."""
    numbers = {}
    file.seek(0)
    line, position = 1, 0
    for offset in sorted(offsets):
        while position < offset:
            block = file.read(min(_BLOCK, offset - position))
            if not block:
                break
            line += block.count(b"\n")
            position += len(block)
        numbers[offset] = line
    return numbers


def with_rotated(path: Path) -> list[Path]:
    """The file and the one it was last rotated to (``x.jsonl.1``), newest first, as far as they exist."""
    return [candidate for candidate in (path, path.with_name(f"{path.name}.1")) if candidate.is_file()]
