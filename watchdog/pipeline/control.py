"""The newest looks of the pinned target: what the difference of the two is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from watchdog.domain.baseline import Baseline
from watchdog.domain.metric import MetricKey, Observation
from watchdog.stats.scatter import LOOKS
from watchdog.store.store import Session


def control_looks(session: Session, baseline: Baseline, before: float) -> Callable[[MetricKey], Sequence[Observation]]:
    """Reads the looks of a pinned metric since the baseline and before a time, as ``observe`` asks for them."""
    return partial(session.detection.newest_observations, last=LOOKS, since=baseline.frozen_at, before=before)
