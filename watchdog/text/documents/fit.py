"""Holding a tree against a pydantic model: the typed value, or problems with line, field and a hint."""

from __future__ import annotations

import re
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from watchdog.text.documents.node import Node, kind_of, plain
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.suggest import did_you_mean
from watchdog.text.documents.yaml_nodes import number_of
from watchdog.text.quantities import parse_duration

M = TypeVar("M", bound=BaseModel)
Path = tuple[str | int, ...]


class Shape(BaseModel):
    """What a mapping of a file must look like; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True)


def _seconds(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


#: ``30m``, ``90d``, ``10s``, or a number of seconds.
Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*$|\$\{"}],
            "description": "30m, 90d, 10s, or a number of seconds",
        }
    ),
]
#: A name that may stand in labels, addresses and on the command line.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
#: A text that says something.
Text = Annotated[str, StringConstraints(pattern=r"\S")]

_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
}

_BOUNDS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
_SENTENCES = {
    "missing": "is required",
    "int_from_float": "must be a whole number",
    "string_pattern_mismatch": "must not be empty",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def fit(model: type[M], node: Node, problems: Problems, *, field: str = "", line: int | None = None) -> M | None:
    """A value of ``model``; None, and every problem noted, when the tree does not fit it.

    Args:
        model: what the tree should look like.
        node: the tree.
        problems: where problems are noted.
        field: path of the tree in its file, for messages.
        line: where to point when a key is missing; the tree's own line by default.
    """
    value = plain(node)
    try:
        return model.model_validate(value)
    except ValidationError as first:
        errors = first.errors(include_url=False)
    # A number that came out of the environment is a text until we know that a number is wanted.
    wanted = [error["loc"] for error in errors if error["type"] in {"int_type", "float_type"}]
    if any(_set_number(value, node, place) for place in wanted):
        try:
            return model.model_validate(value)
        except ValidationError as second:
            errors = second.errors(include_url=False)
    for error in errors:
        _explain(error, model, node, problems, field, node.line if line is None else line)
    return None


def dotted(*parts: str | int) -> str:
    """A field path as people write it: ``watches.reply.scorers[2]``."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part:
            text += f".{part}" if text else str(part)
    return text


def explain(error: ErrorDetails, given: Any) -> tuple[str, str]:
    """Message and hint for one pydantic error about the value ``given``."""
    kind, context = error["type"], error.get("ctx", {})
    if kind.endswith("_type") and (expected := _EXPECTED.get(kind.removesuffix("_type"))):
        hint = f'put it in quotes: "{given}"' if expected == "text" and isinstance(given, (int, float)) else ""
        return f"must be {expected}, not {kind_of(given)}", hint
    if kind in {"literal_error", "enum"}:
        names = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        said = f"must be one of {', '.join(names)}" if len(names) > 1 else f"must be {context.get('expected')}"
        return said, did_you_mean(given, names) if isinstance(given, str) else ""
    if kind in _BOUNDS:
        return f"must be {_BOUNDS[kind]} {next(iter(context.values()))}", ""
    if kind == "string_pattern_mismatch" and str(given).strip():
        return "is not a name", "letters, digits, '_', '-' and '.', at most 64, a letter or digit first"
    if kind == "value_error":
        return str(context.get("error", error["msg"])), ""
    return _SENTENCES.get(kind, error["msg"][:1].lower() + error["msg"][1:]), ""


def _explain(
    error: ErrorDetails, model: type[BaseModel], root: Node, problems: Problems, field: str, line: int
) -> None:
    nodes, path, place = [root], [], line
    for part in error["loc"]:
        here = nodes[-1]
        if isinstance(part, str) and part in here.mapping:
            nodes.append(here.mapping[part])
            place = here.line_of(part)
        elif isinstance(part, int) and isinstance(here.value, list) and part < len(here.value):
            nodes.append(here.value[part])
            place = nodes[-1].line
        elif error["type"] != "missing":
            continue  # the name of a union's branch, not a place in the file
        path.append(part)
    key = str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        message, hint = f"unknown key {key!r}", did_you_mean(key, _fields_at(model, error["loc"][:-1]))
    else:
        message, hint = explain(error, plain(nodes[-1]))
    problems.add(message, at=place, field=dotted(field, *path), hint=hint)


def _set_number(value: Any, node: Node, place: Path) -> bool:
    """Replace a text that came from the environment by the number it stands for."""
    for part in place[:-1]:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
        node = node.mapping[part] if isinstance(part, str) else node.value[part]  # type: ignore[index,assignment]
    last = place[-1]
    leaf = node.mapping.get(last) if isinstance(last, str) else None
    number = number_of(leaf.value) if leaf is not None and leaf.origin and isinstance(leaf.value, str) else None
    if number is None:
        return False
    value[last] = number
    return True


def _fields_at(model: Any, path: Path) -> list[str]:
    """Keys that may stand at a path inside a model."""
    for part in path:
        fields = getattr(model, "model_fields", {})
        annotation = fields[part].annotation if part in fields else None
        model = _model_in(annotation) or model
    return [field.alias or name for name, field in getattr(model, "model_fields", {}).items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType, list, dict, tuple, Annotated}:
        return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
    return None
