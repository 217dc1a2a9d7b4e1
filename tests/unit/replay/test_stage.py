"""The plan of a run, and the workers that carry it out."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from watchdog.domain.case import Case, Message
from watchdog.domain.response import Answer, CallStatus
from watchdog.domain.target import Prompt, Role, Target
from watchdog.domain.watch import Owner, Watch
from watchdog.errors import ErrorKind, InvalidInput, UsageError
from watchdog.replay.budget import Budget
from watchdog.replay.stage import plan, replay

ARMS = [Role.PINNED, Role.CURRENT]


def watch_of(*, repeats=1, prompt=None, providers=("p", "p")):
    targets = {
        role: Target(role=role, provider=provider, model="m", prompt=prompt, parameters={"temperature": 0})
        for role, provider in zip(ARMS, providers, strict=True)
    }
    return Watch(name="w", feature="f", owner=Owner(team="t"), targets=targets, scorers=(), repeats=repeats)


def cases_of(count):
    return [Case(id=f"c{n}", messages=(Message(role="user", content=f"q{n}"),)) for n in range(count)]


def keys_of(items):
    return [item.key for item in items]


def test_every_case_role_and_repeat_is_planned_once():
    items = plan(watch_of(repeats=3), cases_of(10), "r", ARMS, 1)
    assert len(set(keys_of(items))) == len(items) == 60
    assert {(key.case_id, key.role, key.repeat) for key in keys_of(items)} == {
        (f"c{n}", role, repeat) for n in range(10) for role in ARMS for repeat in range(3)
    }


def test_the_arms_of_a_case_follow_each_other_in_random_order():
    items = plan(watch_of(), cases_of(200), "r", ARMS, 1)
    pairs = list(zip(keys_of(items)[::2], keys_of(items)[1::2], strict=True))
    assert all(first.case_id == second.case_id for first, second in pairs)
    first_is_pinned = sum(first.role is Role.PINNED for first, _ in pairs)
    assert 70 < first_is_pinned < 130


def test_the_cases_are_shuffled_by_the_seed_alone():
    orders = [[key.case_id for key in keys_of(plan(watch_of(), cases_of(50), "r", ARMS, seed))] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert any(int(one[1:]) > int(other[1:]) for one, other in pairwise(orders[0]))


def test_what_is_recorded_is_not_asked_again_and_the_order_stays():
    full = plan(watch_of(), cases_of(20), "r", ARMS, 7)
    recorded = keys_of(full)[::3]
    rest = plan(watch_of(), cases_of(20), "r", ARMS, 7, recorded)
    assert keys_of(rest) == [key for key in keys_of(full) if key not in set(recorded)]


def test_equal_targets_are_both_asked():
    watch = watch_of()
    assert watch.targets[Role.PINNED].digest == watch.targets[Role.CURRENT].digest
    assert len(plan(watch, cases_of(1), "r", ARMS, 1)) == 2


def test_a_request_carries_what_the_target_and_the_case_say():
    [item] = plan(watch_of(), cases_of(1), "r", [Role.CURRENT], 1, timeouts={"p": 9.0})
    assert item.provider == "p"
    assert (item.request.model, item.request.case_id, item.request.timeout) == ("m", "c0", 9.0)
    assert item.request.parameters == {"temperature": 0}
    repeated = plan(watch_of(repeats=2), cases_of(2), "r", ARMS, 1)
    assert all(item.request.repeat == item.key.repeat for item in repeated)


def test_every_case_that_does_not_fit_the_prompt_is_told():
    cases = [Case(id="a"), Case(id="b", variables={"name": "x"}), Case(id="c")]
    with pytest.raises(InvalidInput) as caught:
        plan(watch_of(prompt=Prompt(name="p.md", user="{{ name }}")), cases, "r", ARMS, 1)
    assert sorted(problem.message[-3:] for problem in caught.value.problems) == ["'a'", "'c'"]


@pytest.fixture
def run(caller_of):
    async def go(provider, count=10, *, stop=None, deadline=None, budget=None, **limits):
        items = plan(watch_of(), cases_of(count), "r", [Role.CURRENT], 1)
        responses = []
        await replay(
            items,
            {"p": caller_of(provider, **limits)},
            budget or Budget(),
            on_response=responses.append,
            stop=stop,
            deadline=deadline,
        )
        return responses

    return go


async def test_every_planned_call_gives_one_response(run, scripted):
    responses = await run(scripted(), 100)
    assert len({response.key for response in responses}) == len(responses) == 100
    assert {response.status for response in responses} == {CallStatus.ANSWERED}


async def test_no_more_calls_are_in_flight_than_allowed(run, scripted):
    provider = scripted()
    await run(provider, 200, concurrency=2, max_concurrency=7)
    assert provider.peak == 7


async def test_a_slow_provider_does_not_hold_up_another(caller_of, scripted):
    slow, fast = scripted(), scripted()
    slow.gate = asyncio.Event()
    items = plan(watch_of(providers=("slow", "fast")), cases_of(30), "r", ARMS, 1)
    responses = []
    task = asyncio.ensure_future(
        replay(items, {"slow": caller_of(slow), "fast": caller_of(fast)}, Budget(), on_response=responses.append)
    )
    while len(responses) < 30:
        await asyncio.sleep(0)
    assert {response.key.role for response in responses} == {Role.CURRENT}
    slow.gate.set()
    await task
    assert len(responses) == 60


async def test_stop_begins_nothing_new_and_lets_calls_in_flight_finish(run, scripted):
    provider, stop = scripted(), asyncio.Event()
    provider.gate = asyncio.Event()
    task = asyncio.ensure_future(run(provider, 100, stop=stop, concurrency=5, max_concurrency=20))
    while provider.in_flight < 5:
        await asyncio.sleep(0)
    stop.set()
    await asyncio.sleep(0.01)
    assert not task.done()
    provider.gate.set()
    responses = await asyncio.wait_for(task, 1)
    assert len(provider.calls) == len(responses) == 5
    assert {response.status for response in responses} == {CallStatus.ANSWERED}


async def test_after_the_deadline_the_rest_is_skipped(run, scripted, clock):
    class Slow(scripted):
        async def complete(self, request):
            clock.advance(1.0)
            return await super().complete(request)

    responses = await run(Slow(), 50, deadline=clock.monotonic() + 10.0, concurrency=1, max_concurrency=1)
    statuses = [response.status for response in responses]
    assert (statuses.count(CallStatus.ANSWERED), statuses.count(CallStatus.SKIPPED)) == (10, 40)
    assert {response.error for response in responses if response.status is CallStatus.SKIPPED} == {"deadline"}


async def test_a_listener_that_fails_ends_the_replay_with_its_own_error(caller_of, scripted):
    items = plan(watch_of(), cases_of(20), "r", [Role.CURRENT], 1)

    def full(_response):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await replay(items, {"p": caller_of(scripted())}, Budget(), on_response=full)


async def test_a_provider_that_cannot_be_opened_is_known_before_any_call(caller_of, scripted):
    class Closed(scripted):
        def warm_up(self):
            raise UsageError("no such module")

    items = plan(watch_of(), cases_of(3), "r", [Role.CURRENT], 1)
    responses = []
    with pytest.raises(UsageError, match="no such module"):
        await replay(items, {"p": caller_of(Closed())}, Budget(), on_response=responses.append)
    assert responses == []


async def test_failures_do_not_stop_the_others(run, scripted, error):
    provider = scripted(error(ErrorKind.BAD_REQUEST), Answer(text="fine"))
    responses = await run(provider, 10)
    assert sorted(response.status for response in responses) == [CallStatus.ANSWERED] * 9 + [CallStatus.ERROR]
