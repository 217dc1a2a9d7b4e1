"""The gate's errors and its power, at the size at which it is used."""

import numpy as np
import pytest

from watchdog.stats.gate import Verdict, decide

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
