"""The detector's phases."""

import json
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Guarantee, Level
from watchdog.domain.metric import Arm, MetricKey, Observation

KEY = MetricKey(watch="w", scorer="s", arm=Arm.CURRENT)
N, LEVEL = 60, 0.9
VARIANCE = LEVEL * (1 - LEVEL) / N


def reference(xs, n=N):
    return MetricBaseline(
        key=KEY,
        case_means={},
        case_counts={},
        case_variances={},
        case_digests={},
        x=tuple(xs),
        variances=(VARIANCE,) * len(xs),
        lost=tuple(n * (1 - LEVEL - x) for x in xs),
        n=(n,) * len(xs),
    )


def look(x, number, rng=None):
    return Observation(
        key=KEY,
        run_id=f"run{number}",
        at=1000.0 * number,
        n=N,
        planned=N,
        level=LEVEL + x,
        x=x,
        variance=VARIANCE,
        lost=N * (1 - LEVEL - x),
        u=0.5 if rng is None else rng.random(),
    )


def binomial(rng, chance=LEVEL):
    return sum(rng.random() < chance for _ in range(N)) / N - LEVEL


class World:
    """A detector that is fed looks."""

    def __init__(self, seed=2, baseline_runs=20, smallest_drop=0.03, mean_runs=2000.0):
        self.rng = Random(seed)
        self.detector = PsrDetector(mean_runs_to_false_alarm=mean_runs, smallest_drop=smallest_drop)
        self.state = self.detector.start(reference([binomial(self.rng) for _ in range(baseline_runs)]))
        self.number = 0
        self.signals = []

    def see(self, x):
        self.number += 1
        self.state, signal = self.detector.update(self.state, look(x, self.number, self.rng))
        self.signals.append(signal)
        return signal

    def live(self, looks, chance=LEVEL):
        return [self.see(binomial(self.rng, chance)) for _ in range(looks)]


def test_too_small_a_baseline_is_learning_and_never_a_drift():
    world = World(baseline_runs=7)
    signals = world.live(10, chance=0.1)
    assert {(signal.level, signal.reason) for signal in signals} == {(Level.LEARNING, "learning")}
    assert signals[0].interval == (-1.0, 1.0)


def test_calm_looks_are_calm():
    world = World(mean_runs=20_000.0)
    world.live(100)
    levels = [signal.level for signal in world.signals]
    assert Level.DRIFT not in levels
    assert levels.count(Level.SUSPECT) <= 10
    assert all(signal.since is None for signal in world.signals if signal.level is Level.CALM)
    assert world.signals[0].threshold == pytest.approx(math.log(20_000))


def test_a_lasting_drop_becomes_suspect_and_then_drift():
    world = World()
    world.live(60)
    after = world.live(40, chance=0.78)
    levels = [signal.level for signal in after]
    first = levels.index(Level.DRIFT)
    assert first < 15
    assert Level.SUSPECT in levels[:first]
    found = after[first]
    assert found.reason == "evidence"
    assert found.statistic >= found.threshold
    assert found.interval[0] < found.effect < found.interval[1]
    assert found.since == pytest.approx(61_000.0, abs=8000.0)
    assert set(levels[first:]) == {Level.DRIFT}
    assert after[-1].effect == pytest.approx(-0.12, abs=0.03)
    assert after[-1].looks == pytest.approx(40, abs=8)
    assert after[-1].since == found.since
    earliest, latest = found.since_between
    assert earliest <= 61_000.0 <= latest
    assert earliest <= found.since <= latest
    assert after[-1].since_between == found.since_between
    assert all(signal.since_between is None for signal in after[:first])


def noisier(scatter, drop, seed, smallest_drop=0.03):
    """Signals of forty calm looks, and of forty with a drop, of a difference whose noise has grown before."""
    rng, sd = Random(seed), math.sqrt(VARIANCE)
    detector = PsrDetector(mean_runs_to_false_alarm=2000.0, smallest_drop=smallest_drop)
    lost = {"lost": (), "n": ()}
    state = detector.start(replace(reference([rng.gauss(0.0, sd) for _ in range(20)]), **lost))
    signals = []
    for number in range(80):
        x = rng.gauss(0.0, sd * math.sqrt(scatter)) - (drop if number >= 40 else 0.0)
        seen = replace(look(x, number), lost=None, scatter=scatter, u=rng.random())
        state, signal = detector.update(state, seen)
        signals.append(signal)
    return signals


@pytest.mark.parametrize("scatter", [1.0, 2.0, 4.0])
def test_what_is_told_of_a_difference_that_scatters_more_is_in_points(scatter):
    told = [noisier(scatter, 0.15, seed)[-1] for seed in range(12)]
    assert {signal.level for signal in told} == {Level.DRIFT}
    assert sum(signal.effect for signal in told) / len(told) == pytest.approx(-0.15, abs=0.015)
    assert sum(signal.interval[0] < -0.15 < signal.interval[1] for signal in told) >= 9


def test_noise_that_is_known_to_have_grown_rings_no_more_often():
    rang = [any(signal.level is Level.DRIFT for signal in noisier(4.0, 0.0, seed)) for seed in range(40)]
    assert sum(rang) <= 3


def test_a_drop_that_matters_is_not_below_the_smallest_because_answers_scatter_more():
    signals = [signal for seed in range(12) for signal in noisier(4.0, 0.12, seed, smallest_drop=0.08)[60:]]
    found = sum(signal.level is Level.DRIFT for signal in signals)
    assert found > 0.9 * len(signals)


def test_the_looks_of_a_drift_that_is_over_are_no_onset_of_the_next():
    world = World()
    world.live(60)
    world.live(20, chance=0.7)
    world.live(30)
    over = world.number
    assert len(world.state.marks) < over
    world.live(40)
    began = world.number + 1
    found = next(signal for signal in world.live(40, chance=0.72) if signal.level is Level.DRIFT)
    earliest, latest = found.since_between
    assert 1000.0 * over < earliest <= 1000.0 * began <= latest
    kept = DetectorState.from_json(json.loads(json.dumps(world.state.to_json())))
    assert (kept.drift.between, kept.marks) == (found.since_between, world.state.marks)


def test_a_drift_ends_when_the_metric_is_back():
    world = World()
    world.live(60)
    world.live(20, chance=0.7)
    after = world.live(30)
    reasons = [signal.reason for signal in after]
    assert "recovered" in reasons
    end = reasons.index("recovered")
    assert after[end].level is Level.CALM
    assert Level.DRIFT not in {signal.level for signal in after[end:]}


def slide(world, points, looks):
    """The level goes down little by little; how far down it was at the first drift (None without one), and that."""
    for number in range(looks):
        down = points * (number + 1) / looks
        signal = world.see(binomial(world.rng, LEVEL - down))
        if signal.level is Level.DRIFT:
            return down, signal
    return None


@pytest.mark.parametrize("seed", range(3))
def test_a_slide_too_slow_to_have_an_onset_is_found_when_it_has_cost_what_matters(seed):
    world = World(seed, smallest_drop=0.05, mean_runs=20_000.0)
    world.live(300)
    good = world.state.psr.mean
    down, found = slide(world, points=0.15, looks=3000)
    assert 0.035 < down < 0.085
    assert found.reason == "evidence"
    assert found.effect == pytest.approx(-down, abs=0.03)
    assert found.interval[0] < -down < found.interval[1]
    assert found.since_between is None
    assert world.state.psr.mean == pytest.approx(good, abs=0.01)  # what slid is out of the reference again

    still = world.live(150, chance=LEVEL - down)
    assert {signal.level for signal in still} == {Level.DRIFT}
    back = world.live(60)
    assert "recovered" in [signal.reason for signal in back]
    kept = DetectorState.from_json(json.loads(json.dumps(world.state.to_json())))
    assert kept.to_json() == world.state.to_json()


def test_a_slide_that_costs_less_than_matters_wakes_nobody():
    world = World(4, smallest_drop=0.05, mean_runs=20_000.0)
    world.live(300)
    assert slide(world, points=0.03, looks=1500) is None
    assert "below smallest drop" in {signal.reason for signal in world.signals}


def test_the_reference_never_learns_the_drift():
    world = World()
    world.live(60)
    before = world.state.psr.mean
    world.live(100, chance=0.7)
    assert world.state.psr.n == pytest.approx(80, abs=8)
    assert world.state.psr.mean == pytest.approx(before, abs=0.01)


def test_what_is_left_of_a_drop_is_found_anew():
    world = World()
    world.live(100)
    world.live(30, chance=0.5)
    world.live(30)
    assert world.signals[-1].level is Level.CALM
    residual = world.live(60, chance=0.78)
    assert Level.DRIFT in {signal.level for signal in residual[:20]}


def test_a_drop_below_the_smallest_that_matters_wakes_nobody():
    world = World(smallest_drop=0.08)
    world.live(150)
    after = world.live(150, chance=0.86)
    assert "below smallest drop" in {signal.reason for signal in after}
    assert Level.DRIFT not in {signal.level for signal in after}


def test_a_collapse_is_a_drift_at_the_third_look():
    world = World(mean_runs=1e6)
    world.live(30)
    assert world.see(-0.6).level is not Level.DRIFT
    second = world.see(-0.6)
    assert (second.level, second.reason) == (Level.SUSPECT, "acute")
    third = world.see(-0.6)
    assert (third.level, third.reason) == (Level.DRIFT, "acute")
    assert third.guarantee is Guarantee.CALIBRATED
    assert third.since == 31_000.0
    assert third.looks == 3
    assert third.effect == pytest.approx(-0.6, abs=0.03)


@pytest.mark.parametrize("length", [1, 2])
def test_an_outage_of_a_look_or_two_is_not_a_drift(length):
    world = World(mean_runs=87_600.0)
    world.live(40)
    for _ in range(20):
        for _ in range(length):
            world.see(-0.3)
        world.live(40)
    assert Level.DRIFT not in {signal.level for signal in world.signals}


def test_the_state_goes_through_json_at_every_look_without_a_trace():
    kept, reloaded = World(), World()
    for phase, chance in ((130, 0.9), (25, 0.7), (40, 0.9), (10, 0.2), (30, 0.9)):
        for _ in range(phase):
            x = binomial(kept.rng, chance)
            reloaded.rng.setstate(kept.rng.getstate())
            expected = kept.see(x)
            reloaded.state = DetectorState.from_json(json.loads(json.dumps(reloaded.state.to_json())))
            assert reloaded.see(x) == expected
    assert {Level.DRIFT, Level.CALM} <= {signal.level for signal in kept.signals}
    assert reloaded.state.to_json() == kept.state.to_json()


def test_update_leaves_the_state_it_was_given_as_it_was():
    world = World()
    world.live(30)
    for x in (-0.5,) * 6 + (0.0,) * 30:
        before, text = world.state, json.dumps(world.state.to_json())
        world.see(x)
        assert json.dumps(before.to_json()) == text


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60))
def test_whatever_is_seen_the_answer_is_finite_and_the_state_is_json(values):
    world = World(baseline_runs=8)
    for x in values:
        signal = world.see(x)
        assert all(map(math.isfinite, (signal.statistic, signal.effect, *signal.interval)))
        json.dumps(world.state.to_json(), allow_nan=False)
        assert (signal.since is None) == (signal.level is Level.CALM)
