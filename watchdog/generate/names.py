"""Names and texts that the generated files share."""

from __future__ import annotations

from watchdog.domain.silence import Matcher

#: Severities that ring, as a regular expression. ``critical`` is what other people's rules call a page.
RINGS = "sev1|page|critical"
PAGE = "page|critical"
SEV1 = "sev1"
#: Severities that nobody acts on.
QUIET = "info|none"
NOBODY = "nobody"
DEADMAN = "deadman"


def pager(team: str) -> str:
    """Receiver that wakes a team."""
    return f"page-{team}"


def desk(team: str) -> str:
    """Receiver that a team reads in working hours."""
    return f"ticket-{team}"


def matcher(label: str, sign: str, value: str) -> str:
    """A matcher as Alertmanager reads it."""
    return str(Matcher(label, sign, value))


def duration(seconds: float) -> str:
    """Seconds as Prometheus and Alertmanager write them: ``3m``, ``90s``, ``3d``."""
    whole = max(0, round(seconds))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if whole and whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s"
