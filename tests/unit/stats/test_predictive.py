"""pSR against its reference, alarm for alarm, and the properties that make it a pure function."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.stats.autocorrelation import LARGEST, Correlation, expected_correlation
from watchdog.stats.predictive import CAP, CLIP, DELTAS, LOCK_AFTER, MARGIN, PredictiveSR
from watchdog.stats.psr_state import PsrState

EXPECTED = json.loads((Path(__file__).parent / "psr_expected.json").read_text())
BENCH = Path(__file__).resolve().parents[4] / "shared" / "bench" / "detection"


def started(test, runs):
    return test.start(
        [run.x for run in runs],
        [run.variance for run in runs],
        [run.lost for run in runs],
        [run.n for run in runs],
    )


def feed(test, state, runs):
    """Evidence of each run, bets restarted at every alarm as the reference does."""
    values, alarms = [], []
    for index, run in enumerate(runs):
        state, evidence = test.update(state, run.x, run.variance, run.u, run.lost, run.n)
        values.append(evidence.value)
        if evidence.value >= test.mean_runs:
            alarms.append(index)
            state = test.restart(state)
    return state, values, alarms


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_evidence_and_alarms_are_those_the_reference_gave(stream, kind):
    runs, baseline = stream(kind)
    test = PredictiveSR(1000.0)
    _, values, alarms = feed(test, started(test, runs[:baseline]), runs[baseline:])
    assert alarms == EXPECTED[kind]["alarms"]
    assert values[::7] == pytest.approx(EXPECTED[kind]["evidence"], rel=1e-9)


def _load(name):
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _reference(psr, x, variances, lost, n, mean_runs):
    """The bench's detector with our lock, margin and estimate of autocorrelation, which it does not know."""
    within, between = float(np.mean(variances)), float(np.var(x, ddof=1) - np.mean(variances))
    expected = expected_correlation(within, max(0.0, between), len(x))

    def estimate(sums, count):
        return Correlation(sums=(tuple(sums.tolist()),), finished=count).estimate(expected)

    psr.autocorrelation = estimate
    theirs = psr.PredictiveSR(x, variances, arl=mean_runs, margin=MARGIN, lock=LOCK_AFTER, failed0=lost, n0=n)
    r1, phi = estimate(theirs.ac, theirs.count)
    theirs.V, theirs.VL = (np.clip(psr.inflation(r1, phi, runs), 1, LARGEST) for runs in (theirs.n_d, theirs.n_dl))
    return theirs


SCENARIOS = {
    "independent": {},
    "run noise": {"sigma_shared": 0.3},
    "correlated noise": {"sigma_shared": 0.3, "rho": 0.6, "T": 600},
    "partial runs": {"sigma_shared": 0.2, "partial_prob": 0.2},
    "eight baseline runs": {"B": 8, "n_cases": 30},
    "near-perfect": {"base": 0.98, "n_cases": 20},
    "graded": {"kind": "judge", "base": 0.8, "kappa": 8.0},
    "step": {"shape": "step", "drop": 0.05, "nu": 100},
    "ramp": {"shape": "ramp", "drop": 0.1, "nu": 50, "ramp_len": 100},
    "blips": {"shape": "blip", "blip_every": 40},
    "repeats": {"k": 5, "n_cases": 20, "shape": "step", "drop": 0.05, "nu": 60},
    "season": {"season_amp": 0.25},
}


@pytest.mark.skipif(not BENCH.exists(), reason="the detection bench is not beside this checkout")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_alarm_of_the_bench_reference_is_ours_and_no_other(scenario):
    streams, psr = _load("streams"), _load("psr")
    replicates = 5
    config = {"R": replicates, "T": 350, "casewise": False, "seed": 99, **SCENARIOS[scenario]}
    simulated = streams.simulate(streams.Cfg(**config))
    baseline = simulated["cfg"]["B"]
    mean_runs = 500.0
    alarms = 0
    for r in range(replicates):
        rng = np.random.default_rng(r)
        rows = [
            (float(x), float(v), float(rng.random()), float((1 - m) * n), int(n))
            for x, v, m, n in zip(*(simulated[key][:, r] for key in ("x", "wv", "m", "n")), strict=True)
        ]
        x, variances, _, lost, n = zip(*rows[:baseline], strict=True)
        theirs = _reference(psr, x, variances, lost, n, mean_runs)
        test = PredictiveSR(mean_runs)
        state = test.start(x, variances, lost, n)
        for row in rows[baseline:]:
            alarm, value = theirs.update(*row)
            state, evidence = test.update(state, *row)
            assert evidence.value == pytest.approx(value, rel=1e-9)
            assert (evidence.value >= mean_runs) == alarm
            if alarm:
                alarms += 1
                state = test.restart(state)
    if scenario in {"step", "ramp"}:
        assert alarms >= replicates


def test_state_goes_through_json_and_back_without_a_trace(stream):
    runs, baseline = stream("step")
    test = PredictiveSR(1000.0)
    kept = reloaded = started(test, runs[:baseline])
    for run in runs[baseline:330]:
        kept, expected = test.update(kept, run.x, run.variance, run.u, run.lost, run.n, mark=run.u)
        reloaded = PsrState.from_json(json.loads(json.dumps(reloaded.to_json())))
        reloaded, evidence = test.update(reloaded, run.x, run.variance, run.u, run.lost, run.n, mark=run.u)
        assert evidence == expected
    assert reloaded.to_json() == kept.to_json()


def test_update_leaves_the_state_it_was_given_as_it_was(stream):
    runs, baseline = stream("young")
    test = PredictiveSR(1000.0)
    state = started(test, runs[:baseline])
    before = json.dumps(state.to_json())
    for run in runs[baseline:]:
        test.update(state, run.x, run.variance, run.u, run.lost, run.n)
    assert json.dumps(state.to_json()) == before


scores = st.floats(-1, 1, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    history=st.lists(scores, min_size=3, max_size=160),
    looks=st.tuples(scores, scores),
    u=st.floats(0.01, 0.99),
    variance=st.floats(1e-6, 0.1),
)
def test_a_worse_look_never_lowers_the_evidence(history, looks, u, variance):
    test = PredictiveSR(1000.0)
    state = test.start(history, [variance] * len(history))
    worse, better = sorted(looks)
    _, from_worse = test.update(state, worse, variance, u)
    _, from_better = test.update(state, better, variance, u)
    assert from_worse.value >= from_better.value


@settings(max_examples=30, deadline=None)
@given(runs=st.lists(st.tuples(scores, st.floats(1e-6, 0.1), st.floats(0.01, 0.99)), min_size=3, max_size=60))
def test_any_summaries_give_finite_evidence(runs):
    test = PredictiveSR(100.0)
    state = test.start([x for x, _, _ in runs[:3]], [v for _, v, _ in runs[:3]])
    for run in runs:
        state, evidence = test.update(state, *run)
        assert 0 < evidence.value <= 1e3 * test.mean_runs
    json.dumps(state.to_json(), allow_nan=False)


def test_one_look_says_no_more_than_the_clip_allows():
    test = PredictiveSR(87_600.0)
    state = test.start([0.0, 0.01, -0.01] * 7, [0.01] * 21)  # all sampling: no weather is expected
    _, first = test.update(state, -0.9, 0.01)
    most = np.mean([np.exp(delta * CLIP - delta**2 / 2) for delta in DELTAS])
    assert first.value == pytest.approx(most)
    assert first.value < 13


def test_sums_come_down_again_after_a_long_bad_time(stream):
    runs, baseline = stream("calm")
    test = PredictiveSR(1000.0)
    state = started(test, runs[:baseline])
    for run in runs[baseline:200]:
        state, _ = test.update(state, run.x, run.variance, run.u)
    for _ in range(400):
        state, evidence = test.update(state, -0.5, runs[0].variance, 0.5, remember=False)
    assert evidence.value >= 1000
    looks = 0
    while evidence.value >= 1000:
        run = runs[200 + looks]
        state, evidence = test.update(state, run.x, run.variance, run.u, remember=False)
        looks += 1
    assert looks < 150


def test_the_onset_is_dated_near_the_change(stream):
    runs, baseline = stream("step")
    test = PredictiveSR(1000.0)
    state = started(test, runs[:baseline])
    for look, run in enumerate(runs[baseline:]):
        state, evidence = test.update(state, run.x, run.variance, run.u, run.lost, run.n, mark=float(look))
        if evidence.value >= 1000:
            break
    assert abs(evidence.since - 180) <= 10
    assert look - evidence.since + 1 == evidence.looks


def test_what_is_forgotten_was_never_there(stream):
    runs, baseline = stream("calm")
    test = PredictiveSR(1000.0)
    state = started(test, runs[:baseline])
    states = [state]
    for run in runs[baseline:300]:
        state, _ = test.update(state, run.x, run.variance, run.u, run.lost, run.n)
        states.append(state)
    for kept, forgotten in ((250, 30), (120, 160), (40, 240), (1, 279)):
        clean = test.forget(states[kept + forgotten], forgotten)
        expected = states[kept]
        assert clean.history.tolist() == expected.history.tolist()
        assert (clean.n, clean.mean, clean.squares) == (expected.n, expected.mean, expected.squares)
        assert clean.failures == expected.failures
        assert (clean.locked is None) == (expected.locked is None)
        assert clean.correlation.sums == expected.correlation.sums


def test_back_to_the_lock_the_reference_is_what_was_locked_and_in_no_order(stream):
    runs, baseline = stream("calm")
    test = PredictiveSR(1000.0, keen=True)
    state = started(test, runs[:baseline])
    with pytest.raises(ValueError, match="locked"):
        test.back_to_lock(state)
    while state.locked is None:
        state, _ = test.update(state, 0.01 * np.sin(state.n), 1e-3)
    for _ in range(300):
        state, _ = test.update(state, -0.2, 1e-3)
    back = test.back_to_lock(state)
    assert sorted(back.history) == list(state.locked)
    assert abs(np.corrcoef(back.history[1:], back.history[:-1])[0, 1]) < 0.6
    assert np.array_equal(test.back_to_lock(state).history, back.history)
    assert (back.n, back.bets, back.correlation) == (len(state.locked), state.bets, state.correlation)
    assert back.mean == pytest.approx(np.mean(state.locked), abs=1e-3)


def test_memory_is_bounded():
    test = PredictiveSR(1000.0)
    rng = np.random.default_rng(1)
    state = test.start(rng.normal(0, 0.03, 20).tolist(), [1e-3] * 20)
    for x in rng.normal(0, 0.03, CAP + 300).tolist():
        state, _ = test.update(state, x, 1e-3, 0.5)
    assert len(state.history) == CAP
    numbers = json.dumps(state.to_json()).count(",") + 1
    assert numbers <= 2_700
