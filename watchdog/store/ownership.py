"""Who works on a run: a name for this process, and whether another one is still alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path

#: States of a process that does nothing any more: a zombie waits only for its parent to ask how it ended.
_OVER = frozenset("ZXx")


def _started(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot, where the system tells; None when it is gone."""
    try:
        # Fields 3 and 22 of /proc/PID/stat; the command in field 2 may hold spaces, so count from its closing bracket.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return None if fields[0] in _OVER else fields[19]
    except (OSError, IndexError):
        return None


def this_process() -> str:
    """Name of this process, different from every earlier one with the same id."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid()) or ''}"


def may_be_alive(owner: str) -> bool:
    """False only when it is certain that the process is gone: it ran on this machine and does so no more."""
    parts = owner.split(":")
    if len(parts) != 3 or parts[0] != socket.gethostname() or not parts[1].isdigit():
        return True
    pid, started = int(parts[1]), parts[2]
    if started:
        return _started(pid) == started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
