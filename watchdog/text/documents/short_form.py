"""Short forms: ``not-refusal``, ``contains: refund`` and ``word-count: {max: 20}`` are a name and its arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from watchdog.domain.case import CheckSpec
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems


class ShortForm(Struct, frozen=True):
    """A name and what it was given."""

    name: str
    #: What stands behind the name; None when the name stands alone.
    given: Node | None
    line: int


class CheckReading(Struct, frozen=True):
    """A check that was read and is sound."""

    spec: CheckSpec
    #: Files named by its arguments: their content belongs to the check.
    files: tuple[Path, ...] = ()


#: Reads one check of a case (node, folder that paths are relative to, field for messages); None with problems noted.
CheckReader = Callable[[Node, Path, str, Problems], CheckReading | None]


def read_short_form(node: Node, problems: Problems, field: str) -> ShortForm | None:
    """Take a short form apart; None, and the problem noted, when it is none."""
    if isinstance(node.value, str) and node.value.strip():
        return ShortForm(node.value.strip(), None, node.line)
    if len(node.mapping) == 1:
        name, given = next(iter(node.mapping.items()))
        return ShortForm(name, None if given.value is None else given, node.line_of(name))
    if len(node.mapping) > 1:
        names = ", ".join(list(node.mapping)[:4])
        problems.add(
            f"must be one name with its arguments, not {len(node.mapping)} keys ({names})",
            at=node,
            field=field,
            hint="indent the arguments below the name, or put them in { }",
        )
    else:
        problems.add(f"must be a name or a name with its arguments, not {node.kind}", at=node, field=field)
    return None
