"""Ties are broken at random, but by the run's own name: a replay gives the same numbers."""

from __future__ import annotations

import hashlib

from watchdog.domain.metric import MetricKey


def tie_breaker(run_id: str, key: MetricKey) -> float:
    """Uniform number in (0, 1) that belongs to this run and metric."""
    hashed = hashlib.sha256(f"{run_id}\n{key}".encode()).digest()
    return (int.from_bytes(hashed[:6], "big") + 0.5) / 2**48
