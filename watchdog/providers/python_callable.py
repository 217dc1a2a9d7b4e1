"""The user's own code as a target: a callable that is given the request and returns the answer."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from watchdog.domain.response import Answer, Request
from watchdog.errors import ErrorKind, ProviderError, UsageError
from watchdog.providers.answers import NotAnAnswer, answer_from
from watchdog.providers.classify import failure


class PythonProvider:
    """Answers by ``package.module:name``, called with the Request.

    The callable returns a text, an Answer, or a mapping with ``text`` and other fields of Answer. It may raise
    ProviderError to say what kind of failure it met; anything else is ``internal``: reported with its class and place,
    never with its message, which may hold the prompt.

    It should be async. A plain function runs in a thread of its own, of which there are ``max_connections`` at the
    most: a call that timed out keeps its thread until the function returns, as nobody can stop it.
    """

    address: ClassVar[frozenset[str]] = frozenset({"callable"})

    def __init__(self, *, callable: str, max_connections: int = 100) -> None:  # noqa: A002 - the word watchdog.yaml uses
        self._path = callable
        self._max_connections = max_connections
        self._busy = 0
        module, _, name = callable.partition(":")
        if not module or not name:
            raise UsageError(f"{callable!r} is not of the form package.module:name")
        self._function: Callable[[Request], Any] | None = None

    def warm_up(self) -> None:
        """Import the callable; UsageError when there is none of that name."""
        if self._function is not None:
            return
        module_name, _, name = self._path.partition(":")
        try:
            module = importlib.import_module(module_name)
        except Exception as error:
            raise UsageError(f"cannot import {module_name!r} of {self._path!r}: {_where(error)}: {error}") from error
        found: Any = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if not callable(found):
            raise UsageError(f"{module_name!r} has no callable {name!r}")
        self._function = found

    async def complete(self, request: Request) -> Answer:
        """Ask once; raise ProviderError when there is no answer."""
        self.warm_up()
        assert self._function is not None
        try:
            result = await self._called(self._function, request)
        except ProviderError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code may raise anything
            raise failure(ErrorKind.INTERNAL, f"{self._path} raised {_where(error)}") from None
        if isinstance(result, str):
            return Answer(text=result)
        if isinstance(result, Answer):
            return result
        try:
            return answer_from(result)
        except NotAnAnswer as error:
            raise failure(ErrorKind.INTERNAL, f"{self._path} did not return an answer: {error}") from None

    async def aclose(self) -> None:
        """Nothing to give up."""

    async def _called(self, function: Callable[[Request], Any], request: Request) -> Any:
        if inspect.iscoroutinefunction(function):
            return await function(request)
        result = await self._in_a_thread(function, request)  # a blocking callable must not stop the other calls
        return await result if inspect.isawaitable(result) else result

    async def _in_a_thread(self, function: Callable[[Request], Any], request: Request) -> Any:
        """Call a plain function beside the loop.

        Not in the loop's own few threads: calls would wait for one another there, which looks like a slow model, and
        the database with them. And not in a pool, which is waited for at exit, for ever when a function hangs.
        """
        if self._busy >= self._max_connections:
            raise failure(ErrorKind.TIMEOUT, f"{self._path} is still busy with {self._busy} calls that were given up")
        loop, context = asyncio.get_running_loop(), copy_context()
        ended: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            self._busy -= 1
            if not ended.done():
                ended.set_result((result, error))

        def work() -> None:
            result, error = None, None
            try:
                result = context.run(function, request)
            except BaseException as caught:  # noqa: BLE001 - it is raised where somebody waits for it
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        self._busy += 1
        Thread(target=work, name=self._path, daemon=True).start()
        result, error = await ended
        if error is not None:
            raise error
        return result


def _where(error: BaseException) -> str:
    """Class and place of an exception: enough to find it, nothing of what it says."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
