"""Did you mean?"""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint with the nearest of ``names``, or with all of them when none is near and they are few; or nothing."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - only needed once something is wrong

    known = sorted(names)
    near = process.extractOne(name[:200].lower(), known, processor=str.lower, scorer=fuzz.ratio, score_cutoff=60)
    if near is not None:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(known)}" if 0 < len(known) <= 12 else ""
