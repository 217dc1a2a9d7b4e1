"""Views as JSON: what ``--json`` prints."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct


def as_json(view: Any, *, indent: int | None = 2) -> str:
    """A view, or a list of them, as JSON text. What is not known is null, and so is NaN."""
    return json.dumps(plain(view), indent=indent, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """A view as dicts, lists and scalars. Enums become their values, NaN and infinities None."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)
