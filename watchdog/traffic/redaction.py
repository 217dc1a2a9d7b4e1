"""A row made fit to be kept: personal data and secrets are replaced in everything a customer may have written.

Redaction comes before a row becomes a case, and so before it is stored, sent to a model or judged. Identifiers are
replaced by keyed hashes: the same sample and the same trace keep one name in every look, and nobody reads the
original from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any

from watchdog.domain.case import Message
from watchdog.text.redaction import redact
from watchdog.traffic.rows import TrafficRow

#: Every field of a row but the numbers of its own.
_WRITTEN = tuple(field.name for field in fields(TrafficRow) if field.name not in {"ts", "latency_ms", "cost", "weight"})


def redacted(row: TrafficRow) -> TrafficRow:
    """The same row without personal data and secrets in any text, key or number of it."""
    return replace(row, **{name: redacted_value(getattr(row, name)) for name in _WRITTEN})


def redacted_value(value: Any) -> Any:
    """Any JSON value (or messages) with every text in it redacted, keys of objects included.

    A number that reads as personal data (a card number written without quotes) becomes its redacted text.
    """
    if isinstance(value, str):
        # A lone surrogate is legal in JSON and in no file: it would break every store behind us.
        return redact(value.encode("utf-8", "replace").decode())
    if isinstance(value, Message):
        return Message(role=redacted_value(value.role), content=redacted_value(value.content))
    if isinstance(value, dict):
        return {redacted_value(key): redacted_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(redacted_value(item) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(value)
        return value if redact(written) == written else redact(written)
    return value


def pseudonym(identifier: str, salt: str) -> str:
    """Keyed hash of an identifier, 16 hex digits: the same name everywhere for those who know the salt."""
    key = hashlib.sha256(salt.encode()).digest()
    return hashlib.blake2b(identifier.encode("utf-8", "replace"), key=key, digest_size=8, person=b"wd-name").hexdigest()
