"""Alertmanager's matchers, read."""

from __future__ import annotations

import re

from watchdog.domain.silence import Matcher

_WRITTEN = re.compile(r"\s*(?P<label>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?P<sign>=~|!~|!=|=)\s*(?P<value>.*?)\s*", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
#: What Go's regular expressions do not have.
_NOT_IN_GO = re.compile(r"\(\?[=!<>]|\\[1-9]|[*+?}]\+")


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
