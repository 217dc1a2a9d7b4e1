"""How many calls may be in flight to one provider, and how fast: adapts to what the provider answers.

Concurrency: additive increase, multiplicative decrease (Chiu and Jain 1989), with TCP's slow start (RFC 5681) until
the first trouble. Pace: the generic cell rate algorithm (ITU-T I.371) for requests and for tokens a minute.
"""

from __future__ import annotations

import asyncio
from collections import deque

from watchdog.domain.watch import Limits
from watchdog.protocols import Clock

#: What a 429 leaves of the concurrency; at most once in so many seconds, as one overload answers many calls.
_SHRINK = 0.7
_SHRINK_EVERY = 1.0
#: Seconds without growth after a server error or a time-out.
_HOLD = 5.0
#: Seconds of a rate limit that may be used at once: providers enforce their minutes in much shorter slices.
_BURST = 1.0


class AdaptiveLimiter:
    """Slots for calls in flight, and when the next call may be sent.

    ``try_acquire`` (or ``await acquire()``) takes a slot, ``release`` gives it back; ``reserve`` says how long to wait
    for the rate limits. ``succeeded``, ``rate_limited`` and ``troubled`` tell it what became of a call.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._ceiling = float(max(1, limits.max_concurrency))
        self._limit = float(min(max(1, limits.concurrency), limits.max_concurrency))
        self._starting = True
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._paused_until = 0.0
        self._held_until = 0.0
        self._shrunk_at = float("-inf")
        self._requests = Pace(limits.requests_per_minute) if limits.requests_per_minute else None
        self._tokens = Pace(limits.tokens_per_minute) if limits.tokens_per_minute else None
        #: Calls that hold a slot.
        self.in_flight = 0

    @property
    def concurrency(self) -> int:
        """Calls that may be in flight now."""
        return int(self._limit)

    @property
    def counts_tokens(self) -> bool:
        """Whether ``reserve`` and ``correct`` need to know about tokens."""
        return self._tokens is not None

    def try_acquire(self) -> bool:
        """Take a slot if one is free."""
        if self.in_flight < int(self._limit) and not self._paused_until:
            self.in_flight += 1
            return True
        return False

    async def acquire(self) -> None:
        """Take a slot; wait for one, and for the end of a pause, as long as it takes."""
        while not self.try_acquire():
            pause = self.pause()
            if pause > 0.0:
                await self._clock.sleep(pause)
                continue
            if self.in_flight < int(self._limit):
                continue  # the pause is over
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._wake()  # the slot we were told of is for somebody else
                raise

    def release(self) -> None:
        """Give a slot back."""
        self.in_flight -= 1
        self._wake()

    def reserve(self, tokens: float = 0.0) -> float:
        """Book one request of about so many tokens; return the seconds to wait before it may be sent."""
        if self._requests is None and self._tokens is None:
            return 0.0
        now = self._clock.monotonic()
        wait = self._requests.reserve(1.0, now) if self._requests else 0.0
        return max(wait, self._tokens.reserve(tokens, now)) if self._tokens else wait

    def unreserve(self, tokens: float = 0.0) -> None:
        """Give back what was booked for a call that is not made."""
        if self._requests:
            self._requests.correct(-1.0)
        self.correct(-tokens)

    def correct(self, tokens: float) -> None:
        """Book so many tokens more (or less) than were reserved."""
        if self._tokens:
            self._tokens.correct(tokens)

    def pause(self) -> float:
        """Seconds until the provider wants to be asked again."""
        if not self._paused_until:
            return 0.0
        left = self._paused_until - self._clock.monotonic()
        if left <= 0.0:
            self._paused_until = 0.0
        return max(0.0, left)

    def succeeded(self) -> None:
        """Grow, if the present limit is what holds calls back."""
        if self._limit >= self._ceiling or not (self._waiting or self.in_flight * 2 >= self._limit):
            return
        if self._held_until:
            if self._clock.monotonic() < self._held_until:
                return
            self._held_until = 0.0
        # One more per answer doubles the limit every round trip; afterwards one more per round trip.
        self._limit = min(self._ceiling, self._limit + (1.0 if self._starting else 1.0 / self._limit))

    def rate_limited(self, retry_after: float | None) -> None:
        """Shrink, and stay silent for as long as the provider asked."""
        now = self._clock.monotonic()
        self._starting = False
        if now - self._shrunk_at >= _SHRINK_EVERY:
            self._limit = max(1.0, self._limit * _SHRINK)
            self._shrunk_at = now
        if retry_after:
            self._paused_until = max(self._paused_until, now + retry_after)

    def troubled(self) -> None:
        """Stop growing for a while: the provider failed or was too slow."""
        self._starting = False
        self._held_until = self._clock.monotonic() + _HOLD

    def _wake(self) -> None:
        free = int(self._limit) - self.in_flight
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1


class Pace:
    """A rate per minute as a schedule: each booking moves the time from which the next one is too early."""

    def __init__(self, per_minute: float) -> None:
        self._interval = 60.0 / per_minute
        self._slack = max(_BURST, self._interval)
        self._due = float("-inf")

    def reserve(self, amount: float, now: float) -> float:
        """Book an amount at a monotonic time; return the seconds until it is due."""
        start = max(self._due, now - self._slack + self._interval)
        self._due = start + amount * self._interval
        return max(0.0, start - now)

    def correct(self, amount: float) -> None:
        """Book more (or less) after the fact; it delays those to come."""
        self._due += amount * self._interval
