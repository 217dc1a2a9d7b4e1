"""An error in words that may be logged and kept: our own sentences, and of any other error only its kind and place.

Somebody else's message may quote what it choked on, a prompt or an answer; ours never do.
"""

from __future__ import annotations

import traceback
from collections import deque
from pathlib import Path

from watchdog.errors import WatchdogError

#: Frames told of, innermost first.
_FRAMES = 8


def in_words(error: BaseException) -> str:
    """One sentence: the message of one of our errors, or kind and place of any other."""
    if isinstance(error, WatchdogError):
        return str(error)
    places = frames(error)
    return f"{type(error).__name__} at {places[0]}" if places else type(error).__name__


def frames(error: BaseException) -> list[str]:
    """``file:line function`` of the innermost frames, innermost first."""
    innermost = deque(traceback.walk_tb(error.__traceback__), maxlen=_FRAMES)
    return [f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in reversed(innermost)]


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])
