"""Which cases are asked when, and how often. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random

from msgspec import Struct

from watchdog.domain.case import Case
from watchdog.domain.gate import MUST_PASS
from watchdog.gate.options import GateOptions
from watchdog.stats.gate import look_sizes


class Order(Struct, frozen=True, kw_only=True):
    """The cases in random order, those of a cluster together, and the looks."""

    cases: tuple[Case, ...]
    #: Cases that must pass: asked at the first look already, whatever their place and ``max_calls``.
    first: tuple[Case, ...]
    #: How many of ``cases`` have been asked at each look.
    sizes: tuple[int, ...]
    #: Answers a case and arm.
    repeats: Mapping[str, int]

    def asked(self, look: int) -> tuple[Case, ...]:
        """The cases that count at a look, from 0."""
        return self.cases[: self.sizes[look]]

    def new(self, look: int) -> tuple[Case, ...]:
        """The cases to ask for a look."""
        start = self.sizes[look - 1] if look else 0
        return (*(self.first if look == 0 else ()), *self.cases[start : self.sizes[look]])

    @property
    def fractions(self) -> tuple[float, ...]:
        """Share of the cases at each look."""
        return tuple(size / self.sizes[-1] for size in self.sizes)

    def calls(self, cases: Sequence[Case], judges: int) -> int:
        """Calls that some cases cost when both arms are asked everything, ``judges`` of them for each answer."""
        return 2 * sum(self.repeats[case.id] for case in cases) * (1 + judges)


def order_of(
    cases: Sequence[Case],
    flips: Mapping[str, float],
    options: GateOptions,
    seed: int,
    judges: int,
    at_hand: Collection[str] = frozenset(),
) -> Order:
    """The order of a gate.

    Args:
        cases: all there are.
        flips: variance of one answer's score by case, as past looks had it. Where answers flip, more are asked: they
            make the noise. It must not be known from this gate's own answers, or the mean would be biased.
        options: ``max_calls`` leaves cases out from the end; the looks are then spread over those that stay.
        seed: of the order.
        judges: calls for each answer beside its own.
        at_hand: cases whose first answer of the baseline need not be asked for; it is judged like the others.
    """
    repeats = {
        case.id: max(options.repeats, options.repeats_flipping) if flips.get(case.id, 0.0) > 0 else options.repeats
        for case in cases
    }
    clusters: dict[str, list[Case]] = {}
    for case in cases:
        clusters.setdefault(case.cluster or f"case {case.id}", []).append(case)
    groups = list(clusters.values())
    Random(seed).shuffle(groups)
    must = [case for case in cases if MUST_PASS in case.tags]
    kept: list[list[Case]] = []
    calls = 0
    for group in groups:
        calls += sum(2 * repeats[case.id] * (1 + judges) - (case.id in at_hand) for case in group)
        if options.max_calls is not None and calls > options.max_calls:
            break
        kept.append(group)
    ends = [0]
    for group in kept:
        ends.append(ends[-1] + len(group))
    chosen = tuple(case for group in kept for case in group)
    sizes = [ends[units] for units in look_sizes(len(kept), options.looks)] if kept else []
    known = {case.id for case in chosen[: sizes[0]]} if sizes else set()
    return Order(
        cases=chosen,
        first=tuple(case for case in must if case.id not in known),
        sizes=tuple(sizes),
        repeats=repeats,
    )
