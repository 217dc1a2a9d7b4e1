"""e-values, for "which of five hundred moved?": a digest, never a pager.

An e-value is a number that is at most 1 on average while nothing changed: 20 is as surprising as a p-value of 0.05.
e-BH (Wang and Ramdas 2022) picks from many of them so that the expected share of wrong picks is at most the rate that
is asked for, however they depend on each other (proven). With alarms that repeat for ever no such promise can be made
(Dandapanthula and Ramdas 2025), so the pager is budgeted otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln

Floats = NDArray[np.float64]

#: Answers that what other cases do is worth, at least and at most, for each of pass and fail and for both.
LEAST_PRIOR = 0.1
LARGEST_PRIOR = 20.0


def e_bh(e_values: Sequence[float], rate: float = 0.1) -> list[int]:
    """Indices of the picks: the j largest, for the largest j whose j-th largest is at least m / (rate j)."""
    ordered = sorted(range(len(e_values)), key=lambda index: -e_values[index])
    picks = 0
    for j, index in enumerate(ordered, start=1):
        if e_values[index] >= len(e_values) / (rate * j):
            picks = j
    return sorted(ordered[:picks])


def from_sum(evidence: float, runs: int) -> float:
    """The e-value of a Shiryaev-Roberts sum at a time fixed beforehand: its mean after so many runs is their number."""
    return evidence / runs if runs else 0.0


def failing_more(
    passed_before: ArrayLike,
    failed_before: ArrayLike,
    passed: ArrayLike,
    failed: ArrayLike,
    prior: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """e-values of cases' new answers against their baselines, for pass rates that went down; arrays of one shape.

    With prior Beta(a, b) the baseline leaves p ~ Beta(a + passed, b + failed). Against it stands a p that lies
    uniformly below its mean. Averaged over what the baseline leaves open, which is an average over cases when the
    prior is how cases differ, it is exactly an e-value; for one fixed p calibrated, not proven.
    A graded score counts in parts: between 0 and 1 a likelihood ratio is convex in it, so its mean is no larger than
    that of a pass or fail with the same mean.
    """
    before, lost_before, now, lost = (
        np.asarray(each, float) for each in (passed_before, failed_before, passed, failed)
    )
    a, b = prior[0] + before, prior[1] + lost_before
    below = a / (a + b)
    null = betaln(a + now, b + lost) - betaln(a, b)
    inside = np.maximum(betainc(1 + now, 1 + lost, below), 1e-300)
    alternative = betaln(1 + now, 1 + lost) + np.log(inside / below)
    return np.asarray(np.exp(np.minimum(alternative - null, 700.0)))


def windows(looks: int) -> list[int]:
    """How many of the newest looks are held against the baseline: 2, 4, 8, ... and all of them."""
    return sorted({min(2**power, looks) for power in range(1, looks.bit_length() + 1)}) if looks else []


def how_cases_differ(mean: ArrayLike, answers: ArrayLike) -> tuple[float, float]:
    """Beta(a, b) that pass rates of cases follow, by moments, from each case's mean over so many answers.

    Most cases of a golden set nearly always pass, so that one which passed eight times of eight is surer of its ninth
    than a coin with an unknown bias. Neither a nor b is taken below ``LEAST_PRIOR``: the shape is a guess.
    """
    means, counts = np.asarray(mean, float), np.maximum(np.asarray(answers, float), 2.0)
    centre = float(((means * counts).sum() + 1) / (counts.sum() + 2))
    sampling = float(np.mean(means * (1 - means) / (counts - 1)))
    between = max(float(np.var(means)) - sampling, 1e-9)
    size = min(max(centre * (1 - centre) / between - 1, 0.0), LARGEST_PRIOR)
    return max(centre * size, LEAST_PRIOR), max((1 - centre) * size, LEAST_PRIOR)


class Change(NamedTuple):
    """What the newest looks say of each case, in arrays of one entry a case."""

    #: e-value of "its pass rate is no longer the baseline's": the mean over both directions and all windows.
    e_value: Floats
    #: Newest looks that say most.
    looks: NDArray[np.int64]
    #: Mean score over these.
    level: Floats


def changed(mean_before: ArrayLike, answers_before: ArrayLike, scores: Floats, repeats: int = 1) -> Change:
    """Which cases answer differently from their baselines?

    ``scores``: mean score of each look (rows, oldest first) and case (columns), NaN where a case was not asked; each
    is the mean of ``repeats`` answers. A change lies some unknown number of looks back, so e-values of several windows
    are averaged, which is an e-value again (of a time fixed beforehand). Looks older than a window join the baseline.
    """
    mean, answers = np.asarray(mean_before, float), np.asarray(answers_before, float)
    a, b = how_cases_differ(mean, answers)
    all_asked, all_passed = np.isfinite(scores).sum(0), np.nansum(scores, axis=0)
    found, levels = [], []
    lengths = windows(len(scores))
    for length in lengths:
        asked = repeats * np.isfinite(scores[-length:]).sum(0)
        passed = repeats * np.nansum(scores[-length:], axis=0)
        older, older_passed = repeats * all_asked - asked, repeats * all_passed - passed
        passed_before = mean * answers + older_passed
        failed_before = (1 - mean) * answers + older - older_passed
        worse = failing_more(passed_before, failed_before, passed, asked - passed, (a, b))
        better = failing_more(failed_before, passed_before, asked - passed, passed, (b, a))
        found.append((worse + better) / 2)
        levels.append(passed / np.maximum(asked, 1))
    if not found:
        return Change(np.zeros(mean.shape), np.zeros(mean.shape, np.int64), mean)
    table = np.array(found)
    best = table.argmax(0)
    cases = np.arange(len(best))
    return Change(table.mean(0), np.array(lengths)[best], np.array(levels)[best, cases])
