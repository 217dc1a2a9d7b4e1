"""The history once more: the panel misses nothing that the detectors would have said."""

import pytest

from watchdog.backtest.replay import episodes, replay, replayed
from watchdog.detect.psr import PsrDetector
from watchdog.domain.detection import Level

CALM = [0.0] * 160


def detector(mean_runs=2000.0, smallest_drop=0.03):
    return lambda _key: PsrDetector(mean_runs_to_false_alarm=mean_runs, smallest_drop=smallest_drop)


@pytest.mark.parametrize("mean_runs", [300.0, 2000.0, 87_600.0])
def test_what_the_panel_passes_over_was_calm_and_the_rest_is_said_look_by_look(past, mean_runs):
    known = past(seed=4).histories(
        calm=CALM,
        drop=[*[0.0] * 60, *[0.08] * 40, *[0.0] * 60],
        collapse=[*[0.0] * 30, *[0.5] * 5, *[0.0] * 40],
        blip=[*[0.0] * 50, 0.4, *[0.0] * 30],
        short=[0.0] * 12,
    )
    near = replayed(known, detector(mean_runs))
    assert len(near) < len(known)
    for key, history in known.items():
        said = replay(history, detector(mean_runs)(key))
        assert near.get(key, said) == said
        if key not in near:
            assert {signal.level for signal in said} <= {Level.CALM, Level.SUSPECT}
    assert {key.scorer for key, said in near.items() if episodes(said)} >= {"drop", "collapse"}


def test_an_episode_lasts_from_its_alarm_to_the_look_that_called_it_over(past):
    [history] = past().histories(drop=[*[0.0] * 60, *[0.1] * 40, *[0.0] * 60]).values()
    [episode] = episodes(replay(history, detector()(history.key)))
    start, end = history.observations[60].at, history.observations[100].at
    assert start < episode.fired.at < start + 12 * 3600
    assert end < episode.over_at < end + 40 * 3600
    assert episode.fired.reason == "evidence"
    [still] = episodes(replay(history, detector()(history.key))[:90])
    assert still.over_at is None


def test_another_smallest_drop_and_another_budget_give_another_answer(past):
    [history] = past(seed=2).histories(drop=[*[0.0] * 60, *[0.05] * 60]).values()
    fired = {
        (mean_runs, drop): [e.fired.at for e in episodes(replay(history, detector(mean_runs, drop)(None)))]
        for mean_runs in (200.0, 1e6)
        for drop in (0.03, 0.2)
    }
    assert fired[200.0, 0.03][0] < fired[1e6, 0.03][0]
    assert fired[1e6, 0.2] == []


def test_a_learning_metric_is_neither_near_nor_an_error(past):
    known = past(baseline_runs=4).histories(young=CALM)
    assert replayed(known, detector()) == {}
