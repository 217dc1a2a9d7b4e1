"""YAML to nodes: the safe, unsurprising part of YAML 1.2.

Built on the events of PyYAML's parser, so that lines are kept, duplicate keys are seen, and neither nesting nor
aliases can blow up. ``yes``, ``no``, ``on`` and dates are texts; only true, false, null and numbers are not.
Anchors, aliases and ``<<`` merges work; tags do not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

import yaml

from watchdog.text.documents.node import DEEPEST, Node, Scalar
from watchdog.text.documents.problems import Problems

#: An event of PyYAML's parser; its attributes depend on its kind.
Event: TypeAlias = Any

#: Values in one document at the most, aliases counted each time they are used.
MOST_NODES = 100_000
#: Digits of a number at the most.
MOST_DIGITS = 40

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def parse_yaml(text: str, problems: Problems) -> Node | None:
    """The one document of a text; None, and problems noted, when it is not well-formed. An empty text is null."""
    builder = _Builder(problems)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return builder.document(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        # What was left open is found at the end of the file, but must be closed where it began.
        left_open = error.context is not None and ("flow" in error.context or "quoted" in error.context)
        mark = error.context_mark if left_open and error.context_mark else error.problem_mark or error.context_mark
        hint = "indent with spaces, not tabs" if _tab_at(text, mark) else ""
        said = " ".join(part for part in (error.context, error.problem) if part)
        problems.add(f"is not well-formed YAML: {said}", at=mark.line + 1 if mark else None, hint=hint)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else None
        problems.add(f"holds a character that YAML does not allow: {error.character!r}", at=line)
    except _Refused:
        pass
    return None


def _tab_at(text: str, mark: yaml.Mark | None) -> bool:
    lines = text.split("\n")
    return mark is not None and mark.line < len(lines) and lines[mark.line].lstrip(" ").startswith("\t")


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


class _Refused(Exception):
    """The document cannot be used any further; the problem is noted."""


class _Builder:
    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.anchors: dict[str, Node] = {}
        self.open_anchors: set[str] = set()
        self.sizes: dict[int, int] = {}
        self.nodes = 0

    def document(self, events: Iterator[Event]) -> Node:
        next(events)  # the stream starts
        event = next(events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, 1)
        root = self.node(next(events), events, depth=0)
        next(events)  # the document ends
        event = next(events)
        if not isinstance(event, yaml.StreamEndEvent):
            self.refuse("holds more than one YAML document", event)
        return root

    def refuse(self, message: str, event: Event) -> NoReturn:
        self.problems.add(message, at=_line(event))
        raise _Refused

    def node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        before = self.nodes
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth > DEEPEST:
            self.refuse(f"is nested more than {DEEPEST} levels deep", event)
        if self.nodes > MOST_NODES:
            self.refuse(f"holds more than {MOST_NODES} values", event)
        if event.tag is not None and event.tag != "!":
            self.problems.add(f"the tag {event.tag} is not allowed here", at=_line(event))
        if event.anchor:
            self.open_anchors.add(event.anchor)
        if isinstance(event, yaml.MappingStartEvent):
            node = self.mapping(event, events, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, events, depth)
        else:
            node = Node(self.scalar(event), _line(event))
        if event.anchor:
            self.open_anchors.discard(event.anchor)
            self.anchors[event.anchor] = node
            self.sizes[id(node)] = self.nodes - before
        return node

    def alias(self, event: Event) -> Node:
        if event.anchor in self.open_anchors:
            self.refuse(f"the alias *{event.anchor} stands inside what it names: an endless loop", event)
        node = self.anchors.get(event.anchor)
        if node is None:
            self.refuse(f"the alias *{event.anchor} names nothing above it", event)
        self.nodes += self.sizes[id(node)]
        if self.nodes > MOST_NODES:
            self.refuse(f"holds more than {MOST_NODES} values once its aliases are followed", event)
        return node

    def sequence(self, start: Event, events: Iterator[Event], depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.node(event, events, depth + 1))
        return Node(items, _line(start))

    def mapping(self, start: Event, events: Iterator[Event], depth: int) -> Node:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merges: list[Node] = []
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse("a key must be a text", event)
            key = event.value
            if _UNSTORABLE.search(key):
                self.refuse("a key holds a NUL or half of a surrogate pair", event)
            child = self.node(next(events), events, depth + 1)
            if key == "<<" and event.implicit[0]:
                merges += child.value if isinstance(child.value, list) else [child]
            elif key in entries:
                self.problems.add(f"the key {key!r} is there twice (first on line {lines[key]})", at=line)
            else:
                entries[key], lines[key] = child, line
        for merged in merges:
            if not isinstance(merged.value, dict):
                self.problems.add("'<<' must name a mapping", at=merged)
            for key, child in merged.mapping.items():
                if key not in entries:
                    entries[key], lines[key] = child, merged.line_of(key)
        return Node(entries, _line(start), lines)

    def scalar(self, event: Event) -> Scalar:
        text: str = event.value
        if _UNSTORABLE.search(text):
            self.problems.add("holds a NUL or half of a surrogate pair", at=_line(event))
            return ""
        if not event.implicit[0]:  # quoted, a block, or tagged
            return text
        if text in _WORDS:
            return _WORDS[text]
        number = _number(text)
        if number is None and _NOT_FINITE.fullmatch(text):
            self.problems.add(f"{text} is not a usable number", at=_line(event))
            return 0
        if isinstance(number, str):
            self.problems.add(number, at=_line(event))
            return 0
        return text if number is None else number


def _number(text: str) -> int | float | str | None:
    """The number a plain text stands for; a sentence when it is too large; None when it is no number."""
    if _INTEGER.fullmatch(text):
        if len(text) > MOST_DIGITS:
            return f"a number of more than {MOST_DIGITS} digits is too large"
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if len(text) <= 2 * MOST_DIGITS and _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else f"{text} is too large"
    return None


def number_of(text: str) -> int | float | None:
    """The number that a text stands for in YAML; None when it is none."""
    number = _number(text)
    return None if isinstance(number, str) else number
