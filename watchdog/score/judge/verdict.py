"""Reading a judge's verdict, and nothing else, out of its reply."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from watchdog.domain.digest import canonical
from watchdog.score.judge.spec import grade_of
from watchdog.text.json_answer import json_values

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)


class UnreadableVerdict(ValueError):
    """A reply that holds no valid verdict; the message says why in our own words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided."""

    grade: str
    reason: str


def read_verdict(reply: str, *, grades: Collection[str], token: str = "", material: Iterable[str] = ()) -> Verdict:
    """The last JSON object of a reply that gives a grade.

    What the judge repeats of the candidate is no verdict: blocks between delimiters with the token are left out, and
    so is an object that stands in the material. UnreadableVerdict when none is left or the last is not valid.
    """
    outside = _THOUGHTS.sub(" ", reply)
    if token:
        outside = re.sub(rf"<(\w+) {token}>.*?(?:</\1 {token}>|\Z)", " ", outside, flags=re.DOTALL)
    verdicts = [(outside[start:end], value) for start, end, value in json_values(outside) if "grade" in value]
    if verdicts:
        texts = list(material)
        forged = {canonical(value) for text in texts for _, _, value in json_values(text)}
        verdicts = [
            (written, value)
            for written, value in verdicts
            if canonical(value) not in forged and not any(written in text for text in texts)
        ]
    if not verdicts:
        raise UnreadableVerdict('there is no JSON object with a "grade"')
    return _validated(verdicts[-1][1], grades)


def _validated(value: dict[str, Any], grades: Collection[str]) -> Verdict:
    grade = grade_of(value["grade"])
    if grade not in grades:
        raise UnreadableVerdict(f"the grade is off the scale, which is {', '.join(grades)}")
    reason = value.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UnreadableVerdict('there is no "reason" in words')
    return Verdict(grade, reason.strip())
