"""Alertmanager's matchers held against each other. Pure.

What is decided here is only ever "surely": a matcher that cannot be judged is taken to match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from watchdog.domain.silence import Matcher

#: Labels whose values we know; a label without a value is the empty text.
KNOWN: Mapping[str, frozenset[str]] = {
    "alert_type": frozenset({"", "infra", "model", "tool"}),
    "severity": frozenset({"", "sev1", "page", "ticket", "info", "none", "critical", "warning"}),
}


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
