"""What is left of a quota, from the headers of an answer. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct

#: Below this share of a limit the quota is nearly used up.
LITTLE = 0.1


class Headroom(Struct, frozen=True, kw_only=True):
    """One limit: ``requests``, ``tokens``, ``input-tokens``, ..."""

    what: str
    remaining: float
    limit: float

    @property
    def share(self) -> float:
        """Share of the limit that is left."""
        return self.remaining / self.limit

    @property
    def little(self) -> bool:
        """Whether hardly anything is left."""
        return self.share < LITTLE

    def __str__(self) -> str:
        return f"{self.what} {self.remaining:,.0f} of {self.limit:,.0f} left"


def headroom_of(headers: Mapping[str, str]) -> tuple[Headroom, ...]:
    """Every limit that the headers tell whole, the scarcest first.

    Understands ``x-ratelimit-{remaining,limit}-WHAT`` (OpenAI and those like it) and
    ``anthropic-ratelimit-WHAT-{remaining,limit}``; names in lower case.
    """
    told: dict[str, dict[str, float]] = {}
    for name, value in headers.items():
        _, found, rest = name.partition("ratelimit-")
        if not found:
            continue
        for kind in ("remaining", "limit"):
            if rest.startswith(f"{kind}-"):
                told.setdefault(rest.removeprefix(f"{kind}-"), {})[kind] = _number(value)
            elif rest.endswith(f"-{kind}"):
                told.setdefault(rest.removesuffix(f"-{kind}"), {})[kind] = _number(value)
    whole = [
        Headroom(what=what, remaining=pair["remaining"], limit=pair["limit"])
        for what, pair in told.items()
        if pair.get("limit", 0.0) > 0 and pair.get("remaining", -1.0) >= 0
    ]
    return tuple(sorted(whole, key=lambda one: one.share))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if math.isfinite(value) else -1.0
