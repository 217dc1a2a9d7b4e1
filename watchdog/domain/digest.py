"""Content digests: the same content gives the same digest on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any

JSON = Any  # a JSON value; mypy cannot check the recursion at the edges where it is used


#: Made once: ``json.dumps`` would make one for every value.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """First 16 hex digits of the SHA-256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]
