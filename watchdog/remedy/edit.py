"""One value of watchdog.yaml changed in place, every other character as it was. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from watchdog.errors import UsageError

#: Texts that YAML reads back as the same text without quotes.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*(:[A-Za-z0-9_./@+-]+)*")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def with_value(text: str, path: Sequence[str], value: str | Mapping[str, Any]) -> str:
    """The document with another value at ``path`` (keys of mappings): a text, or a mapping in place of a mapping.

    Raises:
        UsageError: there is no such key, or what stands there is not ours to change (a variable, an alias, a part that
            another one shares).
    """
    where = ".".join(path)
    node: yaml.Node = yaml.compose(text, Loader=yaml.SafeLoader) or yaml.ScalarNode("", "")
    for key in path:
        found = _entry(node, key)
        if found is None:
            raise UsageError(f"watchdog.yaml has no {where} to change; edit it by hand")
        name, node = found
        if node.start_mark.index < name.start_mark.index:  # an anchor stands before its aliases
            raise UsageError(f"{where} is an alias of another part of watchdog.yaml; edit it by hand")
    if not isinstance(node, yaml.ScalarNode if isinstance(value, str) else yaml.MappingNode):
        kind = "text" if isinstance(value, str) else "mapping"
        raise UsageError(f"{where} of watchdog.yaml is not a {kind}; edit it by hand")
    start, end = node.start_mark.index, _end(node)
    if "${" in text[start:end]:
        raise UsageError(f"{where} of watchdog.yaml comes from the environment ({text[start:end]}); change it there")
    edited = f"{text[:start]}{written(value)}{text[end:]}"
    if not _alone(text, edited, path, value):
        raise UsageError(
            f"other parts of watchdog.yaml share {where} by an anchor; write it out there, or edit by hand"
        )
    return edited


def _end(node: yaml.Node) -> int:
    """Where the last character of a node is: PyYAML counts what follows a block up to the next key to it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1])
    return int(node.end_mark.index)


def _alone(text: str, edited: str, path: Sequence[str], value: object) -> bool:
    """Whether the edit changes what is at ``path`` and nothing that an anchor ties to it."""
    try:
        return bool(yaml.safe_load(edited) == _put(yaml.safe_load(text), path, value))
    except yaml.YAMLError:  # the anchor itself stood in the value that was replaced
        return False


def _put(tree: Any, path: Sequence[str], value: object) -> Any:
    """The tree with another value at ``path``; all that is beside it stays as it was, shared or not."""
    return {**tree, path[0]: _put(tree[path[0]], path[1:], value)} if path else value


def _entry(node: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Key and value of a mapping's entry."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(((name, child) for name, child in node.value if name.value == key), None)


def written(value: str | Mapping[str, Any]) -> str:
    """A text or a mapping as YAML on one line."""
    if not isinstance(value, str):
        return yaml.safe_dump(dict(value), default_flow_style=True, sort_keys=False, width=math.inf).strip()
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
    return value if plain else json.dumps(value, ensure_ascii=False)
