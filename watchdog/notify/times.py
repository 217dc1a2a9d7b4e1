"""Times as others write them."""

from __future__ import annotations

from datetime import UTC, datetime


def unix_time(text: str) -> float | None:
    """Unix time of an RFC 3339 text; None when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
