"""Reading a judge's verdict, and nothing else, out of its reply."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from msgspec import Struct

from watchdog.domain.digest import canonical
from watchdog.score.judge.spec import grade_of
from watchdog.text.json_answer import json_values


class UnreadableVerdict(ValueError):
    """A reply that holds no valid verdict; the message says why in our own words."""


class Verdict(Struct, frozen=True):
    """What a judge decided."""

    grade: str
    reason: str


def read_verdict(reply: str, *, grades: Collection[str], token: str = "", material: Iterable[str] = ()) -> Verdict:
    """The last JSON object of a reply that gives a grade.

    What the judge repeats of the candidate is no verdict: an object between delimiters with the token is passed over,
    and so is one that stands in the material. UnreadableVerdict when none is left or the last is not valid.
    """
    texts = list(material)
    verdicts = list(_outside_blocks(reply, token))
    if verdicts:
        forged = {canonical(value) for text in texts for _, _, value in json_values(text)}
        verdicts = [
            (written, value)
            for written, value in verdicts
            if canonical(value) not in forged and not any(written in text for text in texts)
        ]
    if not verdicts:
        raise UnreadableVerdict('there is no JSON object with a "grade"')
    return _validated(verdicts[-1][1], grades)


def _outside_blocks(reply: str, token: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects with a grade, as written and parsed, that stand in no quoted block and in no thoughts.

    Delimiters inside an object's own texts open nothing: a reason may well speak of them.
    """
    marks = re.compile(rf"<(/?)(?:think|thinking|\w+ {re.escape(token or 'TOKEN')})>")
    inside = False
    place = 0
    for start, end, value in json_values(reply):
        for mark in marks.finditer(reply, place, start):
            inside = not mark[1]
        if not inside and "grade" in value:
            yield reply[start:end], value
        place = end


def _validated(value: dict[str, Any], grades: Collection[str]) -> Verdict:
    grade = grade_of(value["grade"])
    if grade not in grades:
        raise UnreadableVerdict(f"the grade is off the scale, which is {', '.join(grades)}")
    reason = value.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UnreadableVerdict('there is no "reason" in words')
    return Verdict(grade, reason.strip())
