"""The one page: an overview as HTML. Everything in it is escaped, and it loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from watchdog.daemon.health import Trouble
from watchdog.web.overview import Overview

#: Seconds after which the page asks again.
REFRESH = 30

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def iso(time: float) -> str:
    """Unix time as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def ago(time: float, now: float) -> str:
    """How far a time is from now, in words: ``5 min ago``, ``in 2 h``."""
    seconds = round(abs(now - time))
    if seconds < 1:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            words = f"{seconds // size} {unit}"
            break
    return f"{words} ago" if time < now else f"in {words}"


def headline(view: Overview, troubles: Sequence[Trouble]) -> tuple[str, str]:
    """(how it is, in one sentence): ``bad`` when somebody should act, ``unsure`` when we cannot tell, ``good``."""
    firing = [line for line in view.alerts if line.state == "firing"]
    if firing:
        return "bad", f"{len(firing)} alert{'s fire' if len(firing) > 1 else ' fires'}."
    if troubles:
        return "unsure", "The watchdog itself has trouble."
    unsure = [f"{line.name}: {line.level}" for line in view.watches if line.level != "calm"]
    if unsure:
        return "unsure", f"No alert fires. {'; '.join(unsure)}."
    return "good", "All watches are calm." if view.watches else "There is nothing to watch."


def page(view: Overview, troubles: Sequence[Trouble], nonce: str) -> str:
    """The page; ``nonce`` allows its one style sheet."""
    mood, sentence = headline(view, troubles)
    template = _templates.get_template("overview.html")
    return template.render(
        view=view,
        troubles=troubles,
        nonce=nonce,
        mood=mood,
        sentence=sentence,
        refresh=REFRESH,
        iso=iso,
        ago=lambda time: ago(time, view.at),
    )
