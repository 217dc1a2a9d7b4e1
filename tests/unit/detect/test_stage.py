"""The stage: one look of a watch."""

import json

from watchdog.detect.baseline import freeze
from watchdog.detect.observe import observe
from watchdog.detect.psr import PsrDetector
from watchdog.detect.stage import detect
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.target import Role

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}
DETECTOR = PsrDetector(mean_runs_to_false_alarm=5000.0, smallest_drop=0.03)


def test_current_drifts_pinned_is_calm_and_states_come_back_as_json(watch, run_of):
    def run(n, current):
        flaky = [float((n + i) % 4 > 0) for i in range(6)]
        return run_of(n, {Role.CURRENT: [*flaky, *[current] * 14], Role.PINNED: [*flaky[::-1], *[1.0] * 14]})

    baseline = freeze(watch, [run(n, 1.0) for n in range(8)], **FACTS)
    states = {}
    levels = {}
    for n in range(8, 12):
        observations = observe(watch, baseline, run(n, 0.0)).observations
        signals, after = detect(observations, baseline=baseline, states=states, detector_for=lambda _: DETECTOR)
        levels = {signal.key.arm: signal.level for signal in signals}
        assert all(signal.run_id == f"run{n}" for signal in signals)
        states = {key: json.loads(json.dumps(state)) for key, state in after.items()}
    assert levels == {Arm.CURRENT: Level.DRIFT, Arm.PINNED: Level.CALM, Arm.DIFFERENCE: Level.DRIFT}


def test_a_metric_the_baseline_does_not_know_is_learning(watch, run_of, key):
    baseline = freeze(watch, [run_of(n, {Role.CURRENT: 1.0}) for n in range(8)], **FACTS)
    (known,) = observe(watch, baseline, run_of(9, {Role.CURRENT: 1.0})).observations
    from msgspec.structs import replace

    unknown = replace(known, key=key(scorer="new"))
    (signal,), _ = detect([unknown], baseline=baseline, states={}, detector_for=lambda _: DETECTOR)
    assert signal.level is Level.LEARNING


def test_a_state_lost_or_of_an_older_version_is_replayed_from_history_to_the_same_digits(watch, run_of):
    def run(n):
        return run_of(n, {Role.CURRENT: [float((n * 7 + i) % 5 > 0) for i in range(20)]})

    baseline = freeze(watch, [run(n) for n in range(8)], **FACTS)
    looks = [observe(watch, baseline, run(n)).observations for n in range(8, 40)]
    states = {}
    for observations in looks[:-1]:
        _, states = detect(observations, baseline=baseline, states=states, detector_for=lambda _: DETECTOR)

    def history(key):
        return [seen for observations in looks[:-1] for seen in observations if seen.key == key]

    incremental = detect(looks[-1], baseline=baseline, states=states, detector_for=lambda _: DETECTOR)
    for broken in ({}, {key: {"version": 0, "psr": "whatever it was"} for key in states}):
        replayed = detect(looks[-1], baseline=baseline, states=broken, detector_for=lambda _: DETECTOR, history=history)
        assert replayed == incremental
