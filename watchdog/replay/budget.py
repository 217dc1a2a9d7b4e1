"""Money: what a run may still spend, over target, judge and retries."""

from __future__ import annotations

import asyncio


class Budget:
    """US dollars that one run may spend, and its watch in one day; None is no limit.

    Before each attempt an amount is set aside: the most that any call has cost so far. So the limit is kept even with
    many calls in flight, except by those that were begun before the first price was known. A call whose cost stays
    unknown is taken to have cost as much as the dearest one, and counted in ``unpriced``. While nothing is known to
    have cost anything, that would be nothing: a model whose answers turn out to have no price is then asked no more.
    """

    def __init__(self, per_run: float | None = None, per_day: float | None = None, spent_today: float = 0.0) -> None:
        limits = [limit for limit in (per_run, None if per_day is None else per_day - spent_today) if limit is not None]
        self._limit = min(limits, default=None)
        self._charged = 0.0
        self._dearest = 0.0
        self._in_flight = 0
        #: Models whose answers had no price.
        self._priceless: set[str] = set()
        self._waiting: list[asyncio.Future[None]] = []
        #: US dollars whose price was known.
        self.spent = 0.0
        #: Attempts whose cost is unknown.
        self.unpriced = 0

    def lacks_price(self, model: str) -> bool:
        """Whether there is a limit that calls to a model could pass for ever, because nobody knows what they cost."""
        return self._limit is not None and not self._dearest and model in self._priceless

    def allows(self, model: str = "") -> bool:
        """Whether one more attempt fits, if it and all in flight cost as much as the dearest so far."""
        if self._limit is None:
            return True
        if self.lacks_price(model):
            return False
        return self._charged < self._limit and self._charged + (self._in_flight + 1) * self._dearest <= self._limit

    def exhausted(self, model: str = "") -> bool:
        """Whether no further attempt will fit, whatever those in flight turn out to cost."""
        if self._limit is None or self.allows(model):
            return False
        return not self._in_flight or self._charged >= self._limit or self.lacks_price(model)

    def reserve(self) -> None:
        """Set the price of one attempt aside."""
        self._in_flight += 1

    def settle(self, cost: float | None, *, priceless: str | None = None) -> None:
        """Book what an attempt cost, in US dollars; None when that is unknown.

        ``priceless``: the model, when it answered and still nobody knows what that cost.
        """
        self._in_flight -= 1
        if priceless is not None:
            self._priceless.add(priceless)
        if cost is None:
            self.unpriced += 1
            self._charged += self._dearest
        else:
            self.spent += cost
            self._charged += cost
            self._dearest = max(self._dearest, cost)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def admit(self, model: str = "") -> bool:
        """Reserve for one attempt; False when the budget is used up.

        While calls in flight may turn out cheaper than feared, wait for them: so the whole budget can be used.
        """
        while not self.allows(model):
            if self.exhausted(model):
                return False
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self.reserve()
        return True
