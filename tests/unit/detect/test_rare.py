"""Failures so rare that they are counted."""

import json

import numpy as np
import pytest
from msgspec.structs import replace

from watchdog.detect.kinds import detectors
from watchdog.detect.psr import PsrDetector
from watchdog.detect.rare import Counting, RareDetector, is_rare
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm, MetricKey, Observation

KEY = MetricKey(watch="w", scorer="no-pii", arm=Arm.CURRENT)
A = 87_600.0


def baseline(failures=4, runs=20, cases=100):
    lost = [1.0] * failures + [0.0] * (runs - failures)
    return MetricBaseline(
        key=KEY,
        case_means={},
        case_counts={},
        case_variances={},
        case_digests={},
        x=tuple(sum(lost) / runs / cases - each / cases for each in lost),
        variances=(1e-5,) * runs,
        lost=tuple(lost),
        n=(cases,) * runs,
    )


def look(number, failed, cases=100):
    return Observation(
        key=KEY, run_id=str(number), at=60.0 * number, n=cases, planned=cases, level=1 - failed / cases,
        x=0.002 - failed / cases, variance=1e-5, lost=float(failed), u=0.5,
    )  # fmt: skip


@pytest.fixture
def detector():
    return RareDetector(mean_runs_to_false_alarm=A, smallest_drop=0.005)


def follow(detector, counts, state=None):
    state = detector.start(baseline()) if state is None else state
    signals = []
    for number, failed in enumerate(counts):
        state, signal = detector.update(state, look(number, failed))
        signals.append(signal)
    return state, signals


def test_only_what_hardly_ever_fails_and_matters_in_small_is_counted():
    assert is_rare(baseline(), 0.01)
    assert not is_rare(baseline(), 0.03)
    assert not is_rare(baseline(failures=20), 0.01)
    assert not is_rare(None, 0.01)


def test_the_smallest_drop_of_a_scorer_decides_its_detector(watch):
    from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments

    frozen = Baseline(
        id="b", watch="reply", version=1, status=BaselineStatus.LOCKED, frozen_at=0.0, frozen_by="ann", reason="",
        run_ids=(), instruments=Instruments(), metrics={replace(KEY, scorer="exact"): baseline()},
    )  # fmt: skip
    fine = replace(watch, scorers=(replace(watch.scorers[0], smallest_drop=0.005),))
    chosen = [detectors(one, frozen, lambda _: A)(replace(KEY, scorer="exact")) for one in (watch, fine)]
    assert [type(one) for one in chosen] == [PsrDetector, RareDetector]
    assert chosen[1].smallest_drop == 0.005


def test_a_rate_that_rose_is_a_drift_that_says_what_was_counted(detector):
    _, signals = follow(detector, [0] * 10 + [1, 1, 2, 1] * 12)
    drift = next(signal for signal in signals if signal.level is Level.DRIFT)
    assert drift.reason.startswith("rare failures: ")
    assert drift.reason.endswith(" % before")
    assert drift.since == 600.0
    assert drift.effect < -0.005
    assert drift.interval[0] < drift.effect < drift.interval[1]
    assert drift.statistic >= drift.threshold == pytest.approx(np.log(2 * A))


def test_two_looks_full_of_failures_are_no_drift_of_the_count(detector):
    state, signals = follow(detector, [0] * 10 + [30, 30] + [0] * 10)
    assert not [signal for signal in signals if signal.reason.startswith("rare failures:")]
    assert not state.drifting


def test_a_drift_ends_when_the_count_is_the_baselines_again(detector):
    state, _ = follow(detector, [0] * 10 + [1, 1, 2, 1] * 12)
    assert state.drifting
    state, after = follow(detector, [0] * 3, state)
    assert {signal.level for signal in after} == {Level.DRIFT}
    state, after = follow(detector, [0] * 12, state)
    assert "recovered" in [signal.reason for signal in after]
    assert not state.drifting
    assert after[-1].level is Level.CALM


@pytest.mark.parametrize("bad", [3, 40, 200])
def test_a_drift_that_psr_found_is_not_counted_again_when_it_is_over(detector, bad):
    state, _ = follow(detector, [0] * 10)
    before = state.psr.psr.n
    state, signals = follow(detector, [30] * bad, state)
    assert signals[-1].reason == "acute"
    state, signals = follow(detector, [0] * 30, state)
    recovered = [signal.reason for signal in signals].index("recovered")
    assert {signal.level for signal in signals[recovered:]} == {Level.CALM}
    assert state.psr.psr.n == before + len(signals) - recovered - 1


def test_what_fails_after_the_end_of_a_drift_is_counted_anew(detector):
    state, _ = follow(detector, [0] * 10 + [30] * 40 + [0] * 5)
    assert not state.psr.drift
    state, _ = follow(detector, [1, 1, 2], state)
    assert (state.failed, state.answered, state.looks) == (4, 300, 3)


def test_a_drift_by_counting_never_takes_the_baseline_out_of_the_reference(detector):
    state, _ = follow(detector, [0] * 5)
    far_back = replace(state, looks=500, failed=4000, answered=50_000, since=1.0, climb=50.0)
    far_back = replace(far_back, counted=far_back.counted._replace(sums=(1e9,) * 3))
    state, signals = follow(detector, [4], far_back)
    assert signals[0].reason.startswith("rare failures: ")
    assert state.psr.psr.n == 20


def test_a_rise_too_small_to_matter_is_suspect():
    detector = RareDetector(mean_runs_to_false_alarm=1000.0, smallest_drop=0.05)
    _, signals = follow(detector, [0] * 5 + [2] * 40)
    told = {signal.reason.split(":")[0] for signal in signals if signal.level is not Level.CALM}
    assert "rare failures, below smallest drop" in told
    assert Level.DRIFT not in {signal.level for signal in signals}


def test_json_and_back_is_exact(detector):
    state, _ = follow(detector, [0, 1, 0, 3, 2])
    again = Counting.from_json(json.loads(json.dumps(state.to_json())))
    assert again.to_json() == state.to_json()
    assert follow(detector, [2] * 9, again)[1] == follow(detector, [2] * 9, state)[1]


def test_a_small_baseline_is_still_learning(detector):
    state = detector.start(baseline(failures=0, runs=3))
    _, signals = follow(detector, [9, 9, 9, 9, 9], state)
    assert {signal.level for signal in signals} == {Level.LEARNING}
