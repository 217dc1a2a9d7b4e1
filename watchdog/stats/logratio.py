"""Latency, length and cost, where one slow answer in fifty would drown everything.

Each case is held against its own median: z = log(value / median), cut to +-2 (a factor of 7.4), which tames the tail;
the mean over the cases of a run is then summarised like any score. A rise of log(1.15) is "15 % more".

Everything here works on logarithms: the median of logarithms is the logarithm of the median, and repeats of a case are
averaged geometrically. The medians come from the baseline runs themselves. That is harmless, because a median moves
all of a case's runs by the same amount, and the detector sees only how runs differ; a *quantile* fitted by case and
exceeded or not would have to come from other runs than it is held against.

Calibrated by simulation (tests/statistical/test_kinds.py), not proven: cut log-ratios were the only one of four
summaries that found +20 % latency under a Pareto tail without false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from watchdog.stats.paired import CaseBaseline, CaseScore, case_baselines

CUT = 2.0


def cut(logarithms: Mapping[str, CaseScore], medians: Mapping[str, float]) -> dict[str, CaseScore]:
    """Each case's logarithm, no further than ``CUT`` from its median; cases without a median are left out."""
    return {
        case: replace(score, value=min(max(score.value, medians[case] - CUT), medians[case] + CUT))
        for case, score in logarithms.items()
        if case in medians
    }


def case_medians(runs: Sequence[Mapping[str, CaseScore]], least_runs: int = 1) -> dict[str, CaseBaseline]:
    """Median, and variance of the cut logarithms, of every case that at least ``least_runs`` of the runs measured."""
    from statistics import median  # noqa: PLC0415 - with the fractions and decimals it brings along, 20 ms

    seen: dict[str, list[float]] = {}
    for run in runs:
        for case, score in run.items():
            seen.setdefault(case, []).append(score.value)
    medians = {case: median(values) for case, values in seen.items()}
    counted = case_baselines([cut(run, medians) for run in runs], least_runs)
    return {case: replace(found, mean=medians[case]) for case, found in counted.items()}
