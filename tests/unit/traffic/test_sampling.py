import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.traffic.sampling import HeadSampler


@given(st.text(), st.text(), st.floats(0.01, 1.0))
def test_the_same_id_gets_the_same_decision_everywhere(identifier: str, salt: str, rate: float):
    decisions = {HeadSampler(rate=rate, salt=salt).keeps(identifier) for _ in range(3)}

    assert len(decisions) == 1


def test_a_decision_is_the_same_in_every_release():
    kept = [number for number in range(40) if HeadSampler(rate=0.25, salt="orchard").keeps(f"trace-{number}")]

    assert kept == [1, 5, 13, 15, 19, 21, 33, 34, 37]


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("salt", ["", "a", "b"])
def test_the_share_kept_is_the_rate_within_binomial_bounds(rate: float, salt: str):
    n = 20_000
    sampler = HeadSampler(rate=rate, salt=salt)

    kept = sum(sampler.keeps(f"trace-{number}") for number in range(n))

    assert abs(kept - n * rate) < 4.5 * math.sqrt(n * rate * (1 - rate))


@given(st.text(), st.floats(0.001, 1.0), st.floats(0.001, 1.0))
def test_a_higher_rate_keeps_all_that_a_lower_one_keeps(identifier: str, one: float, other: float):
    low, high = sorted((one, other))

    assert HeadSampler(rate=high).keeps(identifier) or not HeadSampler(rate=low).keeps(identifier)


def test_another_salt_makes_an_independent_choice():
    n = 20_000
    first, second = HeadSampler(rate=0.5, salt="one"), HeadSampler(rate=0.5, salt="two")

    both = sum(first.keeps(str(number)) and second.keeps(str(number)) for number in range(n))

    assert abs(both - n / 4) < 4.5 * math.sqrt(n * 0.25 * 0.75)


@given(st.text())
def test_a_rate_of_one_keeps_everything(identifier: str):
    assert HeadSampler(rate=1.0).keeps(identifier)


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.1, math.nan])
def test_a_rate_that_is_no_share_is_refused(rate: float):
    with pytest.raises(ValueError, match="greater than 0 and at most 1"):
        HeadSampler(rate=rate)
