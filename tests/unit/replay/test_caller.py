"""One call: attempts, accounting, and every way it can end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from watchdog.domain.response import Answer, CallStatus, Usage
from watchdog.errors import ErrorKind, UsageError
from watchdog.replay.budget import Budget

FINE = Answer(text="fine", served_model="m-2026", fingerprint="fp", request_id="req", finish_reason="stop")


async def test_an_answer_is_accounted_for(caller_of, scripted, request_of, key, clock):
    class Timed(scripted):
        async def complete(self, request):
            clock.advance(0.25)
            return await super().complete(request)

    response = await caller_of(Timed(FINE)).call(key(), request_of(), Budget())
    assert response.status is CallStatus.ANSWERED
    assert (response.text, response.finish_reason, response.attempts) == ("fine", "stop", 1)
    assert (response.served_model, response.fingerprint, response.request_id) == ("m-2026", "fp", "req")
    assert response.latency == response.elapsed == pytest.approx(0.25)
    assert response.at == clock.now()
    assert (response.error_kind, response.error) == (None, None)


@pytest.mark.parametrize(
    "kind",
    [
        ErrorKind.AUTHENTICATION,
        ErrorKind.PERMISSION,
        ErrorKind.NOT_FOUND,
        ErrorKind.BAD_REQUEST,
        ErrorKind.QUOTA,
        ErrorKind.INTERNAL,
    ],
)
async def test_what_would_fail_again_is_asked_once(caller_of, scripted, error, request_of, key, kind):
    provider = scripted(error(kind, message="no"))
    response = await caller_of(provider).call(key(), request_of(), Budget())
    assert (response.status, response.error_kind, response.error) == (CallStatus.ERROR, kind, "no")
    assert len(provider.calls) == response.attempts == 1


@pytest.mark.parametrize("kind", [ErrorKind.RATE_LIMIT, ErrorKind.SERVER, ErrorKind.CONNECTION, ErrorKind.BAD_RESPONSE])
async def test_what_may_pass_is_tried_again(caller_of, scripted, error, request_of, key, clock, kind):
    caller = caller_of(scripted(error(kind), error(kind), FINE))
    response = await caller.call(key(), request_of(), Budget())
    assert (response.status, response.attempts) == (CallStatus.ANSWERED, 3)
    assert response.latency == 0.0  # the answer's own
    assert response.elapsed > 0.5  # with the waits
    assert caller.attempts == {kind.value: 2, "answered": 1}


async def test_after_the_last_attempt_the_last_failure_is_told(caller_of, scripted, error, request_of, key):
    script = [error(ErrorKind.TIMEOUT), error(ErrorKind.SERVER), error(ErrorKind.CONNECTION, message="refused")]
    response = await caller_of(scripted(*script), attempts=3).call(key(), request_of(), Budget())
    assert (response.status, response.attempts) == (CallStatus.ERROR, 3)
    assert (response.error_kind, response.error) == (ErrorKind.CONNECTION, "refused")


async def test_a_429_shrinks_the_concurrency_and_its_wait_is_kept(caller_of, scripted, error, request_of, key, clock):
    caller = caller_of(scripted(error(ErrorKind.RATE_LIMIT, retry_after=20.0), FINE))
    before = clock.monotonic()
    response = await caller.call(key(), request_of(), Budget())
    assert response.status is CallStatus.ANSWERED
    assert clock.monotonic() - before >= 20.0
    assert caller.limiter.concurrency == 7


async def test_a_used_up_quota_is_not_asked_about_until_it_resets(caller_of, scripted, error, request_of, key, clock):
    provider = scripted(error(ErrorKind.QUOTA, retry_after=7200.0, message="daily limit"), FINE)
    caller = caller_of(provider)
    first = await caller.call(key(), request_of(), Budget())
    second = await caller.call(key(), request_of(), Budget())
    assert (second.status, second.error_kind, second.attempts) == (CallStatus.ERROR, ErrorKind.QUOTA, 0)
    assert first.attempts == len(provider.calls) == 1
    clock.advance(7201)
    assert (await caller.call(key(), request_of(), Budget())).status is CallStatus.ANSWERED


async def test_a_wait_of_an_hour_is_not_sat_out(caller_of, scripted, error, request_of, key, clock):
    caller = caller_of(scripted(error(ErrorKind.RATE_LIMIT, retry_after=3600.0)))
    before = clock.monotonic()
    responses = [await caller.call(key(), request_of(), Budget()) for _ in range(3)]
    assert [response.error_kind for response in responses] == [ErrorKind.RATE_LIMIT] * 3
    assert [response.attempts for response in responses] == [1, 0, 0]
    assert clock.monotonic() == before


async def test_a_provider_that_hangs_is_given_up_in_time(caller_of, scripted, request_of, key):
    provider = scripted()
    provider.gate = asyncio.Event()
    response = await caller_of(provider, attempts=2).call(key(), request_of(timeout=0.02), Budget())
    assert (response.error_kind, response.attempts) == (ErrorKind.TIMEOUT, 2)
    assert "0.02 s" in response.error


async def test_an_exception_of_a_foreign_provider_is_internal_and_not_quoted(caller_of, scripted, request_of, key):
    response = await caller_of(scripted(ValueError("the prompt"))).call(key(), request_of(), Budget())
    assert response.error_kind is ErrorKind.INTERNAL
    assert response.error == "ValueError in the provider p"


@pytest.mark.parametrize(
    ("returned", "what"), [("bare text", "str"), (Answer(text=None), "an Answer whose text is NoneT")]
)
async def test_what_is_no_answer_is_internal_and_not_quoted(caller_of, scripted, request_of, key, returned, what):
    caller = caller_of(scripted(returned))
    response = await caller.call(key(), request_of(), Budget())
    assert (response.status, response.error_kind) == (CallStatus.ERROR, ErrorKind.INTERNAL)
    assert response.error.startswith(f"the provider p returned {what}")
    assert "bare text" not in response.error
    assert caller.attempts == {"internal": 1}


async def test_costs_of_all_attempts_add_up(caller_of, scripted, error, priced, cost_of, request_of, key):
    budget = Budget()
    caller = caller_of(scripted(error(ErrorKind.SERVER), priced(3)), cost=cost_of)
    response = await caller.call(key(), request_of(), budget)
    assert response.cost == budget.spent == 3.0


async def test_an_attempt_that_timed_out_may_have_been_billed(
    caller_of, scripted, error, priced, cost_of, request_of, key
):
    budget = Budget()
    caller = caller_of(scripted(error(ErrorKind.TIMEOUT), priced(3)), cost=cost_of)
    response = await caller.call(key(), request_of(), budget)
    assert response.status is CallStatus.ANSWERED
    assert response.cost is None
    assert (budget.spent, budget.unpriced) == (3.0, 1)


async def test_an_unknown_price_is_looked_up_by_the_served_model(caller_of, scripted, request_of, key):
    prices = {"m-2026": 2.0}
    caller = caller_of(scripted(FINE), cost=lambda model, _usage: prices.get(model))
    assert (await caller.call(key(), request_of(), Budget())).cost == 2.0


async def test_the_budget_is_checked_before_each_attempt(caller_of, scripted, error, priced, cost_of, request_of, key):
    provider = scripted(priced(4), error(ErrorKind.SERVER), priced(4))
    caller, budget = caller_of(provider, cost=cost_of), Budget(per_run=9.0)
    statuses = [(await caller.call(key(), request_of(), budget)).status for _ in range(4)]
    assert statuses == [CallStatus.ANSWERED, CallStatus.ANSWERED, CallStatus.SKIPPED, CallStatus.SKIPPED]
    assert budget.spent == 8.0
    assert len(provider.calls) == 3


async def test_a_skipped_call_says_so(caller_of, scripted, request_of, key, clock):
    caller = caller_of(scripted())
    skipped = await caller.call(key(), request_of(), Budget(per_run=0.0))
    assert (skipped.status, skipped.error, skipped.error_kind) == (CallStatus.SKIPPED, "budget", None)
    late = await caller.call(key(), request_of(), Budget(), deadline=clock.monotonic())
    assert (late.status, late.error, late.attempts, late.elapsed) == (CallStatus.SKIPPED, "deadline", 0, None)
    assert caller.limiter.in_flight == 0


async def test_a_call_that_failed_and_runs_out_of_time_is_a_failure(caller_of, scripted, error, request_of, key, clock):
    caller = caller_of(scripted(error(ErrorKind.SERVER, message="busy")))
    response = await caller.call(key(), request_of(), Budget(), deadline=clock.monotonic() + 0.1)
    assert (response.status, response.error_kind) == (CallStatus.ERROR, ErrorKind.SERVER)
    assert response.error == "busy (no further attempt: deadline)"


async def test_a_stopped_call_is_not_run_even_between_attempts(caller_of, scripted, error, request_of, key):
    stop = asyncio.Event()

    class Stopping(scripted):
        async def complete(self, request):
            stop.set()
            return await super().complete(request)

    caller = caller_of(Stopping(error(ErrorKind.SERVER)))
    response = await caller.call(key(), request_of(), Budget(), stop=stop)
    assert (response.status, response.attempts) == (CallStatus.NOT_RUN, 1)
    assert (await caller.call(key(), request_of(), Budget(), stop=stop)).status is CallStatus.NOT_RUN
    assert caller.limiter.in_flight == 0


async def test_stop_reaches_calls_that_wait_for_a_slot(caller_of, scripted, request_of, key):
    provider, stop = scripted(), asyncio.Event()
    provider.gate = asyncio.Event()
    caller = caller_of(provider, concurrency=1, max_concurrency=1)
    first = asyncio.ensure_future(caller.call(key(), request_of(), Budget(), stop=stop))
    second = asyncio.ensure_future(caller.call(key(), request_of(), Budget(), stop=stop))
    while not provider.in_flight:
        await asyncio.sleep(0)
    stop.set()
    assert (await asyncio.wait_for(second, 1)).status is CallStatus.NOT_RUN
    provider.gate.set()
    assert (await first).status is CallStatus.ANSWERED
    assert caller.limiter.in_flight == 0


async def test_a_cancelled_call_gives_its_slot_and_its_money_back(caller_of, scripted, request_of, key):
    provider, budget = scripted(), Budget(per_run=1.0)
    provider.gate = asyncio.Event()
    caller = caller_of(provider)
    task = asyncio.ensure_future(caller.call(key(), request_of(), budget))
    while not provider.in_flight:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caller.limiter.in_flight == 0
    assert budget.unpriced == 1  # it may have been billed
    assert budget.allows()


@pytest.mark.parametrize("steps", range(12))
async def test_a_call_cancelled_at_any_moment_of_its_wait_leaks_no_slot(caller_of, scripted, request_of, key, steps):
    provider, stop = scripted(), asyncio.Event()
    provider.gate = asyncio.Event()
    caller = caller_of(provider, concurrency=1, max_concurrency=1)
    calls = [asyncio.ensure_future(caller.call(key(), request_of(), Budget(), stop=stop)) for _ in range(3)]
    while not provider.in_flight:
        await asyncio.sleep(0)
    provider.gate.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    calls[1].cancel()
    results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 1)
    assert caller.limiter.in_flight == 0
    assert results[2].status is CallStatus.ANSWERED


async def test_requests_per_minute_are_kept(caller_of, scripted, request_of, key, clock):
    caller = caller_of(scripted(), requests_per_minute=60)
    before = clock.monotonic()
    for _ in range(10):
        await caller.call(key(), request_of(), Budget())
    assert clock.monotonic() - before == pytest.approx(9.0)


async def test_tokens_per_minute_are_learned_from_the_answers(caller_of, scripted, request_of, key, clock):
    answer = Answer(text="x", usage=Usage(input_tokens=900, output_tokens=100))
    caller = caller_of(scripted(answer), tokens_per_minute=60_000)  # 1000 a second
    before = clock.monotonic()
    for _ in range(20):
        await caller.call(key(), request_of(), Budget())
    assert 17.0 <= clock.monotonic() - before <= 20.0


async def test_a_pace_that_does_not_fit_before_the_deadline_is_skipped_at_once(
    caller_of, scripted, request_of, key, clock
):
    caller = caller_of(scripted(), requests_per_minute=1)
    await caller.call(key(), request_of(), Budget())
    before = clock.monotonic()
    response = await caller.call(key(), request_of(), Budget(), deadline=before + 30)
    assert (response.status, clock.monotonic()) == (CallStatus.SKIPPED, before)


async def test_calls_that_are_not_made_do_not_keep_their_turn_from_the_next_look(
    caller_of, scripted, request_of, key, clock
):
    caller = caller_of(scripted(), requests_per_minute=60)
    for _ in range(3):  # each look has time for thirty calls, and plans a hundred
        begun = clock.monotonic()
        responses = [await caller.call(key(), request_of(), Budget(), deadline=begun + 30) for _ in range(100)]
        assert sum(response.answered for response in responses) >= 29
        clock.advance(30)


async def test_a_budget_that_is_used_up_does_not_wait_for_the_pace(
    caller_of, scripted, priced, cost_of, request_of, key, clock
):
    caller = caller_of(scripted(priced(1)), cost=cost_of, requests_per_minute=1)
    budget = Budget(per_run=1.0)
    await caller.call(key(), request_of(), budget)
    begun = clock.monotonic()
    responses = [await caller.call(key(), request_of(), budget) for _ in range(100)]
    assert {response.error for response in responses} == {"budget"}
    assert clock.monotonic() == begun


@pytest.fixture
async def eight_after_an_outage(caller_of, scripted, error, request_of, key, clock):
    """A caller half an hour after its provider went down, the provider, its calls by then, eight calls under way."""
    provider = scripted(error(ErrorKind.CONNECTION))
    caller = caller_of(provider)
    while not caller.outage.down:
        await caller.call(key(), request_of(), Budget())
    clock.advance(1800)
    provider.script, provider.gate = [FINE], asyncio.Event()
    asked = len(provider.calls)
    tasks = [asyncio.ensure_future(caller.call(key(), request_of(), Budget())) for _ in range(8)]
    await asyncio.sleep(0.01)
    return caller, provider, asked, tasks


async def test_a_call_that_never_asked_does_not_let_others_ask_a_provider_that_is_down(
    eight_after_an_outage, request_of, key, clock
):
    caller, provider, asked, tasks = eight_after_an_outage
    await caller.call(key(), request_of(), Budget(), deadline=clock.monotonic() - 1)
    await asyncio.sleep(0.01)
    assert len(provider.calls) == asked + 1
    provider.gate.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 1)


async def test_a_provider_that_is_down_is_not_asked_two_thousand_times(
    caller_of, scripted, error, request_of, key, clock
):
    provider = scripted(error(ErrorKind.CONNECTION, message="refused"))
    caller = caller_of(provider)
    responses = [await caller.call(key(), request_of(), Budget()) for _ in range(300)]
    assert {response.status for response in responses} == {CallStatus.ERROR}
    assert {response.error_kind for response in responses} == {ErrorKind.CONNECTION}
    assert len(provider.calls) < 100
    assert responses[-1].error == "not asked, p is down: refused"
    provider.script = [FINE]
    clock.advance(30)
    assert (await caller.call(key(), request_of(), Budget())).status is CallStatus.ANSWERED
    assert not caller.outage.down


async def test_a_new_run_after_an_outage_waits_for_one_probe_and_then_all_ask(eight_after_an_outage):
    _, provider, asked, tasks = eight_after_an_outage
    assert len(provider.calls) == asked + 1
    provider.gate.set()
    responses = await asyncio.wait_for(asyncio.gather(*tasks), 1)
    assert {response.status for response in responses} == {CallStatus.ANSWERED}


async def test_the_provider_is_opened_once_in_a_thread_before_calls_are_timed(caller_of, scripted, request_of, key):
    threads = []

    class Heavy(scripted):
        def warm_up(self):
            threads.append(threading.current_thread())

    caller = caller_of(Heavy())
    await asyncio.gather(*(caller.call(key(), request_of(), Budget()) for _ in range(5)))
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


@pytest.mark.parametrize(
    ("raised", "text"), [(UsageError("no module"), "no module"), (RuntimeError("k"), "RuntimeError")]
)
async def test_a_provider_that_cannot_be_opened_is_an_error_of_each_call(
    caller_of, scripted, request_of, key, raised, text
):
    class Closed(scripted):
        def warm_up(self):
            raise raised

    response = await caller_of(Closed()).call(key(), request_of(), Budget())
    assert (response.status, response.error_kind) == (CallStatus.ERROR, ErrorKind.INTERNAL)
    assert text in response.error


async def test_the_latest_headroom_is_kept(caller_of, scripted, request_of, key, clock):
    caller = caller_of(scripted(Answer(text="x", headroom={"x-ratelimit-remaining-tokens": "7"})))
    assert caller.answered_at is None
    await caller.call(key(), request_of(), Budget())
    assert caller.headroom == {"x-ratelimit-remaining-tokens": "7"}
    assert caller.answered_at == clock.now()


async def test_token_counts_and_costs_that_cannot_be_true_are_unknown(scripted, caller_of, key, request_of):
    odd = Answer(text="fine", usage=Usage(input_tokens=10**400, output_tokens=-1, cached_tokens=3))
    caller = caller_of(scripted(odd), cost=lambda _model, _usage: float("inf"))
    response = await caller.call(key(), request_of(), Budget())
    assert (response.status, response.usage) == (CallStatus.ANSWERED, Usage(cached_tokens=3))
    assert response.cost is None


@pytest.mark.parametrize(
    ("cost", "why"),
    [
        (lambda _model, _usage: None, "the price of m is unknown; add it to prices: in watchdog.yaml"),
        (lambda _model, usage: None if usage.input_tokens is None else 1.0, "do not say how many tokens"),
    ],
)
async def test_a_budget_that_cannot_be_kept_is_said_and_the_rest_is_skipped(
    scripted, caller_of, key, request_of, cost, why
):
    provider = scripted(Answer(text="fine"))
    caller, budget = caller_of(provider, cost=cost), Budget(per_run=1.0)
    responses = [await caller.call(key(), request_of(), budget) for _ in range(5)]
    assert [response.status for response in responses] == [CallStatus.ANSWERED, *[CallStatus.SKIPPED] * 4]
    assert responses[-1].error.startswith("budget: ")
    assert why in responses[-1].error
    assert len(provider.calls) == 1


async def test_without_a_budget_a_model_without_a_price_is_asked_on(scripted, caller_of, key, request_of):
    caller, budget = caller_of(scripted()), Budget()
    responses = [await caller.call(key(), request_of(), budget) for _ in range(3)]
    assert {response.status for response in responses} == {CallStatus.ANSWERED}


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("HTTP 400 bad: cannot read 'my name is anna berg, 12 High St'", "HTTP 400 bad (the rest"),
        ("my name is Anna Berg, 12 High St: no", "bad-request (the rest"),
        ("HTTP 404 model_not_found: no such model", "HTTP 404 model_not_found: no such model"),
    ],
)
async def test_an_error_never_repeats_the_request(scripted, caller_of, key, request_of, error, message, kept):
    provider = scripted(error(ErrorKind.BAD_REQUEST, message=message))
    request = request_of("My name is Anna Berg, 12 High St")
    response = await caller_of(provider).call(key(), request, Budget())
    assert response.error.startswith(kept)
    assert "anna" not in response.error.lower()
