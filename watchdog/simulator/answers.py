"""What a good and a bad answer to a case look like.

``metadata["good"]`` and ``metadata["bad"]`` of a case (one answer or a list) take precedence; otherwise they are made
from ``expected``: an object is dumped as JSON, facts are joined in a sentence, a text is itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from watchdog.domain.case import Case
from watchdog.simulator.behaviour import Behaviour
from watchdog.simulator.chance import uniform

REFUSAL = "I'm sorry, but I can't help with that request."
NOT_IN_CONTEXT = "Not in the documents: the context does not say."
INVENTED = "According to the latest update, this was changed to 17 working days for all premium members."
OUTDATED = "This page has moved. An archived version of spring 2019 may no longer be accurate."
UNRELATED = "Company news: the summer party was a great success, and the new warehouse has a bicycle shed."
_PADDING = (
    "To put it another way, this is what applies in the situation you describe.",
    "It is worth keeping in mind that details can differ from one case to the next.",
    "Please do not hesitate to ask if anything about this is unclear.",
    "Thank you once more for taking the time to write to us about this.",
)
#: Fields of a JSON answer that hold prose, and so may grow without becoming wrong.
_PROSE = ("reply", "answer", "message", "text", "summary")


def knows(case: Case) -> bool:
    """Whether a case says, in any way, what a good answer to it is."""
    return case.expected is not None or bool(_listed(case.metadata.get("good")))


def good_answer(case: Case, nonce: int) -> str:
    """An answer that deserves to pass."""
    told = _told(case, "good", nonce)
    return told if told is not None else _from_expected(case)


def bad_answer(case: Case, nonce: int, seed: int) -> str:
    """A plausible answer that deserves to fail, and fails in the same few ways each time."""
    told = _told(case, "bad", nonce)
    if told is not None:
        return told
    expected = case.expected
    luck = uniform(seed, case.id, "how it fails", nonce)
    if isinstance(expected, Mapping):
        if "facts" in expected or "unanswerable" in expected:
            return REFUSAL if luck < 0.1 else INVENTED
        return _broken_object(expected, luck)
    if isinstance(expected, list):
        return json.dumps(expected[:-1], ensure_ascii=False)
    if isinstance(expected, bool):
        return json.dumps(not expected)
    if isinstance(expected, int | float):
        return str(expected + 1 + int(luck * 9))
    number = re.search(r"\d+", expected) if isinstance(expected, str) else None
    return expected.replace(number[0], str(int(number[0]) + 7)) if number else INVENTED


def lengthen(text: str, verbosity: float) -> str:
    """The same answer said with more words; a JSON answer keeps its form and grows in its prose field."""
    if verbosity <= 1.0:
        return text
    record = _object(text)
    if record is None:
        return _padded(text, verbosity)
    name = next((name for name in _PROSE if isinstance(record.get(name), str)), None)
    if name is None:
        return json.dumps(record, ensure_ascii=False, indent=round(2 * verbosity))
    return json.dumps({**record, name: _padded(record[name], verbosity)}, ensure_ascii=False)


def retrieved(right: Sequence[str], behaviour: Behaviour, luck: Callable[[str], float]) -> tuple[tuple[str, ...], bool]:
    """The documents that an agent finds where the right ones are known, and whether all of those are among them."""
    found = [luck(f"document {at}") < behaviour.recall for at in range(len(right))]
    texts = [text if hit else OUTDATED for text, hit in zip(right, found, strict=True)]
    total = sum(map(len, texts))
    while sum(map(len, texts)) < total * behaviour.context:
        texts.append(UNRELATED)
    return tuple(texts), all(found)


def worth(case: Case, text: str) -> float:
    """What an answer to a case really deserves, 0 to 1: how a judge that makes no mistakes would see it."""
    if not text.strip() or text == REFUSAL:
        return 0.0
    good = [_plain(answer) for answer in _listed(case.metadata.get("good"))] or [_plain(_from_expected(case))]
    said = _plain(text)
    if any(answer and answer in said for answer in good):
        return 1.0
    record = _object(text)
    if record is not None and any(
        _same_prose(record, _object(answer)) for answer in _listed(case.metadata.get("good"))
    ):
        return 1.0
    expected = case.expected
    if isinstance(expected, Mapping) and "facts" in expected:
        facts = expected["facts"]
        found = sum(any(_plain(way) in said for way in _listed(fact)) for fact in facts)
        return float(found / max(1, len(facts)))
    if isinstance(expected, Mapping) and record is not None and expected:
        right = sum(bool(record.get(name) == value) for name, value in expected.items())
        return 0.5 * right / len(expected)
    return 0.0


def _told(case: Case, which: str, nonce: int) -> str | None:
    answers = _listed(case.metadata.get(which))
    return _text(answers[nonce % len(answers)]) if answers else None


def _from_expected(case: Case) -> str:
    expected = case.expected
    if isinstance(expected, Mapping) and expected.get("unanswerable"):
        return NOT_IN_CONTEXT
    if isinstance(expected, Mapping) and "facts" in expected:
        return "; ".join(_listed(fact)[0] for fact in expected["facts"]) + "."
    return "" if expected is None else _text(expected)


def _broken_object(expected: Mapping[str, Any], luck: float) -> str:
    """A field missing, a value wrong, or prose in place of JSON."""
    names = list(expected)
    if luck < 0.2 or not names:
        return "Sure! Here is what I found: " + ", ".join(f"{name} is {expected[name]}" for name in names)
    name = names[int(luck * 1000) % len(names)]
    if luck < 0.5:
        return json.dumps({key: value for key, value in expected.items() if key != name}, ensure_ascii=False)
    return json.dumps({**expected, name: _wrong(expected[name])}, ensure_ascii=False)


def _wrong(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 10
    return "unknown" if value is None else None


def _padded(text: str, verbosity: float) -> str:
    parts, length, turn = [text], len(text) * verbosity, 0
    while sum(map(len, parts)) < length:
        parts.append(_PADDING[turn % len(_PADDING)])
        turn += 1
    return " ".join(parts)


def _same_prose(said: Mapping[str, Any], good: Mapping[str, Any] | None) -> bool:
    """Whether two JSON answers agree, where prose may go on after the good one's words."""
    return good is not None and all(
        isinstance(said.get(name), str) and said[name].startswith(value)
        if name in _PROSE and isinstance(value, str)
        else said.get(name) == value
        for name, value in good.items()
    )


def _object(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> str:
    return " ".join(_text(value).casefold().split())
