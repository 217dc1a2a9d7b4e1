"""Arguments of parts: held against the constructor they are for, every misfit told at its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from watchdog.errors import InvalidInput, WatchdogError
from watchdog.settings.environment import hidden, not_set
from watchdog.settings.parts import Part
from watchdog.settings.secret import scrubbed
from watchdog.text.documents.fit import dotted, explain
from watchdog.text.documents.node import Node, plain
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.reading import is_there
from watchdog.text.documents.suggest import did_you_mean
from watchdog.text.documents.yaml_nodes import number_of
from watchdog.text.quantities import parse_duration, parse_money


class Place(Struct, frozen=True):
    """Where a part is written: for messages and for paths."""

    problems: Problems
    #: Folder that relative paths start from.
    folder: Path
    field: str
    line: int


def read_arguments(
    part: Part, given: Node | None, place: Place, *, secret: bool = False
) -> tuple[dict[str, Any], tuple[Path, ...]] | None:
    """Arguments of a part and the files they name; None, and every problem noted, when they do not fit.

    Args:
        part: the part.
        given: what stands behind its name; None when the name stands alone.
        place: where it stands.
        secret: values that came from the environment or a file are kept as Secrets (providers, notifiers).
    """
    named = _by_name(part, given, place)
    if named is None:
        return None
    before = len(place.problems.found)
    arguments: dict[str, Any] = {}
    files: list[Path] = []
    for name, node in named.items():
        if name not in part.parameters and not part.open_ended:
            hint = did_you_mean(name, part.parameters)
            line = given.line_of(name) if given else place.line
            place.problems.add(f"{part.name} takes no {name!r}", at=line, field=place.field, hint=hint)
            continue
        value = _checked(part, name, node, place)
        if name in part.parameters and part.is_path(name) and isinstance(value, str) and not not_set(node):
            files.append(_file(value, node, name, place))
            value = str(files[-1])
        elif secret and value == plain(node):
            value = hidden(node)
        arguments[name] = value
    for name, parameter in part.parameters.items():
        if parameter.default is parameter.empty and name not in named:
            place.problems.add(f"{part.name} needs {name!r}", at=place.line, field=place.field)
    if len(place.problems.found) == before:
        _try_out(part, arguments, named, place)
    return (arguments, tuple(files)) if len(place.problems.found) == before else None


def _by_name(part: Part, given: Node | None, place: Place) -> Mapping[str, Node] | None:
    if given is None:
        return {}
    if isinstance(given.value, Mapping):
        return given.mapping
    if part.scalar is not None:
        return {part.scalar: given}
    names = ", ".join(part.parameters) or "nothing"
    place.problems.add(f"{part.name} takes arguments by name: {names}", at=given, field=place.field)
    return None


def _checked(part: Part, name: str, node: Node, place: Place) -> Any:
    """The plain value of an argument, after noting whatever does not fit its annotation."""
    value = plain(node)
    if name not in part.parameters or not_set(node):
        return value
    first: ErrorDetails | None = None
    for candidate in _readings(value, node):
        try:
            # Through JSON, so that a list fits a tuple and a text an enum, but "5" is no number.
            part.adapter(name).validate_json(json.dumps(candidate), strict=True)
        except ValidationError as error:
            first = first or error.errors(include_url=False)[0]
        else:
            return candidate
    if first is not None:
        message, hint = explain(first, _at(value, first["loc"]))
        place.problems.add(message, at=node, field=dotted(place.field, name), hint=hint)
    return value


def _readings(value: Any, node: Node) -> list[Any]:
    """A value, and what else it may mean: a duration in seconds, an amount in dollars, a number out of a variable."""
    if not isinstance(value, str):
        return [value]
    number = number_of(value)
    if number is not None:  # "5" in quotes is a text, and stays one
        return [value, number] if node.origin else [value]
    readings: list[Any] = [value]
    for parse in (parse_duration, parse_money):
        try:
            readings.append(parse(value))
        except ValueError:
            continue
    return readings


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            break
    return value


def _file(value: str, node: Node, name: str, place: Place) -> Path:
    path = place.folder / value
    if not is_there(path) or not path.is_file():
        place.problems.add(f"there is no file {value!r}", at=node, field=dotted(place.field, name))
    return path


def _try_out(part: Part, arguments: Mapping[str, Any], named: Mapping[str, Node], place: Place) -> None:
    """Build the part once, where that needs nothing from the house: its own complaints belong to this line."""
    if part.needs_the_house or any(not_set(node) for node in named.values()):
        return
    try:
        part.construct(arguments)
    except InvalidInput as error:
        for problem in error.problems:
            if problem.line is None:
                place.problems.add(problem.message, at=place.line, field=dotted(place.field, problem.field or ""))
            else:
                place.problems.found.append(problem)
    except WatchdogError as error:
        place.problems.add(scrubbed(str(error), arguments), at=place.line, field=place.field)
