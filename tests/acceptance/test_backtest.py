"""The store of a watch that lived through a drift, replayed: the very signals that were stored."""

from __future__ import annotations

import json

from watchdog.backtest.history import histories
from watchdog.backtest.replay import episodes, replay
from watchdog.detect.kinds import detectors

WATCH = "support_reply"


async def test_a_backtest_says_what_the_road_said_when_it_was_the_present(live_story, simulator):
    story = live_story
    await story.look(2)
    simulator.control({"aliases": {"sim-1": "sim-1-2026-11"}})
    await story.look(5)
    simulator.control({"aliases": {"sim-1": "sim-1-2026-08"}})
    await story.look(6)
    watch, division = story.app.watch(WATCH), story.app.false_alarms
    with story.app.store.read() as session:
        baseline = session.baselines.current(WATCH)
        observations = session.detection.observations(WATCH, since=baseline.frozen_at)
        stored = session.detection.signals(WATCH, since=baseline.frozen_at)
    fired = set()
    detector_for = detectors(watch, baseline, division.mean_runs_to_false_alarm)
    for key, history in histories(baseline, observations).items():
        said = replay(history, detector_for(key))
        assert said == [signal for signal in stored if signal.key == key]
        fired |= {(key.scorer, key.arm, episode.fired.at) for episode in episodes(said)}
    assert ("case-checks", "current") in {(scorer, arm) for scorer, arm, _ in fired}
    done = story.workspace.command("backtest", WATCH, "--json")
    assert done.returncode == 0, done.stderr
    assert {(row["metric"], row["arm"], row["fired_at"]) for row in json.loads(done.stdout)["fired"]} == fired


async def test_states_that_an_older_version_wrote_are_made_anew_from_the_stored_looks(live_story, simulator):
    story = live_story
    await story.look(3)
    simulator.control({"aliases": {"sim-1": "sim-1-2026-11"}})
    await story.look(2)
    with story.app.store.read() as session:
        baseline = session.baselines.current(WATCH)
        kept = session.detection.states(WATCH, baseline.id)
    with story.app.store.begin() as session:
        old = {key: {**state, "version": 0} for key, state in kept.items()}
        session.detection.save_states(baseline.id, "an-older-version", old)
    await story.look(3)
    watch = story.app.watch(WATCH)
    with story.app.store.read() as session:
        observations = session.detection.observations(WATCH, since=baseline.frozen_at)
        stored = session.detection.signals(WATCH, since=baseline.frozen_at)
    detector_for = detectors(watch, baseline, story.app.false_alarms.mean_runs_to_false_alarm)
    for key, history in histories(baseline, observations).items():
        assert replay(history, detector_for(key)) == [signal for signal in stored if signal.key == key]
