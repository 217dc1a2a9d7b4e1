from types import SimpleNamespace

import pytest

from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.pipeline.good_runs import good_runs

WATCH = SimpleNamespace(name="reply", pages=lambda key: key.scorer == "paging")


def look(number):
    return Run(
        id=f"r{number}", watch="reply", trigger=Trigger.SCHEDULE, status=RunStatus.FINISHED, planned_for=float(number)
    )


def signal(number, level, scorer="paging", **dates):
    return Signal(
        key=MetricKey(watch="reply", scorer=scorer, arm=Arm.CURRENT), run_id=f"r{number}", at=float(number),
        level=level, statistic=0.0, threshold=1.0, effect=0.0, interval=(0.0, 0.0), n=1, **dates,
    )  # fmt: skip


def good(*signals):
    session = SimpleNamespace(
        runs=SimpleNamespace(get={"r0": look(0)}.get),
        detection=SimpleNamespace(signals=lambda _watch, since: [one for one in signals if one.at >= since]),
    )
    baseline = SimpleNamespace(run_ids=("r0",), frozen_at=0.5)
    return [run.id for run in good_runs(session, WATCH, baseline, [look(number) for number in range(1, 7)])]


CALM = [signal(number, Level.CALM) for number in range(1, 5)]


@pytest.mark.parametrize("level", [Level.SUSPECT, Level.DRIFT])
@pytest.mark.parametrize("dates", [{"since": 3.0}, {"since": 4.0, "since_between": (3.0, 5.0)}])
def test_looks_between_the_onset_and_its_detection_are_not_good(level, dates):
    assert good(*CALM, signal(5, level, **dates)) == ["r0", "r1", "r2"]


def test_looks_after_the_recovery_are_good_again():
    assert good(*CALM, signal(5, Level.DRIFT, since=3.0), signal(6, Level.CALM)) == ["r0", "r1", "r2", "r6"]


def test_drift_of_a_metric_that_pages_nobody_dates_nothing_back():
    told = signal(5, Level.DRIFT, scorer="informing", since=1.0)
    assert good(*CALM, signal(5, Level.CALM), told) == ["r0", "r1", "r2", "r3", "r4", "r5"]
