"""Logging that costs nothing until there is something to log: structlog brings a console along, a tenth of a second."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

#: What sets logging up for this process, until it has been called.
_WAITING: list[Callable[[], None]] = []


class Log:
    """What ``structlog.get_logger(name)`` gives, asked for at each event."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, level: str) -> Any:
        import structlog  # noqa: PLC0415

        configured()
        return getattr(structlog.get_logger(self._name), level)


def configure_when_needed(configure: Callable[[], None]) -> None:
    """Call ``configure`` before the first event is logged, by us or by a library (from WARNING on)."""
    _WAITING[:] = [configure]
    root = logging.getLogger()
    root.handlers = [_First()]
    root.setLevel(logging.WARNING)


def configured() -> None:
    """Set logging up now, if that is still waiting."""
    while _WAITING:
        _WAITING.pop()()


def forget_waiting() -> None:
    """Somebody else has set logging up."""
    _WAITING.clear()


class _First(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        configured()
        logging.getLogger().handle(record)
