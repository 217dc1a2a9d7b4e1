"""Alertmanager's matchers: read, held against each other, written. Pure.

What is decided here is only ever "surely": a matcher that cannot be judged is taken to match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Labels whose values we know; a label without a value is the empty text.
KNOWN: Mapping[str, frozenset[str]] = {
    "alert_type": frozenset({"", "infra", "model", "tool"}),
    "severity": frozenset({"", "sev1", "page", "ticket", "info", "none", "critical", "warning"}),
}
_WRITTEN = re.compile(r"\s*(?P<label>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?P<sign>=~|!~|!=|=)\s*(?P<value>.*?)\s*", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
#: What Go's regular expressions do not have.
_NOT_IN_GO = re.compile(r"\(\?[=!<>]|\\[1-9]|[*+?}]\+")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label."""

    label: str
    #: ``=``, ``!=``, ``=~`` or ``!~``; regular expressions match the whole value.
    sign: str
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.sign}"{escaped}"'

    def takes(self, value: str) -> bool:
        """Whether a label of that value is matched."""
        if self.sign in {"=", "!="}:
            return (value == self.value) == (self.sign == "=")
        return bool(re.fullmatch(self.value, value)) == (self.sign == "=~")


def parse(text: str) -> Matcher:
    """The matcher that a text is.

    Raises:
        ValueError: it is none, or its regular expression is none of Go's.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError('is not a matcher; write alert_type="model" or tool_name=~"crm.*"')
    value, quoted = found["value"], _QUOTED.fullmatch(found["value"])
    if quoted:
        value = re.sub(r'\\(["\\n])', lambda escape: {"n": "\n"}.get(escape[1], escape[1]), quoted[1])
    if found["sign"].endswith("~"):
        check_pattern(value)
    return Matcher(found["label"], found["sign"], value)


def check_pattern(pattern: str) -> None:
    """Refuse a regular expression that Alertmanager would.

    Raises:
        ValueError: with the reason.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    if _NOT_IN_GO.search(pattern):
        raise ValueError("uses what Go's regular expressions do not have (look-around, back-references)")


def impossible(matchers: Sequence[Matcher]) -> str:
    """Why no alert can meet all of them; empty when one may."""
    for label in dict.fromkeys(matcher.label for matcher in matchers):
        mine = [matcher for matcher in matchers if matcher.label == label]
        candidates = _candidates(label, mine)
        if candidates is not None and not any(all(m.takes(value) for m in mine) for value in candidates):
            said = " and ".join(dict.fromkeys(map(str, mine)))
            known = ", ".join(sorted(KNOWN.get(label, frozenset()) - {""}))
            return f"nothing can match {said}" + (f"; {label} is one of {known}" if known else "")
    return ""


def implied(matcher: Matcher, given: Sequence[Matcher]) -> bool:
    """Whether whatever meets all of ``given`` surely meets ``matcher``."""
    mine = [each for each in given if each.label == matcher.label]
    if matcher in mine or (matcher.sign == "=~" and matcher.value in {".*", "(.*)"}):
        return True
    if matcher.sign == "!=" and not matcher.value and any(m.sign == "=~" and m.value == ".+" for m in mine):
        return True
    candidates = _candidates(matcher.label, mine)
    return candidates is not None and all(
        matcher.takes(value) for value in candidates if all(each.takes(value) for each in mine)
    )


def shadowed(matchers: Sequence[Matcher], before: Sequence[Sequence[Matcher]]) -> Sequence[Matcher] | None:
    """The first of the routes before it that takes everything that would reach a route; None when none does."""
    return next((taken for taken in before if all(implied(matcher, matchers) for matcher in taken)), None)


def _candidates(label: str, matchers: Sequence[Matcher]) -> frozenset[str] | None:
    """Values among which every value is that meets the matchers; None when they cannot be listed."""
    for matcher in matchers:
        if matcher.sign == "=":
            return frozenset({matcher.value}) & KNOWN.get(label, frozenset({matcher.value}))
        if matcher.sign == "=~" and re.fullmatch(r"[\w|-]+", matcher.value) and label not in KNOWN:
            return frozenset(matcher.value.split("|"))
    return KNOWN.get(label)
