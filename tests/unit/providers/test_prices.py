"""What a call costs; and that what we do not know is never 0."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.domain.response import Usage
from watchdog.errors import InvalidInput
from watchdog.providers.prices import PriceTable

TABLE = PriceTable.bundled()
USAGE = Usage(input_tokens=1_000_000, output_tokens=100_000)


def test_the_bundled_table_says_how_old_it_is():
    assert TABLE.version == "2026-11-05"


@pytest.mark.parametrize(
    ("model", "entry"),
    [
        ("gpt-5-mini", "gpt-5-mini"),
        ("gpt-5-mini-2026-08-07", "gpt-5-mini"),
        ("gpt-4-0613", "gpt-4"),
        ("openai/gpt-4o", "gpt-4o"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
        ("claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
    ],
)
def test_a_dated_snapshot_costs_what_its_model_costs(model, entry):
    assert TABLE.price(model) is TABLE.entries[entry]


@pytest.mark.parametrize(
    "model", ["gpt-5-turbo", "gpt-4-32k", "gpt-51", "claude-opus-4-99-mega", "qwen2.5", "", "mock"]
)
def test_a_model_that_is_not_in_the_table_has_no_price(model):
    assert TABLE.price(model) is None
    assert TABLE.cost(model, USAGE) is None


def test_tokens_read_from_the_cache_cost_less():
    table = PriceTable.bundled({"m": {"input": 2.0, "output": 10.0, "cached": 0.2}})
    assert table.cost("m", USAGE) == pytest.approx(3.0)
    usage = Usage(input_tokens=1_000_000, output_tokens=0, cached_tokens=500_000)
    assert table.cost("m", usage) == pytest.approx(1.1)


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)])
def test_unknown_usage_is_an_unknown_cost(usage):
    assert TABLE.cost("gpt-4o", usage) is None


def test_a_prompt_longer_than_its_price_holds_for_is_unpriced():
    assert TABLE.cost("claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=1)) is not None
    assert TABLE.cost("claude-haiku-5-5", Usage(input_tokens=100_001, output_tokens=1)) is None


def test_a_model_of_ones_own_may_cost_nothing():
    table = PriceTable.bundled({"qwen": {"input": 0, "output": 0}, "gpt-4o": {"input": 1, "output": 1}})
    assert table.cost("qwen", USAGE) == 0.0
    assert table.cost("gpt-4o-2024-08-06", USAGE) == pytest.approx(1.1)
    assert table.version == "2026-11-05+overrides"


@pytest.mark.parametrize(
    "entry",
    [{"input": 1}, {"input": 1, "output": -1}, {"input": 1, "output": 1, "sale": 1}, {"input": "x", "output": 1}],
)
def test_a_broken_override_is_named(entry):
    with pytest.raises(InvalidInput) as caught:
        PriceTable.bundled({"mine": entry})
    assert caught.value.problems[0].field == "prices.mine"


@given(st.sampled_from(sorted(TABLE.entries)), st.integers(0, 90_000), st.integers(0, 90_000), st.integers(0, 90_000))
def test_a_cost_is_never_negative_and_the_cache_never_makes_it_dearer(model, fresh, output, cached):
    cost = TABLE.cost(model, Usage(input_tokens=fresh, output_tokens=output, cached_tokens=cached))
    plain = TABLE.cost(model, Usage(input_tokens=fresh, output_tokens=output))
    assert 0.0 <= cost <= plain + 1e-12


def test_a_free_model_is_free_even_when_it_does_not_say_what_it_used():
    table = PriceTable.bundled({"mine": {"input": 0, "output": 0}})
    assert table.cost("mine", Usage()) == 0.0
