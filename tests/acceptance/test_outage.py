"""An outage is not drift and silence is not health: whatever a provider does, no alert of the model follows."""

from __future__ import annotations

import asyncio

import pytest

from watchdog.domain.alert import AlertState, AlertType, Reason
from watchdog.domain.metric import Admission, Arm
from watchdog.domain.run import RunStatus
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role

OUTAGES = {
    "every call is answered 500": {"faults": {"500": 1.0}},
    "a storm of 429 with Retry-After": {"faults": {"429": 1.0}, "retry_after": 0.2},
    "200 with an empty body": {"faults": {"empty": 1.0}},
    "200 with a page of HTML": {"faults": {"garbage": 1.0}},
    "no answer at all": {"faults": {"hang": 1.0}},
    "connections break": {"faults": {"drop": 1.0}},
    "the key is revoked": {"faults": {"401": 1.0}},
    "the quota is used up": {"faults": {"quota": 1.0}},
}
OVER = {"models": {"*": {"faults": {}}}}
DOWN = [("infra", "ProviderDown", "firing")]
UP = [("infra", "ProviderDown", "resolved")]


def of_type(alerts, kind):
    return [alert for alert in alerts if alert.labels["alert_type"] == kind]


def counts(look, scorer=None):
    """How many planned answers of a look ended in which outcome."""
    found = {}
    for call in look.measured.outcomes:
        if scorer is None or call.series.scorer == scorer:
            found[call.outcome] = found.get(call.outcome, 0) + 1
    return found


async def stopped_after(story, simulator, calls):
    """A look that is told to stop when so many calls were begun."""
    stop = asyncio.Event()
    before = simulator.stats()["calls"]
    looking = asyncio.create_task(story.road.look(story.app.built("support_reply"), story.trigger, stop=stop))
    while await asyncio.to_thread(lambda: simulator.stats()["calls"]) < before + calls:
        await asyncio.sleep(0.01)
    stop.set()
    return await looking


@pytest.mark.parametrize("knobs", OUTAGES.values(), ids=OUTAGES)
async def test_an_outage_is_told_as_the_providers_and_never_as_the_models(story, simulator, knobs):
    calm = await story.look()
    assert set(counts(calm)) <= {Outcome.PASSED, Outcome.FAILED}
    assert story.told() == []

    simulator.control({"models": {"*": knobs}})
    lost = await story.look()
    assert story.told() == []  # one bad look wakes nobody
    assert set(counts(lost)) == {Outcome.ERROR}
    assert lost.decision.observations == []
    assert lost.measured.scores == []  # nothing is scored 0 in its place

    await story.look()
    assert story.told() == DOWN
    await story.look()
    assert story.told() == []  # told once

    simulator.control(OVER)
    story.clock.skip(3600.0)  # a quota does not come back at once
    back = await story.look()
    assert story.told() == UP
    assert set(counts(back)) <= {Outcome.PASSED, Outcome.FAILED}
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_one_bad_look_wakes_nobody(story, simulator):
    for knobs in OUTAGES.values():
        simulator.control({"models": {"*": knobs}})
        await story.look()
        simulator.control(OVER)
        story.clock.skip(3600.0)
        await story.look()
    assert story.told(looks=len(story.looks)) == []
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_a_server_killed_in_mid_run_is_an_outage_until_it_is_back(story, start_simulator):
    server = start_simulator()
    server.control({"models": {"*": {"latency": 0.03}}})
    await story.reopen(url=server.url)

    looking = asyncio.create_task(story.look())
    while await asyncio.to_thread(lambda: server.stats()["calls"]) < 20:
        await asyncio.sleep(0.01)
    server.kill()
    cut = await looking
    assert story.told() == []
    assert 0 < counts(cut)[Outcome.ERROR] < sum(counts(cut).values())
    assert cut.decision.observations == []  # what got through before is no fair sample

    await story.look()
    assert story.told() == DOWN
    assert set(counts(story.looks[-1])) == {Outcome.ERROR}

    start_simulator(server.port)
    await story.look()
    assert story.told() == UP
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_without_a_baseline_an_outage_is_told_all_the_same(new_story, simulator):
    simulator.control({"models": {"*": {"faults": {"503": 1.0}}}})
    await new_story.look(3)
    assert new_story.told(looks=3) == DOWN
    simulator.control(OVER)
    await new_story.look()
    assert new_story.told() == UP


async def test_a_model_alert_that_fires_waits_through_an_outage_for_real_recovery(story, simulator):
    simulator.control({"aliases": {"sim-1": "sim-1-2026-11"}})
    for _ in range(6):
        await story.look()
        if "EvalDrift" in story.firing():
            break
    drifting = [alert for alert in of_type(story.alerts(), AlertType.MODEL) if alert.state is AlertState.FIRING]
    assert drifting

    simulator.control({"models": {"*": {"faults": {"500": 1.0}}}})
    for _ in range(3):
        look = await story.look()
        waiting = [t for t in look.decision.transitions if t.alert.labels["alert_type"] == AlertType.MODEL]
        assert {(t.alert.id, t.alert.state, t.reason) for t in waiting if t.alert.state is AlertState.FIRING} == {
            (alert.id, AlertState.FIRING, Reason.BLIND) for alert in drifting
        }
    simulator.control(OVER)  # the provider is back, with the same bad model
    await story.look()
    # That most cases fail at once is a matter of one look, and at this quality of its luck: a drift is one of many.
    lasting = {alert.id for alert in drifting if alert.labels["alertname"] == "EvalDrift"}
    assert lasting <= {a.id for a in story.alerts() if a.state is AlertState.FIRING}

    simulator.control({"aliases": {"sim-1": "sim-1-2026-08"}})
    for _ in range(6):
        await story.look()
        if not story.firing():
            break
    assert story.firing() == set()
    episodes = [alert for alert in story.alerts() if alert.labels["alertname"] == "EvalDrift"]
    assert lasting <= {alert.id for alert in episodes}
    assert len({alert.fingerprint for alert in episodes}) == len(episodes)  # no second episode of anything


async def test_a_judge_that_is_down_leaves_its_metric_unscored_and_the_checks_counting(judged_story, simulator):
    story = judged_story
    await story.look()
    simulator.control({"models": {"sim-judge": {"faults": {"500": 1.0}}}})
    for _ in range(3):
        look = await story.look()
        assert set(counts(look, "helpfulness")) == {Outcome.UNSCORED}
        assert set(counts(look, "case-checks")) <= {Outcome.PASSED, Outcome.FAILED}
        observed = {observation.key.scorer for observation in look.decision.observations}
        measures = {name for name in observed if name.startswith("answer-")}
        assert observed - measures == {"case-checks", "json-fields", "not-refusal"}
    assert story.told(looks=4) == [("infra", "EvalBlind", "firing")]
    [blind] = [alert for alert in story.alerts() if alert.state is AlertState.FIRING]
    assert blind.labels["metric"] == "helpfulness"
    assert "sim-judge" in blind.annotations["summary"]
    assert "5xx" in blind.annotations["summary"]

    simulator.control({"models": {"sim-judge": {"faults": {}}}})
    await story.look()
    assert story.told() == [("infra", "EvalBlind", "resolved")]
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_a_used_up_budget_skips_calls_and_is_not_drift(story):
    few = "{ concurrency: 8, max_concurrency: 8 }"  # begun before the first price is known
    await story.reopen(more="budget: { per_run: 0.002 }", limits=few)  # about ten calls
    for _ in range(3):
        look = await story.look()
        found = counts(look)
        assert set(found) <= {Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED}
        assert found[Outcome.SKIPPED] > sum(found.values()) / 2
        assert look.measured.cost <= 0.0022  # one answer may be dearer than any before it
        assert look.decision.observations == []
    assert story.told(looks=3) == [("infra", "EvalBlind", "firing")]  # silence is not health
    await story.reopen(more="")
    await story.look()
    assert story.told() == [("infra", "EvalBlind", "resolved")]
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_a_run_that_is_continued_has_only_the_rest_of_its_budget(story, simulator):
    few = "{ concurrency: 4, max_concurrency: 4 }"
    await story.reopen(more="budget: { per_run: 0.004 }", limits=few)  # about twenty calls
    simulator.control({"models": {"*": {"latency": 0.05}}})
    cut = await stopped_after(story, simulator, calls=12)
    assert cut.measured.cost > 0.001
    again = await story.look()
    assert again.run.id == cut.run.id
    assert cut.measured.cost < again.measured.cost < 0.0044
    assert counts(again)[Outcome.SKIPPED] > 0


async def test_a_look_that_lost_half_of_its_calls_is_held_against_nothing(story, simulator):
    share = 0.5**0.5  # of the attempts; each call has two
    simulator.control({"models": {"*": {"faults": {"500": share}}}})
    for _ in range(4):
        look = await story.look()
        found = counts(look)
        assert 0.3 < found[Outcome.ERROR] / sum(found.values()) < 0.7
        assert look.decision.observations == []
        assert {lost.admission for lost in look.decision.unobserved} <= {Admission.PARTIAL, Admission.VOID}
        assert look.decision.signals == []
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_a_few_lost_calls_are_left_out_and_not_counted_as_wrong(story, simulator):
    simulator.control({"models": {"*": {"faults": {"500": 0.05**0.5}}}})
    looks = [await story.look() for _ in range(4)]
    assert sum(counts(look).get(Outcome.ERROR, 0) for look in looks) > 0
    for look in looks:
        for observation in look.decision.observations:
            if observation.key.scorer == "not-refusal" and observation.key.arm is not Arm.DIFFERENCE:
                assert observation.level == pytest.approx(1.0)
    assert of_type(story.alerts(), AlertType.MODEL) == []


async def test_every_outcome_is_kept_apart_in_the_store(judged_story, simulator):
    story = judged_story
    simulator.control({"models": {"*": {"faults": {"400": 0.2}}, "sim-judge": {"judge_unparsable": 0.5}}})
    await story.reopen(more="budget: { per_run: 0.01 }")
    look = await story.look()
    with story.app.store.read() as session:
        [run] = [run for run in session.runs.of_watch("support_reply") if run.id == look.run.id]
        tally = session.runs.tally(run.id)
    assert run.status is RunStatus.FINISHED
    kept = {
        outcome: sum(tally[role][outcome] for role in (Role.PINNED, Role.CURRENT))
        for outcome in Outcome
        if any(tally[role][outcome] for role in (Role.PINNED, Role.CURRENT))
    }
    assert kept == counts(look)
    assert {Outcome.PASSED, Outcome.ERROR, Outcome.UNSCORED, Outcome.SKIPPED} <= set(kept)
    assert sum(kept.values()) == 40 * 2 * 4


async def test_a_stopped_look_leaves_the_rest_not_run(story, simulator):
    simulator.control({"models": {"*": {"latency": 0.05}}})
    look = await stopped_after(story, simulator, calls=20)
    assert look.decision is None
    found = counts(look)
    assert set(found) <= {Outcome.PASSED, Outcome.FAILED, Outcome.NOT_RUN}
    assert found[Outcome.NOT_RUN] > 0
    assert look.run.status is RunStatus.INTERRUPTED
    again = await story.look()
    assert (again.resumed, again.run.id) == (True, look.run.id)
    assert Outcome.NOT_RUN not in counts(again)
