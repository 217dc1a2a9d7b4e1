"""The stored past of a metric as columns of numbers: what the detectors ate, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from watchdog.domain.baseline import Baseline, MetricBaseline
from watchdog.domain.metric import MetricKey, Observation

Floats = NDArray[np.float64]
Value = TypeVar("Value")


class History(Struct, frozen=True, eq=False, kw_only=True):
    """A metric's baseline and its observations since. All arrays are as long as ``observations``."""

    reference: MetricBaseline
    observations: tuple[Observation, ...]
    x: Floats
    variance: Floats
    u: Floats
    n: Floats
    #: Score lost at each look; None for differences of two arms.
    lost: Floats | None

    @property
    def key(self) -> MetricKey:
        """Whose history it is."""
        return self.reference.key


def histories(baseline: Baseline, observations: Iterable[Observation]) -> dict[MetricKey, History]:
    """The history of every metric of a baseline that was observed since, in the order of the keys."""
    seen: dict[MetricKey, list[Observation]] = {}
    for observation in observations:
        if observation.key in baseline.metrics:
            seen.setdefault(observation.key, []).append(observation)
    return {key: _history(baseline.metrics[key], seen[key]) for key in sorted(seen)}


def _history(reference: MetricBaseline, observations: list[Observation]) -> History:
    counted = bool(reference.lost) and all(o.lost is not None for o in observations)
    return History(
        reference=reference,
        observations=tuple(observations),
        x=np.array([o.x for o in observations]),
        variance=np.array([o.noise for o in observations]),
        u=np.array([o.u for o in observations]),
        n=np.array([float(o.n) for o in observations]),
        lost=np.array([o.lost for o in observations], dtype=float) if counted else None,
    )


def grouped(by: Mapping[MetricKey, Value], *, like: Mapping[MetricKey, object]) -> list[dict[MetricKey, Value]]:
    """Values of the metrics that can share a panel: those with equal marks in ``like``."""
    groups: dict[object, dict[MetricKey, Value]] = {}
    for key, value in by.items():
        groups.setdefault(like[key], {})[key] = value
    return list(groups.values())
