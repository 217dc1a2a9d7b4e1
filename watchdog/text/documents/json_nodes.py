"""JSON and JSON Lines to nodes, strictly: no duplicate keys, no NaN, no lone surrogates, no endless nesting."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from watchdog.text.documents.node import DEEPEST, Node, marked
from watchdog.text.documents.problems import Problems


def parse_json_lines(text: str, problems: Problems) -> Iterator[Node]:
    """Each row (a JSON object on one line) of a text; what is wrong with the others is noted. Blank lines are fine."""
    for number, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        node = parse_json(row, problems, line=number)
        if node is None:
            continue
        if isinstance(node.value, dict):
            yield node
        else:
            problems.add(f"a row must be a JSON object, not {node.kind}", at=number)


def parse_json(text: str, problems: Problems, *, line: int) -> Node | None:
    """One JSON value; None, and the problem noted at ``line``, when it is none."""
    if text.startswith("\ufeff"):
        problems.add("begins with a byte order mark, which cannot be seen: take it out", at=line)
        return None
    try:
        value = _DECODER.decode(text)
        if text.count("[") + text.count("{") > DEEPEST and _depth_over(value, DEEPEST):
            problems.add(f"is nested more than {DEEPEST} levels deep", at=line)
            return None
        text.encode() if "\\u" not in text else json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        problems.add(f"is not JSON: {error.msg} at column {error.colno}", at=line)
    except RecursionError:
        problems.add(f"is nested more than {DEEPEST} levels deep", at=line)
    except UnicodeEncodeError:
        problems.add("holds half of a surrogate pair: \\ud800 to \\udfff must come in pairs", at=line)
    except _Refused as refused:
        problems.add(str(refused), at=line)
    except ValueError:  # int() of thousands of digits
        problems.add("holds a number that is too large", at=line)
    else:
        if "\\u0000" in text and _holds_nul(value):
            problems.add("holds a NUL character, which not every database can keep", at=line)
            return None
        return marked(value, line)
    return None


class _Refused(Exception):
    """JSON that Python would read and we will not."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"the key {twice!r} is there twice")
    return entries


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not a usable number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused(f"{text[:40]} is too large")
    return number


#: Made once: ``json.loads`` would make one for every line.
_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite)


def _depth_over(value: Any, levels: int) -> bool:
    """Whether a value is nested deeper than ``levels``; walks level by level, so it cannot overflow."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            child
            for item in layer
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not layer:
            return False
    return True


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(child) for key, child in value.items())
    return isinstance(value, list) and any(_holds_nul(child) for child in value)
