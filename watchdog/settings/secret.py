"""Values that must not be seen."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, NoReturn

from watchdog.errors import UsageError

HIDDEN = "***"


class Secret:
    """A text that hides itself from print, repr, formatting, JSON and pickle; ``reveal()`` gives it."""

    __slots__ = ("_origin", "_value")

    def __init__(self, value: str, *, origin: str = "") -> None:
        self._value: str | None = value
        #: Where it came from, for messages: ``the environment variable OPENAI_API_KEY``.
        self._origin = origin

    @classmethod
    def unset(cls, origin: str) -> Secret:
        """A secret whose variable or file is not there: fine until somebody needs it."""
        secret = cls("", origin=origin)
        secret._value = None
        return secret

    @property
    def is_set(self) -> bool:
        """Whether there is anything to reveal."""
        return self._value is not None

    def reveal(self) -> str:
        """The text itself.

        Raises:
            UsageError: its variable or file is not there.
        """
        if self._value is None:
            raise UsageError(f"{self._origin} is not set")
        return self._value

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __format__(self, specification: str) -> str:
        return format(HIDDEN, specification)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._value is None or other._value is None:
            return self._value is other._value
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("secret", self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: pass its name and read it where it is needed")


def revealed(value: Any) -> Any:
    """A value with every secret inside it in clear text.

    Raises:
        UsageError: one of them is not set.
    """
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: revealed(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [revealed(child) for child in value]
    return value


def secrets_in(value: Any) -> list[Secret]:
    """Every secret inside a value."""
    if isinstance(value, Secret):
        return [value]
    children = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return [secret for child in children for secret in secrets_in(child)]


def scrubbed(text: str, value: Any) -> str:
    """A text without the secrets inside ``value``: for messages of parts that were given them."""
    for secret in secrets_in(value):
        if secret.is_set and len(secret.reveal()) >= 4:
            text = text.replace(secret.reveal(), HIDDEN)
    return text
