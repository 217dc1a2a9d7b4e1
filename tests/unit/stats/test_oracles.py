"""Our own formulas against other people's: statsmodels, ville, SciPy's distributions, and figures of ppi-python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, betabinom, binom

from watchdog.stats import rare
from watchdog.stats.burn import wilson
from watchdog.stats.evalues import e_bh, failing_more
from watchdog.stats.gate import units_needed
from watchdog.stats.interval import Moments, effect
from watchdog.stats.paired import CaseScore, differences
from watchdog.stats.ppi import mean_with_judge
from watchdog.stats.quantile import quantile_interval

#: Of the test group; whoever tests in an environment without them is told.
mcnemar = pytest.importorskip("statsmodels.stats.contingency_tables").mcnemar
power = pytest.importorskip("statsmodels.stats.power")
proportion_confint = pytest.importorskip("statsmodels.stats.proportion").proportion_confint
weightstats = pytest.importorskip("statsmodels.stats.weightstats")
ebh = pytest.importorskip("ville.evalues").ebh


@pytest.mark.parametrize(("bad", "total"), [(0, 20), (3, 100), (97, 100), (1, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.998])
def test_wilsons_interval_is_statsmodels(bad, total, confidence):
    theirs = proportion_confint(bad, total, alpha=1 - confidence, method="wilson")
    assert wilson(bad, total, confidence) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(("failures", "answers"), [(0, 100), (2, 4000), (7, 50)])
def test_the_limit_of_a_rare_rate_is_clopper_and_pearsons(failures, answers):
    _, upper = proportion_confint(failures, answers, alpha=0.2, method="beta")
    assert rare.start(failures, answers).rate == pytest.approx(upper, abs=1e-9)


def test_the_likelihood_of_rare_failures_is_binomial():
    state = rare.RareState(0.004)
    after = rare.update(state, 3, 100)
    factors = [binom.pmf(3, 100, f * 0.004) / binom.pmf(3, 100, 0.004) for f in rare.FACTORS]
    assert after.evidence == pytest.approx(np.mean(factors))


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=60), st.sampled_from([0.05, 0.1, 0.3]))
def test_the_picks_are_villes(values, rate):
    ordered = sorted(values, reverse=True)
    bars = [len(values) / (rate * j) for j in range(1, len(values) + 1)]
    if any(math.isclose(value, bar, rel_tol=1e-9) for value, bar in zip(ordered, bars, strict=True)):
        return  # a tie with the bar is a matter of rounding
    theirs = set(np.flatnonzero(ebh(values, rate)).tolist())
    ours = set(e_bh(values, rate))
    assert sorted(values[i] for i in ours) == sorted(values[i] for i in theirs)


@pytest.mark.parametrize("counts", [(18, 2, 3, 3), (8, 0, 0, 4), (0, 8, 4, 2)])
def test_the_e_value_of_a_case_is_a_ratio_of_two_integrals(counts):
    before, lost_before, passed, failed = counts
    a, b = 1.8 + before, 0.2 + lost_before
    below = a / (a + b)
    alternative = quad(lambda p: binom.pmf(passed, passed + failed, p), 0, below)[0] / below
    null = betabinom.pmf(passed, passed + failed, a, b)
    assert failing_more(*counts, (1.8, 0.2)) == pytest.approx(alternative / null, rel=1e-6)


def test_the_interval_of_an_effect_is_students_two_sample_interval():
    rng = np.random.default_rng(50)
    before, after = rng.normal(0, 0.02, 30), rng.normal(-0.03, 0.02, 9)
    found = effect(Moments.of(after), Moments.of(before))
    both = weightstats.CompareMeans(weightstats.DescrStatsW(after), weightstats.DescrStatsW(before))
    theirs = both.tconfint_diff(alpha=0.1, usevar="pooled")
    assert (found.low, found.high) == pytest.approx(theirs)


def test_paired_differences_of_pass_or_fail_are_mcnemars():
    """McNemar's chi-square without correction is the squared mean difference over its variance under no change."""
    rng = np.random.default_rng(51)
    first, second = (rng.random((2, 200)) < [[0.9], [0.8]]).astype(float)

    def scores(values):
        return {str(case): CaseScore(value=value) for case, value in enumerate(values.tolist())}

    gaps = np.array([score.value for score in differences(scores(first), scores(second)).values()])
    better, worse = int((gaps > 0).sum()), int((gaps < 0).sum())
    both, neither = int(((gaps == 0) & (first == 1)).sum()), int(((gaps == 0) & (first == 0)).sum())
    theirs = mcnemar([[both, better], [worse, neither]], exact=False, correction=False).statistic
    assert gaps.sum() ** 2 / (gaps**2).sum() == pytest.approx(theirs)


@pytest.mark.parametrize(("spread", "margin", "drop"), [(0.4, 0.03, 0.0), (0.4, 0.05, -0.01), (0.2, 0.02, 0.0)])
def test_the_cases_that_a_gate_needs_are_statsmodels(spread, margin, drop):
    """With the normal quantiles of one look, ``margin + drop`` being what has to be told from nothing."""
    gap = margin + drop
    units = units_needed(spread, margin, drop)
    theirs = power.normal_sample_size_one_tail(gap, 0.8, 0.05, std_null=spread)
    assert units == pytest.approx(theirs, rel=0.02, abs=2)
    reached = power.normal_power(gap / spread, units, 0.05, alternative="larger")
    assert reached == pytest.approx(0.8, abs=0.01)


def test_the_interval_of_a_quantile_holds_what_the_binomial_says():
    _, low, high = quantile_interval(list(range(1, 101)), 0.5, 0.9)
    below = binom.cdf([low - 1, high - 1], 100, 0.5)  # P(at most so many values under the median)
    assert below[0] <= 0.05
    assert below[1] >= 0.95
    assert binom.cdf(low, 100, 0.5) > 0.05
    assert beta.cdf(0.5, low, 101 - low) >= 0.95


def test_a_mean_with_a_judge_is_ppi_pythons():
    """ppi-python 0.2.3: ppi_mean_pointestimate and ppi_mean_ci(alpha=.1), with lam = 1 and lam = .5, by hand.

    The point is linear in lam. Its intervals divide by n where ours divide by n - 1.
    """
    labels, judged = [1, 0, 1, 1, 0, 1, 1, 1], [0.9, 0.3, 0.7, 0.8, 0.4, 0.6, 0.95, 0.5]
    rest = [0.8, 0.4, 0.6, 0.9, 0.7, 0.3, 0.85, 0.75, 0.65, 0.2, 0.55, 0.9]
    at_one, at_half = 0.73958333, 0.74479167
    found = mean_with_judge(labels, judged, rest, confidence=0.9)
    assert found.value == pytest.approx(at_one + (1 - found.weight) / 0.5 * (at_half - at_one), abs=1e-7)
    theirs = (0.94285056 - 0.5363161) / 2
    assert theirs <= (found.high - found.low) / 2 <= theirs * math.sqrt(8 / 7) * 1.01
