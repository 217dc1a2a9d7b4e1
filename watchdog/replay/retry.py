"""Whether and when a failed call is tried again: a pure function of the failure."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from watchdog.domain.watch import Limits
from watchdog.errors import ErrorKind, ProviderError


class Backoff(NamedTuple):
    """Exponential waiting for one class of failure, in seconds."""

    first: float
    cap: float


#: What is not listed here is never tried again: asking the same thing would get the same answer.
BACKOFF = {
    ErrorKind.RATE_LIMIT: Backoff(first=2.0, cap=60.0),
    ErrorKind.SERVER: Backoff(first=0.5, cap=30.0),
    ErrorKind.TIMEOUT: Backoff(first=0.5, cap=30.0),
    ErrorKind.CONNECTION: Backoff(first=0.5, cap=15.0),
    ErrorKind.BAD_RESPONSE: Backoff(first=0.5, cap=10.0),
}


def next_wait(error: ProviderError, attempt: int, limits: Limits, rng: Random, elapsed: float) -> float | None:
    """Seconds to wait before the next attempt; None when there must be none.

    ``attempt`` counts the attempts made so far; ``elapsed`` is the seconds since the first one began. The wait doubles
    from the class's first to its cap (and never above ``limits.backoff_cap``), half of it random so that calls that
    failed together do not come back together. What the server asks for (``retry_after``) is a lower bound; a call that
    would take longer than all its attempts and waits could is given up instead.
    """
    backoff = BACKOFF.get(error.kind)
    if backoff is None or not error.retryable or attempt >= limits.attempts:
        return None
    cap = min(backoff.cap, limits.backoff_cap)
    longest = min(cap, backoff.first * 2.0 ** min(attempt - 1, 30))
    jitter = rng.uniform(0.5, 1.0) * longest
    wait = jitter if error.retry_after is None else error.retry_after + jitter / 2.0
    return wait if elapsed + wait <= patience(limits) else None


def patience(limits: Limits) -> float:
    """Seconds that a call may take at the most, all its attempts and waits together."""
    return limits.attempts * (limits.timeout + limits.backoff_cap)
