"""Packages that are imported for a few of their modules are not run until somebody asks for more.

``import openai`` runs some four hundred modules of response models, of which we use none: nearly half a second. Here
the ``__init__`` of such packages is put off until an attribute is missed that is none of their modules.

A whole package is put off only in a process that runs nobody else's code: what others set on it would be lost when it
is run at last, and what their threads import of it would meet it half run. There its type names alone are put off.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

#: Whether this process runs nobody else's code.
_alone = False


def nobody_else_is_here() -> None:
    """Say that this process runs our commands, and no code of the user's own."""
    global _alone  # noqa: PLW0603 - it is the process that is alone
    _alone = True


def alone() -> bool:
    """Whether this process runs nobody else's code."""
    return _alone


@contextmanager
def deferred(package: str) -> Iterator[None]:
    """While it lasts, ``package`` and the packages in it are imported without being run."""
    finder = _Finder(package)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._package and not fullname.startswith(f"{self._package}."):
            return None
        others = (finder.find_spec(fullname, path, target) for finder in sys.meta_path if finder is not self)
        spec = next((found for found in others if found is not None), None)
        if spec is not None and spec.submodule_search_locations is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


class _Later(Loader):
    def __init__(self, real: Loader) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Deferred


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if spec is None or not isinstance(spec.loader, _Later):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module = f"{self.__name__}.{name}"
        if module in sys.modules or (not name.startswith("__") and find_spec(module) is not None):
            return import_module(module)
        spec.loader = self.__loader__ = real = spec.loader.real
        self.__class__ = ModuleType  # type: ignore[assignment]
        real.exec_module(self)
        return getattr(self, name)


def classes(package: str, *places: str) -> tuple[Any, ...]:
    """Classes of a package (``module.Name`` in it), without what else its ``__init__`` runs, as far as we are alone.

    Where a class is not (any more) where we know it to be, the package is asked for it by its name.
    """
    found: list[Any] = []
    if not _alone:
        with deferred(f"{package}.types"):
            return tuple(getattr(import_module(package), place.rpartition(".")[2]) for place in places)
    with deferred(package):
        for place in places:
            module, _, name = place.rpartition(".")
            try:
                found.append(getattr(import_module(f"{package}.{module}"), name))
            except (ImportError, AttributeError):
                found.append(getattr(import_module(package), name))
    return tuple(found)
