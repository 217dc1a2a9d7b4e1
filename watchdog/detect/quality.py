"""Is a baseline good enough to be held against? Looked at once, before it is locked.

It must be long enough, and its level must not have moved while it was taken: a reference that was on its way down
makes the bottom look normal. What else may be wrong with it is said, and left to whoever freezes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from watchdog.domain.baseline import MetricBaseline, Remark, Verdict
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.watch import Watch
from watchdog.stats.warmup import dependence, trend

#: Chance that a sound baseline is called unsteady, over all its metrics.
ALPHA = 0.01
#: Share of the runs that may have measured too little of a metric before that is remarked.
MOST_VOID = 0.2
#: Runs closer together than this part of the watch's schedule, on average, are back to back.
TOO_CLOSE = 0.5


def remarks(
    watch: Watch, metrics: Mapping[MetricKey, MetricBaseline], run_times: Sequence[float], *, every: float | None
) -> tuple[Remark, ...]:
    """What is to be said of a baseline, the worst first.

    ``run_times``: Unix times of its runs, oldest first. ``every``: seconds between two looks of the schedule, None
    when that is not known.
    """
    looked_at = [
        metric
        for key, metric in metrics.items()
        if not key.tag and key.arm is not Arm.DIFFERENCE and (watch.measure(key.scorer) is None or watch.pages(key))
    ]
    found = [
        *_unsteady(watch, looked_at),
        *_dependent(looked_at),
        *_back_to_back(run_times, every),
        *_void(looked_at, len(run_times)),
    ]
    return tuple(sorted(found, key=lambda remark: not remark.blocks))


def _unsteady(watch: Watch, metrics: Sequence[MetricBaseline]) -> Iterable[Remark]:
    for metric in metrics:
        rise, p = trend(metric.x)
        if p * len(metrics) <= ALPHA and abs(rise) >= watch.smallest_drop_of(metric.key.scorer):
            way = "rose" if rise > 0 else "fell"
            yield Remark(
                verdict=Verdict.MOVED,
                blocks=True,
                said=f"{metric.key} {way} by {abs(rise) * 100:.1f} points during its {len(metric.x)} runs "
                f"(Mann-Kendall p {p:.2g})",
            )


def _dependent(metrics: Sequence[MetricBaseline]) -> Iterable[Remark]:
    for metric in metrics:
        ratio, p = dependence(metric.x)
        if p * len(metrics) <= ALPHA:
            yield Remark(
                verdict=Verdict.DEPENDENT,
                said=f"neighbouring runs of {metric.key} are alike (von Neumann ratio {ratio:.2f}, 2 expected): it "
                "takes more runs to know its level",
            )


def _back_to_back(run_times: Sequence[float], every: float | None) -> Iterable[Remark]:
    gaps = len(run_times) - 1
    if every is None or gaps < 1:
        return
    mean = (run_times[-1] - run_times[0]) / gaps
    if mean < TOO_CLOSE * every:
        yield Remark(
            verdict=Verdict.BACK_TO_BACK,
            said=f"its {len(run_times)} runs are {_length(mean)} apart, looks will be {_length(every)}: what differs "
            "from hour to hour is not in it; extend it once when a day of calm looks is in",
        )


def _void(metrics: Sequence[MetricBaseline], runs: int) -> Iterable[Remark]:
    for metric in metrics:
        void = runs - len(metric.x)
        if metric.key.arm is Arm.CURRENT and void > MOST_VOID * runs:
            yield Remark(
                verdict=Verdict.VOID_RUNS, said=f"{void} of its {runs} runs measured too little of {metric.key}"
            )


def _length(seconds: float) -> str:
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"
