"""The command ``eval-watchdog``: makes sure that ``import watchdog`` is ours, then hands over.

PyPI also has a distribution called ``watchdog``, a file-system watcher that many tools depend on, and it uses the
same import name. Where both are installed, the one that Python finds first wins, or both lie mixed in one folder.
This module lies outside that name, so that it can say what happened.
"""

from __future__ import annotations

import gc
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

#: What to do where our package cannot be imported.
REMEDY = """\
Install eval-watchdog where it does not meet that package:
  pipx install eval-watchdog
  uv tool install eval-watchdog
  python -m venv watchdog-env && watchdog-env/bin/pip install eval-watchdog
or run it in a container."""


def main() -> int:
    """Run the command line; the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):  # answered here: the command line takes longer to load
        print(f"eval-watchdog {version()}")  # noqa: T201
        return 0
    problem = collision()
    if problem is not None:
        print(f"eval-watchdog cannot start: {problem}\n{REMEDY}", file=sys.stderr)  # noqa: T201
        return 2
    warning = mixture()
    if warning is not None:
        print(f"eval-watchdog: warning: {warning}", file=sys.stderr)  # noqa: T201
    # What is imported stays: looking through it for garbage again and again is an eighth of a short command's time.
    gc.set_threshold(300_000, 20, 20)
    from watchdog.cli import main as run  # noqa: PLC0415 - only now is it known to be ours

    try:
        run()
    finally:
        gc.freeze()  # the system takes it all back at once; looking through it first takes a quarter of a second
    return 0


def version() -> str:
    """Version of the installed distribution, or of the checkout that this file lies in."""
    try:
        return metadata.version("eval-watchdog")
    except metadata.PackageNotFoundError:
        import tomllib  # noqa: PLC0415 - a checkout's way

        project = Path(__file__).with_name("pyproject.toml")
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def collision() -> str | None:
    """Why our package cannot be imported; None when it can."""
    if _ours_is_found():
        return None
    found = find_spec("watchdog")
    if found is None:
        return "its package 'watchdog' is missing; the installation is damaged."
    place = Path(found.origin).parent if found.origin else "an unknown place"
    other = _other()
    name = f"the distribution watchdog {other.version} (a file-system watcher)" if other else "another package"
    return f"{name} is what 'import watchdog' finds here, in {place}."


def mixture() -> str | None:
    """A warning when the other distribution lies in the same folder as our package; None when it does not."""
    other, found = _other(), find_spec("watchdog")
    if other is None or found is None or found.origin is None:
        return None
    if Path(str(other.locate_file("watchdog/__init__.py"))).resolve() != Path(found.origin).resolve():
        return None
    return (
        f"the distribution watchdog {other.version} (a file-system watcher) is mixed into the same folder; "
        "removing either breaks the other. Better: an environment of its own (pipx install eval-watchdog)."
    )


def _ours_is_found() -> bool:
    try:
        return find_spec("watchdog.errors") is not None and find_spec("watchdog.domain.watch") is not None
    except ImportError:
        return False


def _other() -> metadata.Distribution | None:
    try:
        return metadata.distribution("watchdog")
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
