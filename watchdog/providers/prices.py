"""What a call costs, by a versioned table that the user can override. Unknown is unknown, never 0."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from msgspec import Struct

from watchdog.domain.response import Usage
from watchdog.errors import InvalidInput, Problem

#: What may follow a name in the table and still be the same model: a date, a revision, ``-latest``. Nothing else:
#: ``gpt-5-mini`` is not a ``gpt-5``.
_SNAPSHOT = re.compile(r"(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{3,4}|latest)|-v\d+(?::\d+)?)*")


class Price(Struct, frozen=True, kw_only=True):
    """US dollars per million tokens."""

    input: float
    output: float
    #: For input tokens read from the provider's cache; None is the price of other input.
    cached: float | None = None
    #: Longest prompt the price holds for; above it the price is unknown.
    up_to_input_tokens: int | None = None

    def of(self, usage: Usage) -> float | None:
        """US dollars of one call; None when the usage is unknown or the prompt is too long for this price."""
        if not (self.input or self.output or self.cached):  # a model of the user's own: free, whatever it says it used
            return 0.0
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        if self.up_to_input_tokens is not None and usage.input_tokens > self.up_to_input_tokens:
            return None
        cached = min(usage.cached_tokens or 0, usage.input_tokens)
        cached_price = self.input if self.cached is None else self.cached
        fresh = usage.input_tokens - cached
        return (fresh * self.input + cached * cached_price + usage.output_tokens * self.output) / 1e6


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model name. ``version`` is the date the bundled list prices were read."""

    version: str
    entries: Mapping[str, Price]
    _found: dict[str, Price | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def bundled(cls, overrides: Mapping[str, Mapping[str, float]] | None = None) -> PriceTable:
        """Return the table shipped with us, with the user's own prices in place of or beside its entries.

        An override is {input, output, cached?}, in US dollars per million tokens; 0 is a price (a model of your own).
        Raises InvalidInput for overrides that are none.
        """
        data = json.loads(files("watchdog.providers").joinpath("prices.json").read_text(encoding="utf-8"))
        entries = {name: Price(**entry) for name, entry in data["models"].items()}
        problems: list[Problem] = []
        for name, entry in (overrides or {}).items():
            try:
                entries[name] = _price(entry)
            except ValueError as error:
                problems.append(Problem(file="watchdog.yaml", field=f"prices.{name}", message=str(error)))
        if problems:
            raise InvalidInput(problems)
        return cls(version=data["version"] + ("+overrides" if overrides else ""), entries=entries)

    def cost(self, model: str, usage: Usage) -> float | None:
        """US dollars of one call; None when the price or the usage is unknown."""
        price = self.price(model)
        return None if price is None else price.of(usage)

    def price(self, model: str) -> Price | None:
        """Return the price of a model: its own entry, else the longest name it is a dated snapshot of.

        A gateway's vendor prefix (``openai/gpt-4o``) is looked through.
        """
        if model not in self._found:
            self._found[model] = self._look_up(model)
        return self._found[model]

    def _look_up(self, model: str) -> Price | None:
        for name in (model, model.rpartition("/")[2]):
            matches = [entry for entry in self.entries if name.startswith(entry)]
            for entry in sorted(matches, key=len, reverse=True):
                if _SNAPSHOT.fullmatch(name, len(entry)):
                    return self.entries[entry]
        return None


def _price(entry: Mapping[str, float]) -> Price:
    unknown = sorted(set(entry) - {"input", "output", "cached", "up_to_input_tokens"})
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not part of a price; known are input, output, cached")
    if "input" not in entry or "output" not in entry:
        raise ValueError("a price needs both 'input' and 'output'")
    if any(not isinstance(value, int | float) or isinstance(value, bool) or value < 0 for value in entry.values()):
        raise ValueError("a price is a number of US dollars per million tokens, 0 or more")
    limit = entry.get("up_to_input_tokens")
    return Price(
        input=entry["input"],
        output=entry["output"],
        cached=entry.get("cached"),
        up_to_input_tokens=None if limit is None else int(limit),
    )
