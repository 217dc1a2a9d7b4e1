"""Which case a call is about: recognised by the exact text of its input inside the messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from watchdog.domain.case import Case, GoldenSet
from watchdog.simulator.chance import difficulty_of_rank, uniform

#: Recently seen texts whose case is remembered, and how long they may be; a look asks the same few again and again.
_REMEMBERED = 4096
_LONGEST_REMEMBERED = 10_000


class Memory:
    """The cases of some golden sets, found by their text, each with its difficulty."""

    def __init__(self, golden: Iterable[GoldenSet], seed: int) -> None:
        self._cases: list[tuple[tuple[str, ...], Case]] = []
        self._difficulty: dict[str, float] = {}
        for golden_set in golden:
            ranked = sorted(golden_set.cases, key=lambda case: uniform(seed, "difficulty", case.id))
            for rank, case in enumerate(ranked):
                self._difficulty[case.id] = difficulty_of_rank(rank, len(ranked))
                if needles := _needles(case):
                    self._cases.append((needles, case))
        # A case whose input contains another's must win over it.
        self._cases.sort(key=lambda entry: -sum(map(len, entry[0])))
        self._find_again = lru_cache(_REMEMBERED)(self._find)

    def difficulty(self, case: Case) -> float:
        """Standard normal over the cases of a golden set; the same for every model, so that pairing means something."""
        return self._difficulty[case.id]

    def find(self, text: str) -> Case | None:
        """The case whose input is in the text; None when there is none."""
        return self._find_again(text) if len(text) <= _LONGEST_REMEMBERED else self._find(text)

    def _find(self, text: str) -> Case | None:
        for needles, case in self._cases:
            if all(needle in text for needle in needles):
                return case
        return None


def _needles(case: Case) -> tuple[str, ...]:
    """Texts that are all present in any prompt that carries the case."""
    given = case.variables.get("input")
    if isinstance(given, str) and given.strip():
        return (given.strip(),)
    said: Sequence[str] = [message.content for message in case.messages if message.role == "user"]
    said = said or [value for value in case.variables.values() if isinstance(value, str)]
    return tuple(text.strip() for text in said if text.strip())
