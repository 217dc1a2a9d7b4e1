"""One number a run: the mean difference from each case's own baseline, and how far chance alone moves it.

Pairing by case takes the difficulty of the cases out, so a run in which some cases are missing is still comparable
(as long as they are not missing because of their score). What is left of chance is the *within-case* variance: the
same case asked again scores differently. Repeats make it smaller; they never count as more cases. Cases of one
cluster (a conversation, a document) rise and fall together: they are averaged first and then count as one.

Source: Miller 2024, "Adding error bars to evals", with the variance conditional on the cases, which is the right one
for asking whether *this* set of cases moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

#: Runs' worth of belief that a case varies like the others; keeps a case seen twice from claiming that it never varies.
SHRINKAGE = 2.0


class CaseScore(Struct, frozen=True, kw_only=True):
    """Mean score of one case in one run, and how many answers it is the mean of."""

    value: float
    repeats: int = 1


class Summary(Struct, frozen=True, kw_only=True):
    """One run of one metric."""

    #: Weighted mean difference from the baselines of the cases.
    x: float
    #: Sampling variance of ``x`` within the run.
    variance: float
    #: Cases (clusters count as one).
    n: int
    #: Weighted mean of the scores themselves.
    level: float
    #: Score lost over n cases: n (1 - level).
    lost: float


class CaseBaseline(Struct, frozen=True, kw_only=True):
    """What baseline runs say of one case."""

    mean: float
    #: Variance of the score of a single answer, shrunk towards that of all cases.
    variance: float
    #: Answers behind the mean.
    count: int


def summarise(
    scores: Mapping[str, CaseScore],
    means: Mapping[str, float],
    variances: Mapping[str, float],
    *,
    weights: Mapping[str, float] | None = None,
    clusters: Mapping[str, str] | None = None,
) -> Summary:
    """Summary of one run over the cases that are in ``scores`` and in ``means``; ValueError when there is none.

    ``variances``: of a single answer's score, by case. ``weights`` default to 1, ``clusters`` to the case itself.
    """
    paired = [case for case in scores if case in means]
    if not paired:
        raise ValueError("no case of the run has a baseline")
    weight_of = {case: 1.0 if weights is None else weights.get(case, 1.0) for case in paired}
    total = sum(weight_of.values())
    if total <= 0:
        raise ValueError("the weights of the cases add up to nothing")
    members: dict[str, float] = {}
    x = level = variance = 0.0
    for case in paired:
        score, share = scores[case], weight_of[case] / total
        x += share * (score.value - means[case])
        level += share * score.value
        variance += share * share * variances[case] / score.repeats
        unit = case if clusters is None else clusters.get(case, case)
        members[unit] = members.get(unit, 0.0) + 1.0
    if len(members) < len(paired):
        return _clustered(scores, means, variances, weight_of, clusters or {}, len(members))
    return Summary(x=x, variance=variance, n=len(paired), level=level, lost=len(paired) * (1 - level))


def _clustered(
    scores: Mapping[str, CaseScore],
    means: Mapping[str, float],
    variances: Mapping[str, float],
    weights: Mapping[str, float],
    clusters: Mapping[str, str],
    count: int,
) -> Summary:
    """Average inside each cluster, then over clusters, each with the mean weight of its cases."""
    groups: dict[str, list[str]] = {}
    for case in weights:
        groups.setdefault(clusters.get(case, case), []).append(case)
    inside = {unit: sum(weights[case] for case in cases) for unit, cases in groups.items()}
    outside = {unit: inside[unit] / len(cases) for unit, cases in groups.items()}
    total = sum(outside.values())
    x = level = variance = 0.0
    for unit, cases in groups.items():
        if inside[unit] == 0:
            continue
        for case in cases:
            share = weights[case] / inside[unit] * outside[unit] / total
            x += share * (scores[case].value - means[case])
            level += share * scores[case].value
            variance += share * share * variances[case] / scores[case].repeats
    return Summary(x=x, variance=variance, n=count, level=level, lost=count * (1 - level))


def differences(first: Mapping[str, CaseScore], second: Mapping[str, CaseScore]) -> dict[str, CaseScore]:
    """First minus second for the cases that both scored: a series of its own, to be held against its own baseline.

    The variance of a difference of means over k and m answers is that of one difference over their harmonic mean;
    the smaller of the two is used, which errs on the quiet side.
    """
    return {
        case: CaseScore(value=score.value - second[case].value, repeats=min(score.repeats, second[case].repeats))
        for case, score in first.items()
        if case in second
    }


def case_baselines(runs: Sequence[Mapping[str, CaseScore]], least_runs: int = 1) -> dict[str, CaseBaseline]:
    """Mean and within-case variance of every case that at least ``least_runs`` of the runs scored.

    With S_i the sum of squares of case i around its mean, over r_i runs, and v the pooled S / (r - 1) of all cases,
    v_i = (S_i + 2 v) / (r_i - 1 + 2). The sum over the cases stays the unbiased one, which is what the spread of a
    run's mean is made of; shrinking each mean towards the middle instead would call constant cases variable. Works
    alike for pass/fail and graded scores; k answers a run count k times.
    """
    seen: dict[str, list[CaseScore]] = {}
    for run in runs:
        for case, score in run.items():
            seen.setdefault(case, []).append(score)
    moments = {case: _moments(scores) for case, scores in seen.items() if len(scores) >= least_runs}
    squares = sum(squares for _, squares, _ in moments.values())
    freedom = sum(len(seen[case]) - 1 for case in moments)
    pooled = squares / freedom if freedom else 0.25
    return {
        case: CaseBaseline(
            mean=mean, variance=(squares + SHRINKAGE * pooled) / (len(seen[case]) - 1 + SHRINKAGE), count=count
        )
        for case, (mean, squares, count) in moments.items()
    }


def unpaired(
    scores: Mapping[str, CaseScore], level: float, variance: float, weights: Mapping[str, float] | None = None
) -> Summary:
    """Summary of a run whose inputs are new each time: mean level minus the baseline's ``level``.

    ``variance``: of one input's score between inputs. With unequal weights n is Kish's effective number of inputs,
    (sum of w)^2 / (sum of w^2).
    """
    means = dict.fromkeys(scores, level)
    summary = summarise(scores, means, dict.fromkeys(scores, 0.0), weights=weights)
    used = [1.0 if weights is None else weights.get(case, 1.0) for case in scores]
    effective = effective_number(used)
    n = max(1, round(effective))
    return Summary(x=summary.x, variance=variance / effective, n=n, level=summary.level, lost=n * (1 - summary.level))


def between_variance(runs: Iterable[Mapping[str, CaseScore]]) -> float:
    """Variance of one input's score around the mean of its run, pooled over the runs."""
    squares, freedom = 0.0, 0
    for run in runs:
        values = [score.value for score in run.values()]
        mean = sum(values) / len(values) if values else 0.0
        squares += sum((value - mean) ** 2 for value in values)
        freedom += max(len(values) - 1, 0)
    return squares / freedom if freedom else 0.25


def effective_number(weights: Sequence[float]) -> float:
    """Kish's effective sample size of weighted inputs."""
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def _moments(scores: Sequence[CaseScore]) -> tuple[float, float, int]:
    """Mean over answers, sum of squares scaled to single answers, number of answers."""
    count = sum(score.repeats for score in scores)
    mean = sum(score.value * score.repeats for score in scores) / count
    return mean, sum(score.repeats * (score.value - mean) ** 2 for score in scores), count
