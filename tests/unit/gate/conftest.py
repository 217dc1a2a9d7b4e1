"""Streams made of numbers, and the looks they are judged at."""

from __future__ import annotations

import pytest

from watchdog.domain.gate import Unit
from watchdog.gate.decide import Stage
from watchdog.gate.streams import Stream


@pytest.fixture
def stream():
    """A stream of differences; everything else is as in a plain gate on pass/fail scores."""

    def build(units, **facts):
        values = {
            "name": "exact",
            "tag": "",
            "unit": Unit.SCORE,
            "margin": 0.05,
            "required": True,
            "weight": 1.0,
            "units": tuple(units),
            "asked": len(units),
            "planned": len(units),
            "asked_cases": facts.get("asked", len(units)),
            "planned_cases": facts.get("planned", len(units)),
            "lost_cases": 0,
            "baseline": 0.9,
            "candidate": 0.9,
            "within": None,
            "repeats": 1.0,
            **facts,
        }
        return Stream(**values)

    return build


@pytest.fixture
def stage():
    """A look; the only one unless told otherwise."""

    def build(**facts):
        return Stage(**{"fractions": (1.0,), "fraction": 1.0, "last": True, "alpha": 0.05, "most_lost": 0.1, **facts})

    return build
