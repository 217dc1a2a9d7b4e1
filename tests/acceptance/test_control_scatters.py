"""Current against pinned on the road: as uncertain as the pinned target's cases have become."""

from __future__ import annotations

from watchdog.domain.metric import Arm

DATED = "sim-1-2026-08"


def scatters(look):
    return {seen.key.arm: seen.scatter for seen in look.decision.observations if seen.key.scorer == "case-checks"}


async def test_both_targets_that_begin_to_flap_make_their_difference_uncertain_and_the_store_keeps_it(story, simulator):
    assert scatters(await story.look(3))[Arm.DIFFERENCE] < 1.5
    simulator.control({"models": {DATED: {"quality": 0.5}}})
    told = scatters(await story.look(10))
    assert told[Arm.DIFFERENCE] > 1.5
    assert (told[Arm.CURRENT], told[Arm.PINNED]) == (1.0, 1.0)
    with story.app.store.read() as session:
        kept = session.detection.observations("support_reply")
    assert told[Arm.DIFFERENCE] in {seen.scatter for seen in kept if seen.key.arm is Arm.DIFFERENCE}
