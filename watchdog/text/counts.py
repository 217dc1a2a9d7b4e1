"""Numbers that somebody else wrote down: what cannot be true is unknown."""

from __future__ import annotations

import math
from typing import Any

#: The most that a column of whole numbers holds in every database (32 bits). No call has as many tokens.
MOST = 2**31 - 1


def count_or_none(value: Any) -> int | None:
    """A count; None for what is none: text, a truth value, below zero, beyond ``MOST``."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST else None


def finite_or_none(value: Any) -> float | None:
    """A number as a float; None for what is none, for NaN, and for what no float reaches."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
