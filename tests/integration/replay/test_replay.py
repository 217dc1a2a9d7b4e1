"""The replay over real HTTP: outages of every kind, limits, and a server that is killed in mid-run."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from time import monotonic

import pytest

from watchdog.domain.case import Case, Message
from watchdog.domain.response import CallStatus, Request
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, Watch
from watchdog.errors import ErrorKind
from watchdog.providers.anthropic_messages import AnthropicProvider
from watchdog.providers.openai_chat import OpenAIProvider
from watchdog.providers.prices import PriceTable
from watchdog.replay.budget import Budget
from watchdog.replay.stage import plan, replay

KEY = "sk-live-0123456789abcdef"
ARMS = [Role.PINNED, Role.CURRENT]
WATCH = Watch(
    name="w",
    feature="f",
    owner=Owner(team="t"),
    targets={role: Target(role=role, provider="p", model="m-1") for role in ARMS},
    scorers=(),
)


@pytest.fixture
def run(server, caller_for):
    """Replay so many cases on both arms; give the responses and the caller."""

    async def go(count, *, timeout=5.0, stop=None, deadline=None, budget=None, prices=None, on_response=None, **limits):
        cases = [Case(id=f"c{n}", messages=(Message(role="user", content=f"q{n}"),)) for n in range(count)]
        provider = OpenAIProvider(api_key=KEY, base_url=f"{server.url}/v1")
        caller = caller_for(provider, cost=PriceTable.bundled(prices).cost, backoff_cap=0.05, **limits)
        responses = []

        def keep(response):
            responses.append(response)
            if on_response is not None:
                on_response(responses)

        items = plan(WATCH, cases, "r", ARMS, seed=1, timeouts={"p": timeout})
        await replay(items, {"p": caller}, budget or Budget(), on_response=keep, stop=stop, deadline=deadline)
        assert len({response.key for response in responses}) == len(responses)
        assert all(KEY not in (response.error or "") for response in responses)
        return responses, caller

    return go


def statuses(responses):
    return Counter(response.status for response in responses)


async def test_a_run_asks_every_case_on_both_arms_and_prices_it(run, server):
    budget = Budget(per_run=5.0)
    responses, caller = await run(40, budget=budget, prices={"m-1": {"input": 1.0, "output": 2.0, "cached": 0.5}})
    assert statuses(responses) == {CallStatus.ANSWERED: 80}
    assert len(server.calls) == 80
    per_call = (7 * 1.0 + 3 * 0.5 + 5 * 2.0) / 1e6
    assert all(response.cost == pytest.approx(per_call) for response in responses)
    assert budget.spent == pytest.approx(80 * per_call)
    assert {response.text for response in responses} == {f"echo: q{n}" for n in range(40)}
    assert caller.attempts == {"answered": 80}


async def test_the_concurrency_grows_to_the_maximum_when_all_is_well(run, server, reply):
    server.default = reply(delay=0.1)
    _, caller = await run(120, concurrency=5, max_concurrency=40)
    assert server.peak == 40
    assert caller.limiter.concurrency == 40


async def test_429s_shrink_the_concurrency_and_every_case_comes_home(run, server, reply):
    server.default = reply(delay=0.01)
    server.script = [reply(status=429, headers={"retry-after-ms": "100"}) for _ in range(10)]
    responses, caller = await run(25, concurrency=20, max_concurrency=20)
    assert statuses(responses) == {CallStatus.ANSWERED: 50}
    assert caller.attempts["rate-limit"] == 10
    assert sum(response.attempts for response in responses) == 60
    assert caller.limiter.concurrency < 20


async def test_a_server_that_answers_429_for_good_is_an_error_and_never_an_answer(run, server, reply):
    server.default = reply(status=429, body={"error": {"message": "too many requests"}})
    responses, caller = await run(5, attempts=3)
    assert statuses(responses) == {CallStatus.ERROR: 10}
    assert {response.error_kind for response in responses} == {ErrorKind.RATE_LIMIT}
    assert len(server.calls) == caller.attempts["rate-limit"] == 30


async def test_a_server_that_is_killed_in_mid_run_leaves_answers_and_errors_apart(run, server, reply):
    server.default = reply(delay=0.01)
    killing = []

    def kill(responses):
        if len(responses) == 30:
            killing.append(asyncio.ensure_future(server.stop()))

    responses, _ = await run(60, on_response=kill, attempts=2)
    await killing[0]
    counts = statuses(responses)
    assert counts[CallStatus.ANSWERED] >= 30
    assert counts[CallStatus.ERROR] >= 20
    assert sum(counts.values()) == 120
    broken = [response for response in responses if response.status is CallStatus.ERROR]
    assert {response.error_kind for response in broken} <= {ErrorKind.CONNECTION, ErrorKind.TIMEOUT}
    assert all(response.text == "" and response.cost in {0.0, None} for response in broken)


async def test_a_server_that_comes_back_in_time_loses_nothing(run, server, reply):
    server.default = reply(delay=0.01)
    port = server.port

    async def restart():
        await server.stop()
        await asyncio.sleep(0.15)
        await server.start(port)

    restarting = []

    def kill(responses):
        if len(responses) == 10:
            restarting.append(asyncio.ensure_future(restart()))

    responses, _ = await run(20, on_response=kill, attempts=30)
    await restarting[0]
    assert statuses(responses) == {CallStatus.ANSWERED: 40}


async def test_a_server_that_hangs_is_a_time_out_of_every_call(run, server, reply):
    server.default = reply(hang=True)
    begun = monotonic()
    responses, _ = await run(3, timeout=0.1, attempts=2)
    assert {response.error_kind for response in responses} == {ErrorKind.TIMEOUT}
    assert all(response.cost is None for response in responses)  # it may have been billed
    assert monotonic() - begun < 5


async def test_empty_answers_with_200_are_errors_and_never_empty_texts(run, server, reply):
    server.default = reply(body="")
    responses, _ = await run(4, attempts=2)
    assert statuses(responses) == {CallStatus.ERROR: 8}
    assert {response.error_kind for response in responses} == {ErrorKind.BAD_RESPONSE}
    assert {response.error for response in responses} == {"HTTP 200 with an empty body"}


async def test_a_revoked_key_is_asked_once_per_call(run, server, reply):
    server.default = reply(status=401, body={"error": {"message": f"Incorrect API key provided: {KEY}"}})
    responses, _ = await run(4)
    assert {response.error_kind for response in responses} == {ErrorKind.AUTHENTICATION}
    assert len(server.calls) == 8


async def test_the_budget_stops_the_run_before_it_is_overspent(run, server):
    budget = Budget(per_run=25.0)
    responses, _ = await run(30, budget=budget, prices={"m-1": {"input": 0, "output": 200_000}}, concurrency=4)
    counts = statuses(responses)
    assert counts == {CallStatus.ANSWERED: 25, CallStatus.SKIPPED: 35}
    assert budget.spent == pytest.approx(25.0)
    assert len(server.calls) == 25
    assert {response.error for response in responses if response.status is CallStatus.SKIPPED} == {"budget"}


async def test_the_deadline_finishes_what_is_in_flight_and_skips_the_rest(run, server, reply):
    server.default = reply(delay=0.1)
    responses, _ = await run(100, deadline=monotonic() + 0.35, concurrency=5, max_concurrency=5)
    counts = statuses(responses)
    assert sum(counts.values()) == 200
    assert 5 <= counts[CallStatus.ANSWERED] == len(server.calls) <= 25
    assert counts[CallStatus.SKIPPED] == 200 - counts[CallStatus.ANSWERED]


async def test_a_stopped_run_pays_only_for_the_rest_when_it_is_run_again(run, server, reply, caller_for):
    server.default = reply(delay=0.02)
    stop = asyncio.Event()
    responses, caller = await run(40, stop=stop, on_response=lambda found: len(found) == 20 and stop.set())
    assert 20 <= len(responses) == len(server.calls) < 80
    cases = [Case(id=f"c{n}", messages=(Message(role="user", content=f"q{n}"),)) for n in range(40)]
    items = plan(WATCH, cases, "r", ARMS, seed=1, recorded={response.key for response in responses})
    await replay(items, {"p": caller}, Budget(), on_response=responses.append)
    assert len(server.calls) == 80
    assert len({response.key for response in responses}) == 80


async def test_requests_per_minute_hold_on_the_wire(run, server):
    begun = monotonic()
    await run(20, requests_per_minute=1200)  # 40 calls: one second's worth at once, the rest 20 a second
    assert monotonic() - begun >= 0.9


MODEL = os.environ.get("WATCHDOG_TEST_LLM", "")


@pytest.mark.skipif(not MODEL, reason="WATCHDOG_TEST_LLM names no server to ask")
@pytest.mark.parametrize(
    "build",
    [
        lambda: OpenAIProvider(api_key=KEY, base_url=f"{MODEL}/v1"),
        lambda: AnthropicProvider(api_key=KEY, base_url=MODEL),
    ],
    ids=["openai", "anthropic"],
)
async def test_a_real_model_answers_through_the_official_sdk(build, caller_for, key):
    caller = caller_for(build())
    request = Request(
        model="any",
        messages=(Message(role="system", content="Answer in one word."), Message(role="user", content="Say hello.")),
        parameters={"max_tokens": 8, "temperature": 0},
        timeout=120,
    )
    response = await caller.call(key(), request, Budget())
    assert response.status is CallStatus.ANSWERED, response.error
    assert response.text
    assert response.usage.input_tokens > 5
    assert 1 <= response.usage.output_tokens <= 8
    assert response.served_model
    assert response.finish_reason in {"stop", "length"}
    assert response.latency > 0
