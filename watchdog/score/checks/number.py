"""Checks with a distance: numeric, levenshtein, rouge-n."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from watchdog.domain.case import Case
from watchdog.domain.response import Response
from watchdog.domain.score import Score
from watchdog.score.check import Check, no_reference, text_of
from watchdog.text.words import numbers, squeezed, words


@dataclass(frozen=True, kw_only=True)
class Numeric(Check):
    """A number in the answer is the one expected, within a tolerance."""

    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: float | None = None
    #: How far off it may be: absolutely, and as a share of the expected number. The wider of the two counts.
    tolerance: float = 0.0
    relative: float = 0.0
    #: Which number of the answer: ``last``, ``first``, or ``only`` (more than one fails).
    pick: str = "last"
    #: Decimal mark of the answers: ``.`` or ``,``.
    decimal: str = "."
    name: str = "numeric"

    def __post_init__(self) -> None:
        if not (0 <= self.tolerance < math.inf and 0 <= self.relative < math.inf):
            raise ValueError("'tolerance' and 'relative' are numbers from 0 on")
        if self.pick not in {"last", "first", "only"}:
            raise ValueError("'pick' is last, first or only")
        if self.decimal not in {".", ","}:
            raise ValueError("'decimal' is '.' or ','")

    def check(self, case: Case, response: Response) -> Score:
        """Pick the number and compare."""
        wanted = self.value if self.value is not None else _number(case.expected)
        if wanted is None or not math.isfinite(wanted):
            return no_reference("number")
        found = numbers(response.text, decimal=self.decimal)
        if not found:
            return Score.of(passed=False, reason="no number found")
        if self.pick == "only" and len(found) > 1:
            return Score.of(passed=False, reason=f"{len(found)} numbers found where one was asked for")
        number = found[-1 if self.pick == "last" else 0]
        # A hair wider than asked, so that 0.1 + 0.2 is 0.3.
        passed = math.isclose(number, wanted, rel_tol=max(self.relative, 1e-12), abs_tol=self.tolerance + 1e-12)
        return Score.of(passed, "" if passed else f"the {self.pick} number is not {wanted:g}{self._margin()}")

    def _margin(self) -> str:
        parts = [f"± {self.tolerance:g}"] * (self.tolerance > 0) + [f"± {self.relative:.3g}".rstrip("0") + " of it"] * (
            self.relative > 0
        )
        return f" ({', '.join(parts)})" if parts else ""


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = numbers(value) if isinstance(value, str) else []
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Levenshtein(Check):
    """The answer is nearly this text. The score is the similarity: 1 minus edits over the longer length."""

    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: str | None = None
    #: Similarity that makes the outcome *passed*.
    min: float = 0.8
    ignore_case: bool = False
    name: str = "levenshtein"

    def __post_init__(self) -> None:
        _refuse_bad_share(self.min)

    def check(self, case: Case, response: Response) -> Score:
        """Compare, runs of space counting as one."""
        from rapidfuzz.distance import Levenshtein as Distance  # noqa: PLC0415 - 40 ms, and only when used

        wanted = text_of(case.expected if self.value is None else self.value)
        if wanted is None:
            return no_reference()
        one, other = squeezed(response.text), squeezed(wanted)
        if self.ignore_case:
            one, other = one.casefold(), other.casefold()
        similarity = Distance.normalized_similarity(one, other)
        return _graded(similarity, self.min, "similar")


@dataclass(frozen=True, kw_only=True)
class RougeN(Check):
    """The answer shares its word n-grams with this text. The score is ROUGE-N as F1 (Lin 2004), case ignored."""

    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: str | None = None
    n: int = 1
    #: F1 that makes the outcome *passed*.
    min: float = 0.5
    name: str = "rouge-n"

    def __post_init__(self) -> None:
        _refuse_bad_share(self.min)
        if not 1 <= self.n <= 9:
            raise ValueError("'n' is from 1 to 9 words")

    def check(self, case: Case, response: Response) -> Score:
        """Count the n-grams both have."""
        wanted = text_of(case.expected if self.value is None else self.value)
        reference = _grams(words((wanted or "").casefold()), self.n)
        if not reference:
            return no_reference(f"text of {self.n} or more words")
        answer = _grams(words(response.text.casefold()), self.n)
        shared = (reference & answer).total()
        return _graded(2 * shared / (reference.total() + answer.total()), self.min, "in common")


def _grams(items: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(items[start : start + n]) for start in range(len(items) - n + 1))


def _graded(value: float, bar: float, what: str) -> Score:
    return Score(value=value, bar=bar, reason="" if value >= bar else f"{value:.0%} {what}, {bar:.0%} asked for")


def _refuse_bad_share(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError("'min' is more than 0 and at most 1")
