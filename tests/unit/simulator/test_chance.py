import math
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.simulator.chance import difficulty_of_rank, lognormal, probability_of_case, uniform


def test_the_same_words_give_the_same_number_and_others_another():
    assert uniform(1, "a", "b") == uniform(1, "a", "b")
    assert uniform(1, "a", "b") != uniform(1, "ab", "")


def test_numbers_are_spread_evenly():
    numbers = [uniform(0, index) for index in range(4000)]
    assert abs(mean(numbers) - 0.5) < 4 * math.sqrt(1 / 12 / 4000)
    assert 0 < min(numbers) < 0.005
    assert 0.995 < max(numbers) < 1


@pytest.mark.parametrize("spread", [0.0, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("quality", [0.0, 0.2, 0.75, 0.97, 1.0])
def test_the_mean_over_cases_is_the_quality(quality, spread):
    shares = [probability_of_case(quality, spread, difficulty_of_rank(rank, 200)) for rank in range(200)]
    assert mean(shares) == pytest.approx(quality, abs=0.005)


@given(st.floats(0.01, 0.99), st.floats(0, 3), st.floats(-3, 3), st.floats(0.01, 2))
def test_a_harder_case_is_never_answered_well_more_often(quality, spread, difficulty, more):
    easier = probability_of_case(quality, spread, difficulty)
    assert probability_of_case(quality, spread, difficulty + more) <= easier + 1e-12


def test_latency_without_spread_is_the_median_and_with_it_half_are_slower():
    assert lognormal(0.2, 0.0, 0.9) == 0.2
    assert lognormal(0.2, 0.5, 0.5) == pytest.approx(0.2)
    assert lognormal(0.2, 0.5, 0.9) > 0.2 > lognormal(0.2, 0.5, 0.1)
