"""Where a golden set, a judge or a runbook is: in the workspace, beside the code in a checkout, or in the package."""

from __future__ import annotations

from pathlib import Path

from watchdog.text.documents.reading import is_there

_PACKAGE = Path(__file__).resolve().parent.parent
#: By kind: its folder in a workspace and in the package, and its folder in a checkout.
_FOLDERS = {
    "golden_sets": ("golden_sets", "golden_sets"),
    "judges": ("judges", "judges"),
    "runbooks": ("runbooks", "docs/runbooks"),
    "migrations": ("migrations", "migrations"),
}


def locate(kind: str, name: str, folder: Path) -> Path | None:
    """The first that exists of: ``name`` in the workspace, ``<kind>/name`` there, and the shipped one of that name."""
    candidates = [folder / name, folder / _FOLDERS[kind][0] / name]
    if not Path(name).is_absolute():
        last = Path(name).name
        candidates += [place / last for place in _shipped_places(kind)]
    return next((candidate for candidate in candidates if is_there(candidate)), None)


def shipped(kind: str) -> Path | None:
    """Folder of what is shipped of a kind; None when there is none."""
    return next((place for place in _shipped_places(kind) if place.is_dir()), None)


def names(kind: str, folder: Path) -> list[str]:
    """Names that ``locate`` would find, for a hint."""
    places = [folder / _FOLDERS[kind][0], *_shipped_places(kind)]
    return sorted({entry.name for place in places if place.is_dir() for entry in place.iterdir()})


def _shipped_places(kind: str) -> list[Path]:
    in_package, in_checkout = _FOLDERS[kind]
    bundled = _PACKAGE / "_bundled"
    # Beside an installed package lie other people's folders; some distributions leave a "migrations" there.
    return [bundled / in_package] if bundled.is_dir() else [_PACKAGE.parent / in_checkout]
