"""Parts named in watchdog.yaml: found by name, and built.

A part is an ordinary class. What its constructor takes is what the user may write; five class attributes, all
optional, say the rest:

``scalar``    name of the argument that a bare value sets (``- contains: refund``)
``files``     names of the arguments that, given as text, are files (so is a ``Path``), relative to the
              file that names them
``injected``  names of the arguments that come from the house (``ask``, ``build``, ``clock``), never from the user
``address``   names of the arguments that say who answers, and where (providers): a change of one is a change of ours
``negatable`` whether ``not-<name>`` makes sense (scorers)
"""

from __future__ import annotations

import importlib
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from watchdog.errors import UnknownName, UsageError, WatchdogError
from watchdog.settings.secret import revealed, scrubbed
from watchdog.text.documents.suggest import did_you_mean

#: By kind (``provider``, ``scorer``, ``notifier``): short name -> ``module:attribute``.
Vocabulary = Mapping[str, Mapping[str, str]]

#: The method that makes a class a part of its kind.
_VERBS = {"provider": "complete", "scorer": "score", "notifier": "send"}
#: What the house calls and reads of a part beside its verb (see ``protocols.py``).
_MEMBERS = {"provider": ("aclose",), "scorer": ("name", "digest"), "notifier": ("name", "resend_every", "aclose")}
_NOT = "not-"


class UnusablePart(UnknownName):
    """There is no such part, or it cannot be used."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def load_part(dotted_name: str) -> Callable[..., Any]:
    """The class or function that ``package.module:Name`` names.

    Raises:
        UnusablePart: there is no such module or name, or importing it failed.
    """
    module_name, _, attribute = dotted_name.partition(":")
    if not re.fullmatch(r"[A-Za-z_][\w.]*", module_name) or not attribute.isidentifier():
        raise UnusablePart(f"{dotted_name!r} is not a name of the form package.module:Name")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # the user's module may raise anything
        raise UnusablePart(f"{module_name} cannot be imported: {type(error).__name__}: {error}") from error
    part = getattr(module, attribute, None)
    if not callable(part):
        said = "there is no" if part is None else "cannot be called:"
        raise UnusablePart(f"{said} {attribute} in {module_name}", did_you_mean(attribute, _public(module)))
    return typing.cast("Callable[..., Any]", part)


def _public(module: object) -> list[str]:
    return [name for name, value in vars(module).items() if not name.startswith("_") and inspect.isclass(value)]


class Part(Struct, frozen=True):
    """A class (or factory function) with what its constructor takes from the user."""

    kind: str
    name: str
    factory: Callable[..., Any]
    #: What turns the part round (``inner``, ``name``) when the name began with ``not-``.
    wrapper: Callable[..., Any] | None = None

    @property
    def scalar(self) -> str | None:
        """Argument that a bare value sets."""
        return getattr(self.factory, "scalar", None)

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What the user may write."""
        return {name: parameter for name, parameter in _signature(self.factory).items() if name not in self.injected}

    @property
    def injected(self) -> frozenset[str]:
        """What the house provides."""
        return frozenset(getattr(self.factory, "injected", ()))

    @property
    def address(self) -> frozenset[str]:
        """Arguments that say who answers, and where."""
        return frozenset(getattr(self.factory, "address", ()))

    @property
    def open_ended(self) -> bool:
        """Whether the constructor takes any name (``**arguments``)."""
        return any(parameter.kind is parameter.VAR_KEYWORD for parameter in _parameters(self.factory))

    @property
    def needs_the_house(self) -> bool:
        """Whether it cannot be built without injected arguments."""
        known = _signature(self.factory)
        return any(name in known and known[name].default is inspect.Parameter.empty for name in self.injected)

    def is_path(self, argument: str) -> bool:
        """Whether an argument names a file."""
        annotation = _hints(self.factory).get(argument)
        named = argument in getattr(self.factory, "files", ())
        return named or annotation is Path or Path in typing.get_args(annotation)

    def adapter(self, argument: str) -> TypeAdapter[Any]:
        """What checks and converts one argument."""
        return _adapter(self.factory, argument)

    def construct(self, arguments: Mapping[str, Any], injected: Mapping[str, Any] | None = None) -> Any:
        """Build the part; of ``injected``, what its constructor takes.

        Raises:
            UsageError: a secret is not set, or the part refuses its arguments; no secret is in the message.
        """
        clear = revealed(arguments)
        known = self.parameters
        taken = {name: value for name, value in (injected or {}).items() if name in self.injected}
        try:
            given = {name: self.adapter(name).validate_python(v) if name in known else v for name, v in clear.items()}
            if self.wrapper is None:
                return self._whole(self.factory(**given, **taken))
            named = {"name": given.pop("name")} if "name" in given else {}
            return self.wrapper(inner=self.factory(**given, **taken), **named)
        except WatchdogError:
            raise
        except Exception as error:  # noqa: BLE001 - so may its constructor
            said = scrubbed(f"{error}", arguments) or type(error).__name__
            raise UsageError(said if isinstance(error, ValueError) else f"{type(error).__name__}: {said}") from None

    def _whole(self, part: Any) -> Any:
        """The part, if it has all that the house will ask of it: better missed now than in the middle of a run."""
        verb = _VERBS.get(self.kind)
        if verb is None:
            return part
        for member in (verb, *_MEMBERS[self.kind]):
            if not hasattr(part, member):
                raise UsageError(f"{self.name} is not a {self.kind}: it has no {member!r}")
        for method in (verb, "aclose"):
            found = getattr(part, method, None)
            if inspect.ismethod(found) and not inspect.iscoroutinefunction(found):
                raise UsageError(f"{self.name}: {method!r} must be written 'async def {method}'")
        return part


@cache
def _parameters(factory: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    try:
        return tuple(inspect.signature(factory).parameters.values())
    except (TypeError, ValueError):
        return ()


@cache
def _signature(factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    named = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return {parameter.name: parameter for parameter in _parameters(factory) if parameter.kind in named}


@cache
def _hints(factory: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        built = inspect.isclass(factory) and not issubclass(factory, Struct)  # a record is told by its own annotations
        return typing.get_type_hints(factory.__init__ if built else factory, include_extras=True)
    except Exception:  # noqa: BLE001 - the annotations of a user's own class may name anything
        return {}


@cache
def _adapter(factory: Callable[..., Any], argument: str) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(_hints(factory).get(argument, Any))
    except PydanticUserError:
        return TypeAdapter(Any)


class Parts:
    """Every part that may be named, by kind and name."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._found: dict[tuple[str, str], Part] = {}

    def names(self, kind: str) -> list[str]:
        """Short names of a kind."""
        return [name for name in self._vocabulary.get(kind, {}) if name != "not"]

    def find(self, kind: str, name: str) -> Part:
        """The part of that name.

        Raises:
            UnusablePart: there is none, or it cannot be imported.
        """
        key = (kind, name)
        if key not in self._found:
            self._found[key] = self._find(kind, name)
        return self._found[key]

    def _find(self, kind: str, name: str) -> Part:
        known = self._vocabulary.get(kind, {})
        if ":" in name or (name in known and name != "not"):
            factory = load_part(known.get(name, name))
            verb = _VERBS.get(kind)
            if inspect.isclass(factory) and verb and not callable(getattr(factory, verb, None)):
                raise UnusablePart(f"{name} is not a {kind}: it has no method {verb!r}")
            return Part(kind, name, factory)
        positive = name.removeprefix(_NOT)
        if kind == "scorer" and positive != name and positive in known and "not" in known:
            part = self.find(kind, positive)
            if getattr(part.factory, "negatable", False):
                return Part(kind, name, part.factory, load_part(known["not"]))
            raise UnusablePart(f"{positive!r} cannot be turned round")
        raise UnusablePart(f"there is no {kind} {name!r}", did_you_mean(name, self.names(kind)))

    def build(self, kind: str, name: str, arguments: Mapping[str, Any], **injected: Any) -> Any:
        """Build a part from a checked spec.

        Raises:
            UsageError: see ``find`` and ``Part.construct``.
        """
        return self.find(kind, name).construct(arguments, injected)
