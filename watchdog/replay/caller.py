"""All calls to one provider: paced, retried, kept within the budget, and accounted for.

A caller is shared by every watch (and every judge) that uses the provider, because the provider's limits are shared
too. ``call`` never raises for a failed call: the Response says what became of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from watchdog.domain.response import Answer, CallStatus, Request, Response, ResponseKey, Usage
from watchdog.domain.watch import Limits
from watchdog.errors import ErrorKind, ProviderError, UsageError, WatchdogError
from watchdog.protocols import Clock, Provider
from watchdog.replay.budget import Budget
from watchdog.replay.limiter import AdaptiveLimiter
from watchdog.replay.outage import DOWN_KINDS, Advice, Outage
from watchdog.replay.retry import next_wait, patience
from watchdog.text.counts import count_or_none, finite_or_none
from watchdog.text.echo import repeats

#: Seconds for which a provider whose quota is used up is not asked, when it does not say when the quota resets.
_QUOTA_PAUSE = 300.0
#: Tokens of an answer, for the tokens-a-minute limit, until answers have told.
_FIRST_GUESS = 500.0

#: Attempts that may have been billed although they gave no answer: their cost is unknown.
_MAYBE_BILLED = frozenset({ErrorKind.TIMEOUT, ErrorKind.BAD_RESPONSE, ErrorKind.INTERNAL})


@dataclass(slots=True)
class _Progress:
    """What is known of one call so far."""

    begun: float
    attempts: int = 0
    latency: float | None = None
    cost: float | None = 0.0
    error: ProviderError | None = None
    #: What waits for this call to find out whether a provider is back that was down.
    probe: asyncio.Future[None] | None = None


class _End(Struct, frozen=True):
    """Why a call ends without (another) attempt."""

    status: CallStatus
    error: str
    kind: ErrorKind | None = None


_STOPPED = _End(CallStatus.NOT_RUN, "stopped")
_DEADLINE = _End(CallStatus.SKIPPED, "deadline")
_BUDGET = _End(CallStatus.SKIPPED, "budget")
_GIVEN_UP = _End(CallStatus.ERROR, "given up")


class Caller:
    """Makes the calls to one configured provider.

    ``cost`` prices one answer: (model, usage) -> US dollars, None when unknown. ``attempts`` counts attempts by how
    they ended (``answered`` or the error kind); ``headroom`` holds the provider's latest rate-limit headers.
    """

    def __init__(
        self,
        name: str,
        provider: Provider,
        limits: Limits,
        clock: Clock,
        rng: Random,
        cost: Callable[[str, Usage], float | None],
    ) -> None:
        self.name = name
        self.provider = provider
        self.limits = limits
        self.limiter = AdaptiveLimiter(limits, clock)
        self.outage = Outage(clock)
        self.attempts: Counter[str] = Counter()
        self.headroom: Mapping[str, str] = {}
        #: Unix time of the last answer; None when there has been none.
        self.answered_at: float | None = None
        self._clock = clock
        self._rng = rng
        self._cost = cost
        self._not_before: tuple[float, ProviderError] | None = None
        self._tokens = _FIRST_GUESS
        self._opening: asyncio.Task[None] | None = None
        self._opened = False

    async def open(self) -> None:
        """Load what the provider needs (an SDK, the user's module) in a thread, once, before any call is timed.

        Raises WatchdogError when the provider is configured wrongly.
        """
        warm_up = getattr(self.provider, "warm_up", None)
        if warm_up is not None and not self._opened:
            opening = self._opening = self._opening or asyncio.ensure_future(asyncio.to_thread(warm_up))
            try:
                await asyncio.shield(opening)
            except WatchdogError:
                raise
            except Exception as error:
                raise UsageError(f"the provider {self.name} cannot be opened ({type(error).__name__})") from error
            finally:
                if opening.done():
                    self._opening = None
        self._opened = True

    async def aclose(self) -> None:
        """Give up the provider's connections."""
        await self.provider.aclose()

    async def call(
        self,
        key: ResponseKey,
        request: Request,
        budget: Budget,
        deadline: float | None = None,
        stop: asyncio.Event | None = None,
    ) -> Response:
        """Make one call, in as many attempts as it takes and is allowed; raises nothing but CancelledError.

        ``deadline`` is a time of the clock's ``monotonic()`` after which no attempt begins; one in flight is finished.
        Once ``stop`` is set no attempt begins either, and the status is NOT_RUN: not to be recorded, so that a re-run
        makes the call.
        """
        progress = _Progress(self._clock.monotonic())
        try:
            if not self._opened:
                await self.open()
            while (end := await self._enter(request.model, budget, progress, deadline, stop)) is None:
                answer = await self._attempt(request, budget, progress)
                if answer is not None:
                    return self._answered(key, progress, answer)
                end = await self._back_off(progress, deadline, stop)
                if end is not None:
                    break
        except WatchdogError as error:  # the provider could not be opened
            end = _End(CallStatus.ERROR, str(error), ErrorKind.INTERNAL)
        finally:
            if progress.probe is not None:
                self.outage.abandoned(progress.probe)
        return self._unanswered(key, progress, end)

    async def _enter(
        self,
        model: str,
        budget: Budget,
        progress: _Progress,
        deadline: float | None,
        stop: asyncio.Event | None,
    ) -> _End | None:
        """Wait until an attempt may begin; it then holds a slot and a part of the budget. Else say why it may not."""
        end = self._barred(deadline, stop) or await self._down(progress, stop)
        if end is not None:
            return end
        limiter = self.limiter
        waits = not limiter.try_acquire()
        if waits and await _interrupted(limiter.acquire(), stop, undo=limiter.release):
            return _STOPPED
        entered = False
        try:
            end = self._barred(deadline, stop) if waits else None
            if end is None and budget.exhausted(model):
                end = self._unaffordable(model, budget)
            end = end or await self._turn(model, budget, deadline, stop)
            entered = end is None
            return end
        finally:
            if not entered:
                limiter.release()

    def _unaffordable(self, model: str, budget: Budget) -> _End:
        if not budget.lacks_price(model):
            return _BUDGET
        if self._cost(model, Usage(input_tokens=0, output_tokens=0)) is None:
            why = f"the price of {model} is unknown; add it to prices: in watchdog.yaml"
        else:
            why = f"the answers of {model} do not say how many tokens they took, so what they cost is unknown"
        return _End(CallStatus.SKIPPED, f"budget: {why}")

    def _barred(self, deadline: float | None, stop: asyncio.Event | None) -> _End | None:
        if stop is not None and stop.is_set():
            return _STOPPED
        if deadline is not None and self._clock.monotonic() + self.limiter.pause() >= deadline:
            return _DEADLINE
        if self._not_before is not None:
            until, error = self._not_before
            if self._clock.monotonic() < until:
                return _End(CallStatus.ERROR, f"not asked, because a moment ago: {error}", error.kind)
            self._not_before = None
        return None

    async def _down(self, progress: _Progress, stop: asyncio.Event | None) -> _End | None:
        while (advice := self.outage.advice()) is not Advice.ASK:
            if advice is Advice.PROBE:
                progress.probe = self.outage.probe
                break
            if advice is Advice.FAIL:
                error = self.outage.error
                return _End(CallStatus.ERROR, f"not asked, {self.name} is down: {error}", error.kind if error else None)
            if await _interrupted(self.outage.wait(), stop):
                return _STOPPED
        return None

    async def _turn(
        self, model: str, budget: Budget, deadline: float | None, stop: asyncio.Event | None
    ) -> _End | None:
        """Wait for the rate limits, then for the budget. A call that is not made does not keep its turn from others."""
        booked, begins = self._tokens, False
        wait = self.limiter.reserve(booked)
        try:
            while wait > 0.0:
                if deadline is not None and self._clock.monotonic() + wait >= deadline:
                    return _DEADLINE
                if await _interrupted(self._clock.sleep(wait), stop):
                    return _STOPPED
                end = self._barred(deadline, stop)
                if end is not None:
                    return end
                wait = self.limiter.pause()
            begins = await budget.admit(model)
            return None if begins else self._unaffordable(model, budget)
        finally:
            if not begins:
                self.limiter.unreserve(booked)

    async def _attempt(self, request: Request, budget: Budget, progress: _Progress) -> Answer | None:
        """Ask once. Whatever happens, the slot and the reservation are given back."""
        answer: Answer | None = None
        error: ProviderError | None = None
        cost: float | None = None
        booked, started = self._tokens, self._clock.monotonic()
        progress.attempts += 1
        try:
            async with asyncio.timeout(request.timeout):
                answer = _answer(await self.provider.complete(request), self.name)
            cost = self._price(request.model, answer)
        except ProviderError as caught:
            error = _discreet(caught, request)
        except TimeoutError:
            message = f"no answer within {request.timeout:g} s"
            error = ProviderError(message, kind=ErrorKind.TIMEOUT, retryable=True)
        except Exception as caught:  # noqa: BLE001 - a provider of the user's own may raise anything
            message = f"{type(caught).__name__} in the provider {self.name}"
            error = ProviderError(message, kind=ErrorKind.INTERNAL, retryable=False)
        finally:
            if error is not None and error.kind not in _MAYBE_BILLED:
                cost = 0.0
            budget.settle(cost, priceless=request.model if answer is not None and cost is None else None)
            progress.latency = self._clock.monotonic() - started
            progress.cost = None if cost is None or progress.cost is None else progress.cost + cost
            if answer is not None:
                self._learn_from_answer(answer, booked)
            elif error is not None:
                self._learn_from_error(error)
            self.limiter.release()
        progress.error = error
        return answer

    def _price(self, model: str, answer: Answer) -> float | None:
        cost = self._cost(model, answer.usage)
        if cost is None and answer.served_model:  # a deployment of the user's own name
            cost = self._cost(answer.served_model, answer.usage)
        return None if cost is None else finite_or_none(cost)

    def _learn_from_answer(self, answer: Answer, booked: float) -> None:
        self.attempts["answered"] += 1
        self.answered_at = self._clock.now()
        self.limiter.succeeded()
        self.outage.answered()
        if answer.headroom:
            self.headroom = answer.headroom
        if self.limiter.counts_tokens:
            used = float((answer.usage.input_tokens or 0) + (answer.usage.output_tokens or 0))
            if used:
                self.limiter.correct(used - booked)
                self._tokens += 0.1 * (used - self._tokens)

    def _learn_from_error(self, error: ProviderError) -> None:
        kind = error.kind
        self.attempts[kind.value] += 1
        if kind in DOWN_KINDS:
            self.limiter.troubled()
            self.outage.failed(error)
            return
        self.outage.answered()  # a refusal is an answer: somebody is there
        wait = error.retry_after
        if kind is ErrorKind.QUOTA or (wait is not None and wait > patience(self.limits)):
            self._not_before = (self._clock.monotonic() + (wait or _QUOTA_PAUSE), error)
        elif kind is ErrorKind.RATE_LIMIT:
            self.limiter.rate_limited(wait)

    async def _back_off(self, progress: _Progress, deadline: float | None, stop: asyncio.Event | None) -> _End | None:
        """Wait before the next attempt; say why there must be none."""
        error = cast("ProviderError", progress.error)
        now = self._clock.monotonic()
        wait = next_wait(error, progress.attempts, self.limits, self._rng, now - progress.begun)
        if wait is None:
            return _GIVEN_UP
        if deadline is not None and now + wait >= deadline:
            return _DEADLINE
        return _STOPPED if await _interrupted(self._clock.sleep(wait), stop) else None

    def _answered(self, key: ResponseKey, progress: _Progress, answer: Answer) -> Response:
        return Response(
            key=key,
            status=CallStatus.ANSWERED,
            text=answer.text,
            finish_reason=answer.finish_reason,
            usage=answer.usage,
            attempts=progress.attempts,
            latency=progress.latency,
            elapsed=self._clock.monotonic() - progress.begun,
            cost=progress.cost,
            served_model=answer.served_model,
            fingerprint=answer.fingerprint,
            request_id=answer.request_id,
            contexts=answer.contexts,
            tool_calls=answer.tool_calls,
            at=self._clock.now(),
        )

    def _unanswered(self, key: ResponseKey, progress: _Progress, end: _End) -> Response:
        status, kind, text, error = end.status, end.kind, end.error, progress.error
        if error is not None:
            kind = error.kind
            text = str(error) if end is _GIVEN_UP else f"{error} (no further attempt: {end.error})"
            if status is CallStatus.SKIPPED:  # it was asked, and failed
                status = CallStatus.ERROR
        return Response(
            key=key,
            status=status,
            attempts=progress.attempts,
            latency=progress.latency,
            elapsed=self._clock.monotonic() - progress.begun if progress.attempts else None,
            cost=progress.cost,
            request_id=error.request_id if error else None,
            error_kind=kind,
            error=text,
            at=self._clock.now(),
        )


def _answer(given: object, provider: str) -> Answer:
    """What a provider returned, if it is an answer; its author may have returned the bare text."""
    if isinstance(given, Answer):
        text: object = given.text
        if isinstance(text, str):
            usage = _believable(given.usage)
            return given if usage == given.usage else replace(given, usage=usage)
        what = f"an Answer whose text is {type(text).__name__}"
    else:
        what = type(given).__name__
    message = f"the provider {provider} returned {what}, not an Answer with a text"
    raise ProviderError(message, kind=ErrorKind.INTERNAL, retryable=False)


def _discreet(error: ProviderError, request: Request) -> ProviderError:
    """The error without what it repeats of the request: errors are kept longer and shown wider than prompts are."""
    said = str(error)
    asked = [
        *(message.content for message in request.messages),
        *(value for value in request.variables.values() if isinstance(value, str)),
    ]
    if not repeats(said, asked):
        return error
    head = said.partition(": ")[0]
    status = error.kind.value if error.status is None else f"HTTP {error.status}"
    return ProviderError(
        f"{status if repeats(head, asked) else head} (the rest repeats the request and is left out)",
        kind=error.kind,
        retryable=error.retryable,
        status=error.status,
        retry_after=error.retry_after,
        request_id=error.request_id,
    )


def _believable(usage: Usage) -> Usage:
    """The token counts that can be true; others are unknown."""
    return Usage(
        input_tokens=count_or_none(usage.input_tokens),
        output_tokens=count_or_none(usage.output_tokens),
        cached_tokens=count_or_none(usage.cached_tokens),
    )


async def _interrupted(
    work: Coroutine[Any, Any, None], stop: asyncio.Event | None, *, undo: Callable[[], None] | None = None
) -> bool:
    """Wait for something, but no longer than until ``stop`` is set; True when that came first.

    ``undo`` takes back what the work has done, when we are cancelled at the moment it is done.
    """
    if stop is None:
        await work
        return False
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        return not working.done()
    except asyncio.CancelledError:
        if undo is not None and working.done() and not working.cancelled():
            undo()
        raise
    finally:
        working.cancel()
        stopping.cancel()
