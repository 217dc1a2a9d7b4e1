"""A JSON Schema of watchdog.yaml, for editors: completion, hover texts and red lines while typing."""

from __future__ import annotations

import inspect
from typing import Any

from watchdog.settings.load import KEYS
from watchdog.settings.parts import Part, Parts, Vocabulary
from watchdog.settings.providers import KEY_VARIABLES
from watchdog.settings.scorers import MetricShape, judge_part
from watchdog.settings.shapes import (
    DrillsShape,
    HeadShape,
    HeartbeatShape,
    HooksShape,
    HousePolicyShape,
    LimitsShape,
    OwnerShape,
    PriceShape,
    RetentionShape,
    ServerShape,
    WatchShape,
)
from watchdog.text.documents.fit import Shape

Schema = dict[str, Any]

_NAMES = {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}
#: A value left to the environment, or a number with its unit.
_FILLED = {"type": "string", "pattern": r"\$\{[^}]*\}"}
_WITH_UNIT = {"type": "string", "pattern": r"\$\{[^}]*\}|^\s*\$?\s*[0-9.]+\s*[A-Za-z]*\s*$"}
_OWN_PART = {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", "description": "package.module:Name"}


def json_schema(vocabulary: Vocabulary) -> Schema:
    """JSON Schema (draft 2020-12) of a watchdog.yaml that may name the parts of ``vocabulary``."""
    parts = Parts(vocabulary)
    head = _of(HeadShape)["properties"]
    sections = {
        "owner": _of(OwnerShape),
        "policy": _of(HousePolicyShape),
        "providers": _named(_provider(parts)),
        "watches": _named({"$ref": "#/$defs/watch"}),
        "notify": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/notifier"}},
        "server": _of(ServerShape),
        "heartbeat": _of(HeartbeatShape),
        "retention": _of(RetentionShape),
        "drills": _of(DrillsShape),
        "prices": {"type": "object", "additionalProperties": _of(PriceShape), "description": "USD per million tokens"},
        "hooks": _of(HooksShape),
    }
    properties = {**head, **sections}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "watchdog.yaml",
        "type": "object",
        "required": ["version", "watches"],
        "properties": {key: properties[key] for key in KEYS},
        "additionalProperties": False,
        "$defs": {
            "watch": _watch(),
            "scorer": _short_forms(parts, "scorer", _of(MetricShape)["properties"]),
            "notifier": _short_forms(parts, "notifier", {"name": {"type": "string", **_NAMES}}),
        },
    }


def _of(shape: type[Shape]) -> Schema:
    """Schema of a section, its parts inlined, and every number also as a variable."""
    schema = shape.model_json_schema()
    definitions = schema.pop("$defs", {})
    widened: Schema = _widened(_inlined(schema, definitions), _FILLED)
    return widened


def _inlined(schema: Any, definitions: Schema) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**_inlined(target, definitions), **_inlined(rest, definitions)}
    # Titles that pydantic derives from names only repeat them.
    return {
        key: _inlined(value, definitions) for key, value in schema.items() if key != "title" or isinstance(value, dict)
    }


def _widened(schema: Any, also: Schema) -> Any:
    """Every number, whole number and truth value may also be a text of the form ``also``."""
    if isinstance(schema, list):
        return [_widened(item, also) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if isinstance(kind, str) and kind in {"number", "integer", "boolean"}:
        outside = {key: schema[key] for key in ("default", "description") if key in schema}
        inside = {key: value for key, value in schema.items() if key not in outside}
        return {"anyOf": [inside, also], **outside}
    return {key: _widened(value, also) if key != "default" else value for key, value in schema.items()}


def _named(entry: Schema) -> Schema:
    return {"type": "object", "propertyNames": _NAMES, "additionalProperties": entry}


def _watch() -> Schema:
    schema = _of(WatchShape)
    schema["properties"]["scorers"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/scorer"}}
    schema["not"] = {"required": ["every", "cron"]}
    return schema


def _provider(parts: Parts) -> Schema:
    common = {"limits": _of(LimitsShape)}
    kinds = parts.names("provider")
    rules = []
    for kind in kinds:
        part = parts.find("provider", kind)
        required = [name for name in _required(part) if not (name == "api_key" and kind in KEY_VARIABLES)]
        then = {
            "properties": {"kind": True, **common, **_arguments(part)},
            "required": required,
            "additionalProperties": False,
        }
        rules.append({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then})
    which = {"anyOf": [{"enum": kinds}, _OWN_PART]}
    return {"type": ["object", "null"], "properties": {"kind": which, **common}, "allOf": rules}


def _short_forms(parts: Parts, kind: str, reserved: Schema) -> Schema:
    """``name``, or ``name: value``, or ``name: {argument: value}``."""
    found = {name: parts.find(kind, name) for name in parts.names(kind) if name != "judge"}
    if kind == "scorer":
        found["judge"] = judge_part()
        negated = [name for name, part in found.items() if getattr(part.factory, "negatable", False)]
        found |= {f"not-{name}": parts.find(kind, f"not-{name}") for name in negated if f"not-{name}" not in found}
    alone = [name for name, part in found.items() if not _required(part)]
    return {
        "anyOf": [
            {"enum": alone},
            _OWN_PART,
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {name: _behind_name(part, reserved) for name, part in found.items()},
                "patternProperties": {":": True},
                "additionalProperties": False,
            },
        ]
    }


def _behind_name(part: Part, reserved: Schema) -> Schema:
    arguments = _arguments(part)
    by_name = {
        "type": "object",
        "properties": {**arguments, **reserved},
        "required": _required(part),
        "additionalProperties": False,
    }
    forms = [by_name, *([{"type": "null"}] if not _required(part) else [])]
    if part.scalar in arguments:
        forms.append(arguments[part.scalar])
    return {"anyOf": forms, **_description(part)}


def _arguments(part: Part) -> Schema:
    return {name: _argument(part, name, parameter.default) for name, parameter in part.parameters.items()}


def _argument(part: Part, name: str, default: Any) -> Schema:
    try:
        schema = part.adapter(name).json_schema()
    except Exception:  # noqa: BLE001 - a type of the user's own that has no schema: anything goes
        return {}
    schema = _widened(_inlined(schema, schema.pop("$defs", {})), _WITH_UNIT)
    plain = default is None or isinstance(default, (str, int, float, bool))
    return {**schema, "default": default} if default is not inspect.Parameter.empty and plain else schema


def _required(part: Part) -> list[str]:
    return [name for name, parameter in part.parameters.items() if parameter.default is inspect.Parameter.empty]


def _description(part: Part) -> Schema:
    first = (inspect.getdoc(part.factory) or "").partition("\n\n")[0].replace("\n", " ")
    return {"description": first} if first else {}
