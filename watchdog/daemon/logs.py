"""Logging of the daemon: one event a line on stderr, JSON unless a terminal reads it, and nothing private in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from watchdog.errors import UsageError
from watchdog.text.faults import frames, in_words
from watchdog.text.log import forget_waiting
from watchdog.text.redaction import find_secrets

#: Keys that hold what users wrote, what models answered, or credentials. They are left out whoever logs them.
PRIVATE_KEYS = frozenset({
    "answer", "answers", "api_key", "authorization", "body", "case", "completion", "content", "cookie", "credentials",
    "headers", "input", "key", "message", "messages", "output", "password", "payload", "prompt", "prompts", "request",
    "response", "secret", "text", "texts", "token", "url", "variables",
})  # fmt: skip

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str = "info", *, stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Set up logging for this process. ``as_json`` None: JSON when ``stream`` (stderr) is no terminal.

    Other people's libraries are heard from WARNING on: at lower levels some of them log whole requests.

    Raises:
        UsageError: there is no such level.
    """
    if level not in _LEVELS:
        raise UsageError(f"there is no log level {level!r}; levels: {', '.join(_LEVELS)}")
    forget_waiting()
    stream = stream or sys.stderr
    terminal = stream.isatty()
    rendered = (not terminal) if as_json is None else as_json
    common: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        explain_exception,
        leave_out_private,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer() if rendered else structlog.dev.ConsoleRenderer(colors=terminal)
    )
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name], processors=[remove_meta, *common, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def explain_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Kind, place and frames of an exception in place of its traceback, whose last line may quote what it choked on."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.setdefault("error", in_words(error))
        event.setdefault("frames", frames(error))
    return event


def leave_out_private(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out keys that hold private things, and black out secrets in everything else."""
    return {key: _clean(value) for key, value in event.items() if key.lower() not in PRIVATE_KEYS}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {key: _clean(item) for key, item in value.items() if str(key).lower() not in PRIVATE_KEYS}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return without_secrets(str(value))


def without_secrets(text: str) -> str:
    """The text with each secret in it replaced by its kind."""
    for finding in reversed(find_secrets(text)):
        text = f"{text[: finding.start]}[{finding.kind}]{text[finding.end :]}"
    return text
