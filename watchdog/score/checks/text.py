"""Checks of the wording: equals, contains, regex, starts-with, ends-with, one-of, facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from watchdog.domain.case import Case
from watchdog.domain.response import Response
from watchdog.domain.score import Score
from watchdog.score.check import Check, no_reference, quoted, text_of, texts_of
from watchdog.text.words import folded, squeezed

if TYPE_CHECKING:
    import regex

#: A scalar of YAML; numbers and truth values are compared as the text JSON would give them.
Scalar = str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class Equals(Check):
    """The answer is exactly this text; space at its ends never counts."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: Scalar | None = None
    ignore_case: bool = False
    #: Whether runs of space and line breaks count as one space.
    ignore_space: bool = False
    name: str = "equals"

    def check(self, case: Case, response: Response) -> Score:
        """Compare with the value, or with the case's expected text."""
        wanted = text_of(case.expected if self.value is None else self.value)
        if wanted is None:
            return no_reference()
        passed = self._normal(response.text) == self._normal(wanted)
        return Score.of(passed, "" if passed else f"not equal to {quoted(wanted)}")

    def _normal(self, text: str) -> str:
        text = squeezed(text) if self.ignore_space else text.strip()
        return text.casefold() if self.ignore_case else text


@dataclass(frozen=True, kw_only=True)
class Contains(Check):
    """The answer contains a text, or all, any or none of several. A list as the bare value means all."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: Scalar | list[str] | None = None
    all: list[str] | None = None
    any: list[str] | None = None
    none: list[str] | None = None
    ignore_case: bool = False
    name: str = "contains"

    def __post_init__(self) -> None:
        for argument in ("value", "all", "any", "none"):
            given = getattr(self, argument)
            if given is not None and not all(texts_of(given) or [""]):
                raise ValueError(f"'{argument}' must not be empty: every answer contains an empty text")

    def check(self, case: Case, response: Response) -> Score:
        """Search the answer for the texts given, or for the case's expected text."""
        required = [*(texts_of(self.value) or []), *(self.all or [])]
        if not required and self.any is None and self.none is None:
            required = [text for text in texts_of(case.expected) or [] if text]
            if not required:
                return no_reference()
        missing = [text for text in required if not self._holds(response.text, text)]
        if missing:
            return Score.of(passed=False, reason=f"missing {_listed(missing)}")
        if self.any is not None and not any(self._holds(response.text, text) for text in self.any):
            return Score.of(passed=False, reason=f"contains none of {_listed(self.any)}")
        forbidden = [text for text in self.none or [] if self._holds(response.text, text)]
        return Score.of(not forbidden, f"contains {_listed(forbidden)}" if forbidden else "")

    def _holds(self, answer: str, text: str) -> bool:
        return text.casefold() in answer.casefold() if self.ignore_case else text in answer


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 5} more" if len(texts) > 5 else ""
    return ", ".join(quoted(text) for text in texts[:5]) + more


@dataclass(frozen=True, kw_only=True)
class Regex(Check):
    """A regular expression is found in the answer (or fits the whole of it)."""

    scalar: ClassVar[str | None] = "pattern"
    reads_expected: ClassVar[bool] = True

    pattern: str | None = None
    ignore_case: bool = False
    #: Whether ``^`` and ``$`` also stand at line breaks.
    multiline: bool = False
    #: Whether the whole answer (space at its ends left out) must fit.
    whole: bool = False
    #: Seconds after which a runaway pattern is given up and the answer left unscored.
    timeout: float = 1.0
    name: str = "regex"

    def __post_init__(self) -> None:
        if self.timeout <= 0:
            raise ValueError("'timeout' must be more than 0 seconds")
        if self.pattern is not None:
            _ = self._compiled

    @cached_property
    def _compiled(self) -> regex.Pattern[str]:
        return self._compile(self.pattern or "")

    def _compile(self, pattern: str) -> regex.Pattern[str]:
        import regex  # noqa: PLC0415 - 20 ms, and only when used

        flags = (regex.IGNORECASE if self.ignore_case else 0) | (regex.MULTILINE if self.multiline else 0)
        try:
            return regex.compile(pattern, flags)
        except regex.error as problem:
            raise ValueError(f"the pattern {quoted(pattern)} does not compile: {problem}") from None

    def check(self, case: Case, response: Response) -> Score:
        """Search for the pattern, or for the one the case expects."""
        pattern = self.pattern if self.pattern is not None else case.expected
        if not isinstance(pattern, str):
            return no_reference("pattern")
        compiled = self._compiled if self.pattern is not None else self._compile(pattern)
        try:
            if self.whole:
                match = compiled.fullmatch(response.text.strip(), timeout=self.timeout)
            else:
                match = compiled.search(response.text, timeout=self.timeout)
        except TimeoutError:
            return Score.unscored(f"the pattern {quoted(pattern)} took more than {self.timeout:g} s on this answer")
        return Score.of(match is not None, "" if match else f"does not match {quoted(pattern)}")


@dataclass(frozen=True, kw_only=True)
class StartsWith(Check):
    """The answer begins with the text (or one of them); leading space never counts."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: Scalar | list[str] | None = None
    ignore_case: bool = False
    name: str = "starts-with"

    def __post_init__(self) -> None:
        _refuse_empty(self.value)

    def check(self, case: Case, response: Response) -> Score:
        """Compare the beginning."""
        wanted = texts_of(case.expected if self.value is None else self.value)
        if wanted is None:
            return no_reference()
        answer = response.text.lstrip()
        passed = _folded(answer, self.ignore_case).startswith(tuple(_folded(text, self.ignore_case) for text in wanted))
        return Score.of(passed, "" if passed else f"does not start with {_listed(wanted)}")


@dataclass(frozen=True, kw_only=True)
class EndsWith(Check):
    """The answer ends with the text (or one of them); trailing space never counts."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "value"
    reads_expected: ClassVar[bool] = True

    value: Scalar | list[str] | None = None
    ignore_case: bool = False
    name: str = "ends-with"

    def __post_init__(self) -> None:
        _refuse_empty(self.value)

    def check(self, case: Case, response: Response) -> Score:
        """Compare the end."""
        wanted = texts_of(case.expected if self.value is None else self.value)
        if wanted is None:
            return no_reference()
        answer = response.text.rstrip()
        passed = _folded(answer, self.ignore_case).endswith(tuple(_folded(text, self.ignore_case) for text in wanted))
        return Score.of(passed, "" if passed else f"does not end with {_listed(wanted)}")


def _folded(text: str, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text


def _refuse_empty(value: Scalar | list[str] | None) -> None:
    if value in ("", []) or (isinstance(value, list) and "" in value):
        raise ValueError("'value' must not be empty: every answer would pass")


@dataclass(frozen=True, kw_only=True)
class OneOf(Check):
    """The answer is one of a few texts, and nothing else (a closing full stop or quotation marks are forgiven)."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "values"
    reads_expected: ClassVar[bool] = True

    values: list[str] | None = None
    ignore_case: bool = True
    name: str = "one-of"

    def __post_init__(self) -> None:
        if self.values is not None and not self.values:
            raise ValueError("'values' must name at least one text")

    def check(self, case: Case, response: Response) -> Score:
        """Compare with each value, or with what the case expects (one text, or a list of alternatives)."""
        wanted = texts_of(case.expected if self.values is None else self.values)
        if wanted is None:
            return no_reference()
        passed = self._normal(response.text) in {self._normal(text) for text in wanted}
        return Score.of(passed, "" if passed else f"none of {_listed(wanted)}")

    def _normal(self, text: str) -> str:
        text = squeezed(text).strip("\"'`*“”‘’. ")
        return text.casefold() if self.ignore_case else text


@dataclass(frozen=True, kw_only=True)
class Facts(Check):
    """Each fact appears in the answer; a list in place of a fact gives alternative wordings of it.

    The score is the share of facts found. Case, space, quotation marks and dashes make no difference, and a fact is
    found as whole words only: "5" is not in "15" nor in "5.5".
    """

    scalar: ClassVar[str | None] = "facts"
    reads_expected: ClassVar[bool] = True

    facts: list[Any] | None = None
    #: Share of the facts that makes the outcome *passed*.
    min: float = 1.0
    name: str = "facts"

    def __post_init__(self) -> None:
        if not 0 < self.min <= 1:
            raise ValueError("'min' is a share of the facts, more than 0 and at most 1")
        if self.facts is not None and _alternatives(self.facts) is None:
            raise ValueError("'facts' is a list of texts, or of lists of alternative texts, none of them empty")

    def check(self, case: Case, response: Response) -> Score:
        """Look for the facts given, or for ``expected.facts`` (or an expected list) of the case."""
        listed = self.facts
        if listed is None:
            listed = case.expected.get("facts") if isinstance(case.expected, dict) else case.expected
        facts = _alternatives(listed)
        if facts is None:
            return no_reference("facts")
        answer = folded(response.text)
        missing = [fact[0] for fact in facts if not any(_stands_in(answer, folded(wording)) for wording in fact)]
        share = 1 - len(missing) / len(facts)
        return Score(value=share, bar=self.min, reason=f"missing {_listed(missing)}" if missing else "")


def _alternatives(facts: Any) -> list[list[str]] | None:
    """Each fact as its alternative wordings; None when it is not a non-empty list of such."""
    if isinstance(facts, str):
        facts = [facts]
    if not isinstance(facts, (list, tuple)) or not facts:
        return None
    wordings = [texts_of(fact) or [] for fact in facts]
    return wordings if all(fact and all(map(folded, fact)) for fact in wordings) else None


def _stands_in(answer: str, fact: str) -> bool:
    """Whether a folded fact stands in a folded answer as whole words and numbers."""
    start = answer.find(fact)
    while start >= 0:
        end = start + len(fact)
        before, after = answer[max(0, start - 2) : start][::-1], answer[end : end + 2]
        unit = fact[-1].isdigit() and after[:1].isalpha()  # "5" is in "5km"
        if not _goes_on(fact[0], before) and (unit or not _goes_on(fact[-1], after)):
            return True
        start = answer.find(fact, start + 1)
    return False


def _goes_on(edge: str, beyond: str) -> bool:
    """Whether the word or number at the edge of a fact goes on in the two characters beyond it."""
    if not beyond or not edge.isalnum() or _needs_no_spaces(edge):
        return False
    if edge.isdigit() and beyond[0] in ".,":
        return beyond[1:].isdigit()
    return beyond[0].isalnum() and not _needs_no_spaces(beyond[0])


def _needs_no_spaces(character: str) -> bool:
    """Whether the character's script writes words without spaces between them (Thai, Chinese, Japanese)."""
    return "\u0e00" <= character <= "\u0e7f" or "\u3040" <= character <= "\u9fff"
