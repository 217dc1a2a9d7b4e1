"""Going round a large golden set: each look asks a part, and after one round every case was asked once.

A round over N cases, at most ``size`` a look, takes L = ceil(N / size) looks of as equal parts as can be; so a case
waits at most 2 L - 1 looks for its turn (first in one round, last in the next), and none is asked oftener than its
share. Each round deals the cases anew, so that the same cases do not always meet. They are dealt out like cards,
ordered by tag: every part has its share of every tag.

Everything follows from the cases, a seed and the number of the turn: a look that is continued asks the same cases.
Cases are ordered by digests, not drawn: one that is added or taken away does not send all others elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.run import Part


def round_length(cases: int, size: int) -> int:
    """Looks that it takes to ask every case once."""
    return max(1, -(-cases // size))


def longest_wait(cases: int, size: int) -> int:
    """Looks within which every case is asked, whenever one begins to count."""
    return 2 * round_length(cases, size) - 1


def part_of(cases: Sequence[Case], part: Part, *, seed: str, tags: Sequence[str] = ()) -> list[Case]:
    """The cases whose turn it is, in the order of the set. ``tags``: those to be dealt most evenly."""
    looks = round_length(len(cases), part.size)
    number, place = divmod(part.turn, looks)

    def order(case: Case) -> tuple[Any, ...]:
        watched = tuple(tag in case.tags for tag in tags)
        return watched, sorted(case.tags), digest([seed, number, case.id])

    hands = sorted(range(looks), key=lambda hand: digest([seed, number, hand]))
    chosen = {case.id for case in sorted(cases, key=order)[hands[place] :: looks]}
    return [case for case in cases if case.id in chosen]
