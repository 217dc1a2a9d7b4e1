"""Money: the limit is kept, and used."""

from __future__ import annotations

import asyncio

import pytest

from watchdog.replay.budget import Budget


def spend(budget, cost):
    budget.reserve()
    budget.settle(cost)


def test_without_limits_everything_is_allowed_and_counted():
    budget = Budget()
    for _ in range(3):
        assert budget.allows()
        spend(budget, 2.0)
    assert budget.spent == 6.0


def test_the_next_call_must_fit_even_if_it_is_as_dear_as_the_dearest():
    budget = Budget(per_run=1.0)
    spend(budget, 0.4)
    assert budget.allows()
    spend(budget, 0.3)
    assert not budget.allows()  # 0.7 + 0.4 would be too much


def test_calls_in_flight_count_as_the_dearest():
    budget = Budget(per_run=1.0)
    spend(budget, 0.3)
    budget.reserve()
    assert budget.allows()
    budget.reserve()
    assert not budget.allows()


def test_what_was_spent_today_counts():
    assert not Budget(per_day=5.0, spent_today=5.0).allows()
    assert Budget(per_day=5.0, spent_today=4.0).allows()


def test_the_tighter_of_run_and_day_holds():
    budget = Budget(per_run=1.0, per_day=5.0, spent_today=4.5)
    spend(budget, 0.3)
    assert not budget.allows()


def test_an_unknown_cost_counts_as_the_dearest_and_is_reported():
    budget = Budget(per_run=1.0)
    spend(budget, 0.3)
    spend(budget, None)
    spend(budget, None)
    assert (budget.unpriced, budget.spent) == (2, pytest.approx(0.3))
    assert not budget.allows()


def test_free_models_never_use_it_up():
    budget = Budget(per_run=0.01)
    for _ in range(1000):
        assert budget.allows()
        spend(budget, 0.0)


async def test_a_call_waits_while_others_may_turn_out_cheaper():
    budget = Budget(per_run=1.0)
    spend(budget, 0.5)
    assert await budget.admit()
    waiting = asyncio.ensure_future(budget.admit())
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.settle(0.0)  # cheaper than feared: there is room again
    assert await asyncio.wait_for(waiting, 1)


async def test_a_waiting_call_is_refused_when_the_money_is_gone():
    budget = Budget(per_run=1.0)
    spend(budget, 0.5)
    assert await budget.admit()
    waiting = asyncio.ensure_future(budget.admit())
    await asyncio.sleep(0)
    budget.settle(0.5)
    assert not await asyncio.wait_for(waiting, 1)


async def test_with_a_budget_a_model_without_a_price_is_asked_no_more():
    budget = Budget(per_run=1.0)
    budget.reserve()
    budget.settle(None, priceless="m")
    assert not await asyncio.wait_for(budget.admit("m"), 1)
    assert await budget.admit("another")
    budget.settle(0.1)  # now there is a price to take for it
    assert await budget.admit("m")


async def test_a_call_that_may_have_been_billed_says_nothing_of_the_price():
    budget = Budget(per_run=1.0)
    budget.reserve()
    budget.settle(None)
    assert await budget.admit("m")
