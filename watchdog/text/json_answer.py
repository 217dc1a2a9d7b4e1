"""JSON in answers: the whole text, a fenced block, or an object in the middle of prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

#: Starts that are tried before a text counts as holding no JSON: bounds the work on hostile text.
_MAX_FAILED_STARTS = 100
_FENCE = re.compile(r"```[ \t]*(\w*)[^\n`]*\n(.*?)```", re.DOTALL)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(text: str) -> Any:
    """The value of a text that is JSON and nothing else (RFC 8259: no NaN); ValueError when it is not."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def extract_json(text: str) -> Any | None:
    """The JSON value an answer carries; None when there is none.

    The whole text if it is JSON, else the first fenced block that is, else the first complete object or array in the
    text. An array of bare numbers in prose ("as [1] says") is a footnote and counts only when there is nothing else.
    """
    for candidate in _wholes(text):
        try:
            return parse_json(candidate)
        except ValueError:
            continue
    footnote = None
    for _, _, value in json_values(text, starts="{["):
        if not isinstance(value, list) or any(isinstance(item, (dict, list, str)) for item in value):
            return value
        footnote = value if footnote is None else footnote
    return footnote


def json_values(text: str, *, starts: str = "{") -> Iterator[tuple[int, int, Any]]:
    """Each complete JSON value that begins with one of ``starts`` and where; values inside values are not told."""
    place = 0
    failed = 0
    start_pattern = re.compile(f"[{re.escape(starts)}]")
    while failed < _MAX_FAILED_STARTS and (match := start_pattern.search(text, place)):
        try:
            value, place = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            failed += 1
            place = match.start() + 1
        else:
            yield match.start(), place, value


def _wholes(text: str) -> Iterator[str]:
    stripped = text.strip()
    if stripped[:1] in {"{", "[", '"'} or len(stripped) < 100:  # numbers, true, null are short
        yield stripped
    if "```" in text:
        yield from (match[2] for match in _FENCE.finditer(text) if match[1].lower() in {"", "json", "jsonc", "json5"})
