"""Responses from a file: the road without a model, for tests, tutorials and re-scoring what was answered once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from watchdog.domain.response import Answer, Request
from watchdog.errors import ErrorKind, InvalidInput, Problem
from watchdog.providers.answers import NotAnAnswer, answer_from
from watchdog.providers.classify import failure

_KEYS = frozenset({"case_id", "repeat"})


class RecordedProvider:
    """Answers from a JSONL of {case_id, text, repeat?, finish_reason?, usage?, served_model?, ...}.

    Rows of one case are its repeats, in the order of ``repeat`` and then of the file; when more repeats are asked for
    than there are rows, they start again. A case without a row is NOT_FOUND. Raises InvalidInput with every row that
    is wrong.
    """

    #: Arguments that are paths: relative to the workspace until settings makes them absolute.
    files: ClassVar[frozenset[str]] = frozenset({"path"})

    def __init__(self, *, path: str) -> None:
        self._answers = _read(Path(path))

    async def complete(self, request: Request) -> Answer:
        """Return the recorded answer of the request's case and repeat."""
        answers = self._answers.get(request.case_id)
        if not answers:
            raise failure(ErrorKind.NOT_FOUND, f"no recorded answer for case {request.case_id!r}")
        return answers[request.repeat % len(answers)]

    async def aclose(self) -> None:
        """Nothing to give up."""


def _read(path: Path) -> dict[str, list[Answer]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a JSON text may hold other line separators
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput([Problem(file=str(path), message=f"cannot be read: {reason}")]) from None
    problems: list[Problem] = []
    rows: dict[str, list[tuple[int, Answer]]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case_id, repeat, answer = _row(json.loads(line))
        except ValueError as error:
            message = "not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            problems.append(Problem(file=str(path), line=number, message=message))
            continue
        rows.setdefault(case_id, []).append((repeat, answer))
    if problems:
        raise InvalidInput(problems)
    return {case_id: [answer for _, answer in sorted(found, key=_repeat)] for case_id, found in rows.items()}


def _repeat(row: tuple[int, Answer]) -> int:
    return row[0]


def _row(value: Any) -> tuple[str, int, Answer]:
    answer = answer_from(value, ignore=_KEYS)
    case_id, repeat = value.get("case_id"), value.get("repeat", 0)
    if not isinstance(case_id, str) or not case_id:
        raise NotAnAnswer("'case_id' must be given, as a text")
    if isinstance(repeat, bool) or not isinstance(repeat, int) or repeat < 0:
        raise NotAnAnswer("'repeat' must be a whole number from 0")
    return case_id, repeat, answer
