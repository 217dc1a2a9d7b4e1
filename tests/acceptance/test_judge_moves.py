"""A judge that moves, a feature that gets worse, and both at once: who is told what."""

from __future__ import annotations

import asyncio

import pytest

from watchdog.domain.metric import Arm
from watchdog.domain.target import Role

#: The provider of the judge serves another model under the same name: it gives every second grade a step lower.
STRICTER = {"models": {"sim-judge-2": {"judge_shift": -0.5, "faults": {}}}, "aliases": {"sim-judge": "sim-judge-2"}}
WORSE = {"aliases": {"sim-1": "sim-1-2026-11"}}
BACK = {"aliases": {"sim-1": "sim-1-2026-08", "sim-judge": None}}


def told(story):
    """Whatever anybody was ever told of, by name and metric."""
    return {
        (alert.labels["alertname"], alert.labels.get("metric", "")): alert
        for alert in story.alerts()
        if alert.fired_at is not None
    }


@pytest.mark.statistical  # answers are drawn anew each time: about one story in ten tells more than it should
async def test_a_judge_upgrade_is_told_as_that_and_as_nothing_else(judged_story, simulator):
    story = judged_story
    simulator.control(STRICTER)
    await story.look(8)
    assert set(told(story)) == {("JudgeDrift", "helpfulness")}
    alert = told(story)["JudgeDrift", "helpfulness"]
    assert alert.labels["severity"] == "ticket"
    assert "judge served model changed from sim-judge to sim-judge-2" in alert.annotations["description"]
    assert "stricter" in alert.annotations["description"]
    held = [a for a in story.alerts() if (a.labels["alertname"], a.labels["metric"]) == ("EvalDrift", "helpfulness")]
    assert {alert.annotations["inhibited_by"] for alert in held} <= {"the judge moved"}

    simulator.control(BACK)
    await story.look(8)
    assert story.firing() == set()
    assert set(told(story)) == {("JudgeDrift", "helpfulness")}  # and none on the way back


@pytest.mark.statistical  # answers are drawn anew each time: about one story in ten tells more than it should
async def test_a_feature_that_got_worse_is_told_as_that_and_the_judge_is_not_blamed(judged_story, simulator):
    story = judged_story
    simulator.control(WORSE)
    await story.look(6)
    assert ("EvalDrift", "helpfulness") in told(story)
    assert {name for name, _ in told(story)} <= {"EvalDrift", "MassEvalFailure"}  # most cases fall
    drift = told(story)["EvalDrift", "helpfulness"]
    assert drift.cause.value == "the provider changed the model"
    assert "judge_shift" not in drift.annotations


@pytest.mark.statistical  # answers are drawn anew each time: about one story in ten tells more than it should
async def test_both_at_once_are_told_apart_and_the_effect_is_without_the_judges_shift(judged_story, simulator):
    story = judged_story
    simulator.control(STRICTER | {"aliases": STRICTER["aliases"] | WORSE["aliases"]})
    await story.look(6)
    assert {("EvalDrift", "helpfulness"), ("EvalDrift", "case-checks"), ("JudgeDrift", "helpfulness")} <= set(
        told(story)
    )
    assert "PinnedDrift" not in {name for name, _ in told(story)}
    drift = told(story)["EvalDrift", "helpfulness"]
    assert drift.cause.value == "the provider changed the model"
    assert "taken out" in drift.annotations["judge_shift"]
    last = story.looks[-1].decision
    [current] = [
        s for s in last.signals if s.key.scorer == "helpfulness" and s.key.arm is Arm.CURRENT and not s.key.tag
    ]
    [anchors] = [s for s in last.signals if s.key.arm is Arm.ANCHORS]
    assert drift.annotations["effect"] == f"{(current.effect - anchors.effect) * 100:+.1f} points"


async def test_an_interrupted_look_pays_only_for_the_anchors_it_had_not_graded(judged_story, simulator):
    story = judged_story
    await story.reopen(limits="{ concurrency: 8, max_concurrency: 16, timeout: 30, attempts: 1 }")
    before = judge_calls(simulator)
    simulator.control({"models": {"sim-judge": {"latency": 0.05}}})
    stop = asyncio.Event()
    walk = asyncio.create_task(story.road.look(story.app.built("support_reply"), story.trigger, stop=stop))
    while judge_calls(simulator) - before < 80 + 10:  # forty cases on two arms, then the anchors
        await asyncio.sleep(0.02)
    stop.set()
    cut = await walk
    done = [row for row in cut.measured.scores if row.key.role is Role.JUDGE]
    assert cut.decision is None
    assert 0 < len(done) < 32
    again = await story.look()
    assert again.run.id == cut.run.id
    graded = [row for row in again.measured.scores if row.key.role is Role.JUDGE]
    assert len(graded) == 32
    # Mumbled verdicts are asked for twice; nothing else is.
    assert judge_calls(simulator) - before == sum(
        row.score.details["attempts"] for row in again.measured.scores if row.scorer == "helpfulness"
    )
    assert again.measured.unpriced >= len(graded)  # the judge's model has no price here: its calls are counted


def judge_calls(simulator) -> int:
    asked = simulator.stats()["models"].get("sim-judge")
    return asked["calls"]["judge"] if asked else 0
