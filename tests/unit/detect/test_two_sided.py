"""Either direction is a change, and both are found alike."""

from __future__ import annotations

import json

import numpy as np
import pytest

from watchdog.detect.two_sided import BothWays, TwoSidedDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm, MetricKey, Observation

KEY = MetricKey(watch="reply", scorer="tone", arm=Arm.ANCHORS)
SD = 0.02


def walk(shift: float, *, looks: int = 40, seed: int = 5) -> tuple[list, BothWays]:
    rng = np.random.default_rng(seed)
    reference = MetricBaseline(
        key=KEY, case_means={}, case_counts={}, case_variances={}, case_digests={},
        x=tuple(rng.normal(0, SD, 20)), variances=(SD**2,) * 20, lost=(3.0,) * 20, n=(30,) * 20,
    )  # fmt: skip
    detector = TwoSidedDetector(mean_runs_to_false_alarm=10_000, smallest_drop=0.02)
    state, said = detector.start(reference), []
    for at in range(looks):
        x = rng.normal(shift, SD)
        observation = Observation(
            key=KEY, run_id=str(at), at=float(at), n=30, planned=30, level=0.5, x=x, variance=SD**2, lost=3.0,
            u=rng.uniform(),
        )  # fmt: skip
        state, signal = detector.update(state, observation)
        said.append(signal)
    return said, state


@pytest.mark.parametrize("shift", [-0.1, 0.1])
def test_a_change_either_way_is_found_and_has_its_sign(shift):
    said, _ = walk(shift)
    assert Level.DRIFT in [signal.level for signal in said[:8]]
    low, high = said[-1].interval
    assert low < said[-1].effect < high
    assert said[-1].effect == pytest.approx(shift, abs=0.03)


def test_calm_is_no_drift_either_way():
    said, _ = walk(0.0)
    assert Level.DRIFT not in {signal.level for signal in said}


def test_the_state_survives_the_store_exactly():
    _, state = walk(-0.02, looks=7)
    kept = json.loads(json.dumps(state.to_json()))
    assert BothWays.from_json(kept).to_json() == state.to_json()
