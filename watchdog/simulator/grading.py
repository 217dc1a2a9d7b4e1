"""The simulated model as a judge: it grades what the answer really is, with noise, and can drift.

It understands the way our judges ask: texts between ``<answer TOKEN>`` and ``</answer TOKEN>``, a grade that "is
exactly one of" those listed, a verdict as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from msgspec import Struct

from watchdog.simulator.behaviour import Behaviour

_BLOCK = re.compile(
    r"<(?P<label>input|answer) (?P<token>[0-9a-f]{6,})>\n(?P<inside>.*?)\n</(?P=label) (?P=token)>", re.DOTALL
)
_GRADES = re.compile(r'"grade" is exactly one of: (?P<grades>[^\n]+?)\.?(?:\n|$)')
_REASONS = ("It misses what matters.", "It helps a little.", "It is mostly right.", "It is right and complete.")
_UNPARSABLE = "Overall I would say that this answer is quite decent, all things considered."


class Sheet(Struct, frozen=True):
    """An answer laid before the simulated judge."""

    #: What the answer was given to; empty when the rubric does not show it.
    input: str
    answer: str
    #: Grades, the worst first.
    grades: tuple[str, ...]


def read_sheet(system: str, text: str) -> Sheet | None:
    """What a judge is asked to grade; None when this is no judge's call."""
    listed = _GRADES.search(system)
    if listed is None:
        return None
    blocks = {found["label"]: found["inside"] for found in _BLOCK.finditer(text)}
    if "answer" not in blocks:
        return None
    grades = [grade.strip() for grade in listed["grades"].split(",")]
    if all(re.fullmatch(r"-?\d+(\.\d+)?", grade) for grade in grades):
        grades.sort(key=float)
    return Sheet(blocks.get("input", ""), blocks["answer"], tuple(grades))


def verdict(sheet: Sheet, worth: float, behaviour: Behaviour, luck: Callable[[str], float]) -> str:
    """What the judge says of an answer that deserves ``worth``, 0 to 1; ``luck`` gives a uniform number by name."""
    if luck("judge mumbles") < behaviour.judge_unparsable:
        return _UNPARSABLE
    top = len(sheet.grades) - 1
    wanted = worth * top + behaviour.judge_shift
    step = int(wanted // 1) + (luck("judge rounds") < wanted % 1)
    if luck("judge errs") < behaviour.judge_noise:
        step += 1 if luck("judge errs up") < 0.5 else -1
    step = min(top, max(0, step))
    reason = _REASONS[round(step / top * (len(_REASONS) - 1))] if top else _REASONS[-1]
    return json.dumps({"reason": reason, "grade": sheet.grades[step]})
