"""The event loop that commands run on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from importlib import import_module
from typing import Any, TypeVar

from watchdog.providers.deferred import nobody_else_is_here

T = TypeVar("T")
#: Seconds into a command after which its first calls are under way and it waits for answers.
UNDER_WAY = 0.5


def run(main: Coroutine[Any, Any, T], *, own_code: bool = False) -> T:
    """Run to its end like ``asyncio.run``, on uvloop where there is one: calls cost a sixth less of a core there.

    ``own_code``: code of the user's own is asked, which may rely on how asyncio does it (a broken pipe, say), and may
    import what we do.
    """
    if own_code:
        return asyncio.run(main)
    nobody_else_is_here()
    try:
        from uvloop import new_event_loop
    except ImportError:  # Windows
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


def load_meanwhile(*modules: str) -> None:
    """Import modules in a thread while answers are awaited, so that nobody waits for them when the last one is in."""
    loop = asyncio.get_running_loop()
    loop.call_later(UNDER_WAY, loop.run_in_executor, None, _load, modules)


def _load(modules: tuple[str, ...]) -> None:
    with suppress(Exception):  # whoever uses them says so
        for module in modules:
            import_module(module)
