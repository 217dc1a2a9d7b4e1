"""Streams of run summaries made of nothing but ``Random.random``: the same on every machine and version."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest


class Run(NamedTuple):
    x: float
    variance: float
    u: float
    lost: float
    n: int


def binary_run(rng: Random, chance: float, level: float, n: int) -> Run:
    lost = float(sum(rng.random() > chance for _ in range(n)))
    return Run(1 - lost / n - level, level * (1 - level) / n, rng.random(), lost, n)


def _stream(name: str) -> tuple[list[Run], int]:
    """Runs of a named kind, and how many of them are the baseline."""
    rng = Random(name)
    if name == "calm":
        return [binary_run(rng, 0.9, 0.9, 60) for _ in range(420)], 20
    if name == "step":
        return [binary_run(rng, 0.9 if t < 200 else 0.83, 0.9, 60) for t in range(420)], 20
    if name == "near-perfect":
        return [binary_run(rng, 0.985 if t < 120 else 0.93, 0.985, 40) for t in range(300)], 20
    if name == "partial":
        return [binary_run(rng, 0.85, 0.85, 60 if rng.random() < 0.8 else 35) for _ in range(300)], 20
    if name == "young":
        return [binary_run(rng, 0.7 if t < 12 else 0.4, 0.7, 30) for t in range(60)], 8
    raise KeyError(name)


@pytest.fixture
def stream() -> Callable[[str], tuple[list[Run], int]]:
    return _stream
