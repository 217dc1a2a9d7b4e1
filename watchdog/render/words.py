"""Numbers, times and hostile text in words; one way for terminal and HTML alike."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from watchdog.text.words import significant

_SHORT = {"characters": "chars"}
#: What stands where nothing is known.
UNKNOWN = "–"

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
# Control characters (tab and newline excepted), direction overrides, and the separators that break lines in terminals.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def harmless(text: str) -> str:
    """The text without terminal escapes, control characters and direction overrides."""
    return _HIDDEN.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, width: int) -> str:
    """The text on one line of at most ``width`` characters, harmless, with an ellipsis where it was cut."""
    line = " ".join(harmless(text).split())
    return line if len(line) <= width else f"{line[: max(0, width - 1)]}…"


def known(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)


def moment(at: float | None) -> str:
    """A Unix time as ``2026-08-21 10:00`` in UTC; one that no calendar has is *for ever*, or *long ago*."""
    if at is None:
        return UNKNOWN
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "for ever" if at > 0 else "long ago"


def day(at: float) -> str:
    """A Unix time as ``Fri 21 Aug, 10:00`` in UTC."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%a} {when.day} {when:%b, %H:%M}"


def percent(score: float | None) -> str:
    """A score as ``93.3 %``."""
    return UNKNOWN if score is None or not known(score) else f"{100 * score:.1f} %"


def score(value: float | None) -> str:
    """One score of one answer as ``0.67``, without needless zeros; *unscored* when there is none."""
    return "unscored" if value is None or not known(value) else f"{value:.2f}".rstrip("0").rstrip(".")


def level(value: float | None, unit: str = "") -> str:
    """A level: of a score in per cent, of a measure in its unit."""
    if not unit or value is None or not known(value):
        return percent(value)
    return money(value) if unit == "USD" else f"{significant(value, 3)} {_SHORT.get(unit, unit)}"


def change(effect: float | None, unit: str = "") -> str:
    """A change: of a score in percentage points, of a measure (whose effects are log-ratios) in per cent."""
    if not unit or effect is None or not known(effect):
        return points(effect)
    return f"{100 * math.expm1(-effect):+.0f} %".replace("-", "−")


def points(effect: float | None) -> str:
    """A change of a score as ``-12.4`` percentage points."""
    if effect is None or not known(effect):
        return UNKNOWN
    text = f"{100 * effect:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", "−")


def span(interval: tuple[float, float] | None, unit: str = "") -> str:
    """An interval of changes as ``−15.1 … −9.8``; of a measure as ``+8 % … +24 %``."""
    if interval is None:
        return UNKNOWN
    low, high = interval[::-1] if unit else interval
    return f"{change(low, unit)} … {change(high, unit)}"


def decimal(value: float | None) -> str:
    """A number with one decimal."""
    return UNKNOWN if value is None or not known(value) else f"{value:.1f}".replace("-", "−")


def money(dollars: float | None) -> str:
    """US dollars; a price that is not known is not 0."""
    if dollars is None or not known(dollars):
        return "unknown"
    return f"${dollars:,.2f}" if dollars >= 1 or dollars == 0 else f"${dollars:.4f}"


def duration(seconds: float | None) -> str:
    """A length of time as ``4.2 s``, ``12 min``, ``3.5 h`` or ``6 days``."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def wait(seconds: float | None) -> str:
    """How long somebody waited for an answer: ``under 1 ms``, ``27 ms``, ``1.4 s``, ``14 s``."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    if seconds < 0.001:
        return "under 1 ms"
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def stretch(seconds: float | None) -> str:
    """A length of time in whole or half units, as people plan: ``45 min``, ``3.5 h``, ``2 days``, ``6 weeks``."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    for unit, length in (("weeks", 604_800.0), ("days", 86_400.0), ("h", 3600.0)):
        if seconds >= 2 * length or (unit == "h" and seconds >= length):
            count = seconds / length
            return f"{count:.0f} {unit}" if count >= 10 or count.is_integer() else f"{count:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
