"""The gate's errors and its power, at the size at which it is used."""

from typing import NamedTuple

import numpy as np
import pytest

from watchdog.domain.gate import GateVerdict, Unit
from watchdog.gate.decide import Stage, judge
from watchdog.gate.streams import Stream
from watchdog.stats.gate import Verdict, decide, look_sizes

pytestmark = pytest.mark.statistical

REPETITIONS = 1500


def verdicts(rng, delta, *, looks=5, cases=400, margin=0.03, repeats=1):
    """Verdicts on candidates that differ by ``delta``: pass/fail cases of unequal difficulty."""
    out = []
    for _ in range(REPETITIONS):
        before = np.clip(rng.beta(1.8, 0.2, cases), 1e-4, 1 - 1e-4)
        after = before * (1 + delta / 0.9)
        difference = (rng.binomial(repeats, after) - rng.binomial(repeats, before)) / repeats
        out.append(decide(difference.tolist(), margin=margin, looks=looks))
    return out


def share(decisions, verdict):
    return sum(decision.verdict is verdict for decision in decisions) / len(decisions)


def test_a_candidate_at_the_margin_passes_in_one_of_twenty():
    passed = share(verdicts(np.random.default_rng(60), -0.03), Verdict.PASS)
    print("PASS at the margin", passed)
    assert passed <= 0.06 + 2 * np.sqrt(0.05 * 0.95 / REPETITIONS)


def test_early_looks_cost_no_power_and_save_cases():
    early = verdicts(np.random.default_rng(61), 0.0, repeats=4)
    fixed = verdicts(np.random.default_rng(61), 0.0, repeats=4, looks=1)
    used = np.mean([decision.units for decision in early])
    print("PASS", share(early, Verdict.PASS), "fixed", share(fixed, Verdict.PASS), "cases", used)
    assert share(early, Verdict.PASS) >= share(fixed, Verdict.PASS) - 0.04
    assert used < 320


def test_a_bad_candidate_is_stopped_early():
    bad = verdicts(np.random.default_rng(62), -0.12)
    print("FAIL", share(bad, Verdict.FAIL), "cases", np.mean([decision.units for decision in bad]))
    assert share(bad, Verdict.FAIL) >= 0.97
    assert np.mean([decision.units for decision in bad]) < 260


def test_clusters_that_are_told_keep_the_error_and_untold_ones_do_not():
    rng, margin, told, untold = np.random.default_rng(63), 0.1, [], []
    names = [str(case // 10) for case in range(600)]
    for _ in range(800):
        shared = np.repeat(rng.normal(0, 0.3, 60), 10)
        difference = (-margin + shared + rng.normal(0, 0.4, 600)).tolist()
        told.append(decide(difference, margin=margin, clusters=names))
        untold.append(decide(difference, margin=margin))
    print("PASS at the margin, told", share(told, Verdict.PASS), "untold", share(untold, Verdict.PASS))
    assert share(told, Verdict.PASS) <= 0.07
    assert share(untold, Verdict.PASS) >= 0.1


# The whole gate: several metrics and tags, looks, Holm, and what is said beside the verdict.

GATES = 2000


class Arms(NamedTuple):
    """Simulated pass/fail answers of two arms: (metrics, cases) means over the repeats, and tags by case."""

    before: np.ndarray
    after: np.ndarray


def simulate(rng, *, cases=100, metrics=3, drop=0.0, level=0.9, repeats=1, polarised=2.0):
    """Unequal cases; the candidate loses ``drop`` on the first metric, in proportion to what each case can lose."""
    chances = np.clip(rng.beta(level * polarised, (1 - level) * polarised, (metrics, cases)), 1e-4, 1 - 1e-4)
    worse = chances.copy()
    worse[0] *= 1 - drop / level
    return Arms(rng.binomial(repeats, chances) / repeats, rng.binomial(repeats, worse) / repeats)


def hold(arms, *, margin=0.05, looks=5, alpha=0.05, tags=2, power=False):
    """One gate, as the door holds it: metrics and their tags, look after look, until there is a verdict."""
    differences = arms.after - arms.before
    cases = differences.shape[1]
    sizes = look_sizes(cases, looks)
    fractions = tuple(size / cases for size in sizes)
    passed = frozenset()
    for size, fraction in zip(sizes, fractions, strict=True):
        stage = Stage(
            fractions=fractions, fraction=fraction, last=size == cases, alpha=alpha, most_lost=0.1, passed=passed
        )
        streams = []
        for metric, row in enumerate(differences):
            streams.append(a_stream(f"m{metric}", "", row[:size], cases, margin, 1.0))
            for tag in range(tags):  # every case has one of the tags
                inside = row[:size][np.arange(size) % tags == tag]
                streams.append(a_stream(f"m{metric}", f"t{tag}", inside, cases // tags, margin, 1.0 / tags))
        judgement = judge(streams, stage, broken=(), power=power)
        if judgement.verdict is not None:
            return judgement, size
        passed = judgement.passed
    raise AssertionError("the last look has a verdict")


def a_stream(name, tag, units, planned, margin, weight):
    return Stream(
        name=name, tag=tag, unit=Unit.SCORE, margin=margin, required=not tag, weight=weight, units=tuple(units),
        asked=len(units), planned=planned, asked_cases=len(units), planned_cases=planned, lost_cases=0, baseline=None,
        candidate=None, within=None, repeats=1.0,
    )  # fmt: skip


def gates(seed, *, looks=5, margin=0.05, count=GATES, power=False, **how):
    rng = np.random.default_rng(seed)
    return [hold(simulate(rng, **how), looks=looks, margin=margin, power=power) for _ in range(count)]


def rate(held, verdict):
    return sum(judgement.verdict is verdict for judgement, _ in held)


@pytest.mark.parametrize(
    ("cases", "level", "repeats"), [(40, 0.9, 1), (100, 0.9, 1), (100, 0.7, 1), (200, 0.9, 3), (200, 0.98, 1)]
)
def test_a_baseline_held_against_itself_is_hardly_ever_a_regression(cases, level, repeats, lower_limit):
    held = gates(70, cases=cases, level=level, repeats=repeats)
    wrong = rate(held, GateVerdict.REGRESSION)
    print(f"A/A cases {cases} level {level} repeats {repeats}: regression {wrong / GATES}",
          f"pass {rate(held, GateVerdict.PASS) / GATES}")  # fmt: skip
    assert lower_limit(wrong, GATES) <= 0.01


@pytest.mark.parametrize(("cases", "level", "repeats"), [(40, 0.9, 1), (100, 0.9, 1), (200, 0.7, 1), (200, 0.9, 3)])
def test_every_metric_at_its_margin_fails_in_one_of_twenty_gates_at_the_most(cases, level, repeats, lower_limit):
    """The family-wise error where it is largest: three metrics and their tags, all of them just acceptable."""
    rng, margin, wrong, passes = np.random.default_rng(71), 0.05, 0, 0
    for _ in range(GATES):
        chances = np.clip(rng.beta(level * 2, (1 - level) * 2, (3, cases)), 1e-4, 1 - 1e-4)
        arms = Arms(
            rng.binomial(repeats, chances) / repeats, rng.binomial(repeats, chances * (1 - margin / level)) / repeats
        )
        verdict = hold(arms, margin=margin)[0].verdict
        wrong += verdict is GateVerdict.REGRESSION
        passes += verdict is GateVerdict.PASS
    print(
        f"at the margin, cases {cases} level {level} repeats {repeats}:",
        f"regression {wrong / GATES} pass {passes / GATES}",
    )
    assert lower_limit(wrong, GATES) <= 0.05
    assert lower_limit(passes, GATES) <= 0.05


@pytest.mark.parametrize(("cases", "repeats"), [(40, 1), (100, 1), (200, 3)])
def test_the_drop_that_it_says_it_catches_is_caught_in_four_of_five_gates(cases, repeats, upper_limit):
    said = [
        metric.detectable
        for judgement, _ in gates(72, cases=cases, repeats=repeats, looks=1, count=200, power=True)
        for metric in judgement.metrics
        if metric.name == "m0" and not metric.tag
    ]
    drop = float(np.median(said))
    held = gates(73, cases=cases, repeats=repeats, drop=drop)
    caught = rate(held, GateVerdict.REGRESSION)
    print(f"cases {cases} repeats {repeats}: says {drop:.3f}, catches {caught / GATES}")
    assert upper_limit(caught, GATES) >= 0.8


@pytest.mark.parametrize(
    ("drop", "repeats", "cases"), [(0.0, 3, 200), (0.0, 4, 400), (0.3, 1, 200), (0.6, 1, 40), (0.6, 1, 100)]
)
def test_stopping_early_saves_calls_at_the_same_errors(drop, repeats, cases):
    verdict = GateVerdict.REGRESSION if drop else GateVerdict.PASS
    early = gates(74, drop=drop, repeats=repeats, cases=cases)
    fixed = gates(74, drop=drop, repeats=repeats, cases=cases, looks=1)
    used = np.mean([size for _, size in early]) / cases
    print(f"drop {drop} cases {cases} repeats {repeats}: {verdict} {rate(early, verdict) / GATES}",
          f"fixed {rate(fixed, verdict) / GATES} calls {used:.2f}")  # fmt: skip
    assert rate(early, verdict) >= rate(fixed, verdict) - 0.04 * GATES
    assert used < (0.75 if drop else 0.87)  # to pass, the slowest of three metrics has to


@pytest.mark.parametrize(("drop", "repeats", "cases"), [(0.0, 1, 100), (0.0, 3, 40), (0.1, 1, 100), (0.3, 1, 200)])
def test_its_intervals_hold_the_truth_in_nine_of_ten_gates(drop, repeats, cases, upper_limit):
    rng, held = np.random.default_rng(75), 0
    for _ in range(GATES):
        judgement, _ = hold(simulate(rng, drop=drop, repeats=repeats, cases=cases))
        low, high = judgement.metrics[0].interval
        held += low <= -drop <= high
    print(f"drop {drop} cases {cases} repeats {repeats}: coverage {held / GATES}")
    assert upper_limit(held, GATES) >= 0.9
