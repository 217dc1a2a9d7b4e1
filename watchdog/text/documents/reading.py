"""Reading a text file that a person gave us, whatever it turns out to be."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from watchdog.text.documents.problems import Problems

#: Bytes of a configuration file at the most.
LARGEST = 2_000_000
#: Bytes of a JSON Lines file at the most.
LARGEST_LINES = 200_000_000


def read_text(path: Path, problems: Problems, *, largest: int = LARGEST) -> str | None:
    """Text of a UTF-8 file (a byte order mark is dropped); None, and a problem noted, when it cannot be had."""
    data = read_bytes(path, problems, largest=largest)
    if data is None:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add("is not UTF-8 text", at=line, hint="save it as UTF-8")
        return None
    if "\0" in text:
        problems.add("holds a NUL character: it is not a text file", at=text.count("\n", 0, text.index("\0")) + 1)
        return None
    return text


def read_bytes(path: Path, problems: Problems, *, largest: int = LARGEST) -> bytes | None:
    """Content of a regular file; None, and a problem noted, when it cannot be had."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= largest:
            return path.read_bytes()
    except FileNotFoundError:
        problems.add("there is no such file")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a possible file name"
        problems.add(f"cannot be read: {reason}")
    else:
        if stat.S_ISDIR(status.st_mode):
            problems.add("is a folder, not a file")
        elif not stat.S_ISREG(status.st_mode):
            problems.add("is not a regular file")
        else:
            problems.add(f"is larger than {largest // 1_000_000} MB")
    return None


def is_there(path: Path) -> bool:
    """Whether a path exists; False for one that no file system can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def shown(path: Path) -> str:
    """A path as short as it can be said from where the command was typed."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
