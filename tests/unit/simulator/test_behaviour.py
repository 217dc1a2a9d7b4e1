import pytest

from watchdog.errors import UsageError
from watchdog.simulator.behaviour import Behaviour


def test_knobs_that_are_not_named_stay_as_they_were():
    behaviour = Behaviour(quality=0.7, latency=0.2).patched({"quality": 0.5})
    assert (behaviour.quality, behaviour.latency) == (0.5, 0.2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qualty": 0.5}, "did you mean 'quality'"),
        ({"quality": 1.5}, "quality is from 0 to 1"),
        ({"quality": float("nan")}, "quality is from 0 to 1"),
        ({"quality": "high"}, "quality is a number"),
        ({"quality": True}, "quality is a number"),
        ({"latency": -1}, "latency is at least 0"),
        ({"faults": {"teapot": 0.1}}, "unknown fault 'teapot'"),
        ({"faults": {"200": 0.1}}, "unknown fault '200'"),
        ({"faults": {"429": 0.7, "500": 0.7}}, "add up to more than 1"),
        ({"faults": 0.5}, "faults is a table"),
        ({"tool_failures": {"search": 2}}, "tool_failures.search"),
    ],
)
def test_a_knob_that_cannot_be_turned_so_is_named(changes, message):
    with pytest.raises(UsageError, match=message):
        Behaviour().patched(changes)


def test_a_fingerprint_and_a_capacity_can_be_taken_away_again():
    behaviour = Behaviour().patched({"fingerprint": "fp_x", "capacity": 3})
    assert (behaviour.fingerprint, behaviour.capacity) == ("fp_x", 3)
    assert behaviour.patched({"fingerprint": None, "capacity": None}) == Behaviour()
