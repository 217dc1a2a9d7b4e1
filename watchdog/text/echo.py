"""Whether a text repeats another: servers quote in their errors what they were asked."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: So many letters and digits in a row are no coincidence.
_TELLING = 20
_NOISE = re.compile(r"(?:\\+[nrt]|[\W_])+")  # a newline may have been escaped


def repeats(text: str, sources: Iterable[str], *, telling: int = _TELLING) -> bool:
    """Whether a text holds ``telling`` letters and digits of a source in a row, or all of a shorter source.

    Case, spaces and punctuation do not count: a server may escape or wrap what it quotes. Sources of less than four
    letters and digits are words of everybody.
    """
    said = _NOISE.sub("", text).lower()
    windows = {said[start : start + telling] for start in range(len(said) - telling + 1)}
    for source in sources:
        plain = _NOISE.sub("", source).lower()
        if 4 <= len(plain) < telling and plain in said:
            return True
        if len(plain) >= telling and any(window in plain for window in windows):
            return True
    return False
