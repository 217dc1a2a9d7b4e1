"""Runbooks: pages with the same six sections, in which commands are to be typed as they stand.

Words in capitals stand for what differs from watch to watch: WATCH, ID (of an alert), PINNED (a model), CHANNEL, TOOL;
others (``YOUR_NAME``, ``N``) are for whoever types.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from watchdog.text.documents.problems import Loaded, Problems
from watchdog.text.documents.reading import is_there, read_text
from watchdog.workspace.locate import shipped

#: In this order. Half asleep one reads the second and the third.
SECTIONS = ("What it means", "Check", "Decide", "Act", "Escalate", "Afterwards")
#: The page that leads to all others.
INDEX = "README"

_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
_TITLE = re.compile(r"^# +(.+?)\s*$", re.MULTILINE)
_INLINE = re.compile(r"`(?:\$ )?eval-watchdog(?: ([^`]*))?`")
_BLOCK = re.compile(r"^(?: {4,}|\$ |(?= *eval-watchdog ))[ \t]*(?:\$ )?eval-watchdog(?: (.*))?$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: What a shell reads, and no command of ours.
_SHELL = re.compile(r"\s(?:[|>&;].*)$")
#: Words in capitals that stand where not every text may, each with one that may.
_SAMPLES = {"N": "8", "KIND": "provider-down"}
_CAPITALS = re.compile(r"\b[A-Z]+\b")


class Runbook(Struct, frozen=True, kw_only=True):
    """A runbook of a workspace."""

    path: Path
    #: As it is shown.
    file: str
    text: str


class Typed(Struct, frozen=True):
    """A command of ours that a runbook tells to type."""

    line: int
    #: What follows ``eval-watchdog``.
    words: tuple[str, ...]
    #: As it is written.
    text: str


class Fault(Struct, frozen=True):
    """Something that would hold up whoever follows a runbook."""

    #: 0: the page as a whole.
    line: int
    message: str


def load_runbook(path: Path, shown: str) -> Loaded[Runbook]:
    """A page that says something. Nothing is raised for anything that is in it."""
    problems = Problems(shown)
    text = read_text(path, problems)
    if text is not None and not text.strip():
        problems.add("is empty: whoever is paged finds nothing to do", hint=f"its sections: {', '.join(SECTIONS)}")
        text = None
    return Loaded(None if text is None else Runbook(path=path, file=shown, text=text), tuple(problems.found))


def shipped_pages() -> Mapping[str, Path]:
    """The runbooks that come with us, by name without its ending."""
    folder = shipped("runbooks")
    return {page.stem: page for page in sorted(folder.glob("*.md"))} if folder is not None else {}


def title_of(text: str) -> str:
    """The first heading; empty when there is none."""
    found = _TITLE.search(text)
    return found[1] if found else ""


def sections_of(text: str) -> dict[str, str]:
    """Text below each heading of the second level, by heading, in the order of the page."""
    marks = list(_HEADING.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def commands_of(text: str) -> list[Typed]:
    """Every command of ours, in the order of the page.

    Raises:
        ValueError: one has an open quotation mark.
    """
    found = {match.start(): match for pattern in (_INLINE, _BLOCK) for match in pattern.finditer(text)}
    return [_typed(text, found[at]) for at in sorted(found)]


def lint_runbook(text: str, problem_of: Callable[[tuple[str, ...]], str]) -> list[Fault]:
    """What is wrong with a runbook, in the order of the page.

    ``problem_of``: why a command cannot be typed, empty when it can.
    """
    if not text.strip():
        return [Fault(0, "is empty")]
    found = [] if title_of(text) else [Fault(1, "has no title; begin with '# What happened'")]
    return sorted([*found, *_about_sections(text), *_about_commands(text, problem_of)], key=lambda fault: fault.line)


def links_of(text: str) -> list[tuple[int, str]]:
    """Line and target of every link, in the order of the page."""
    return [(text.count("\n", 0, found.start()) + 1, found[1]) for found in _LINK.finditer(text)]


def broken_links(runbook: Runbook) -> list[Fault]:
    """Links to pages that are not there. Addresses are taken at their word; sections are not looked for."""
    known = shipped_pages()
    return [
        Fault(line, f"the link to {target} leads nowhere")
        for line, target in links_of(runbook.text)
        if not _ADDRESS.match(target)
        and not target.startswith("#")
        and not is_there(runbook.path.parent / target.partition("#")[0])
        and target.partition("#")[0].removesuffix(".md") not in known
    ]


def _about_sections(text: str) -> Iterator[Fault]:
    sections = sections_of(text)
    for name in SECTIONS:
        if name not in sections:
            yield Fault(0, f"has no section '## {name}'")
        elif not sections[name]:
            yield Fault(_line(text, f"## {name}"), f"the section {name!r} is empty")
    there = [name for name in sections if name in SECTIONS]
    if there != [name for name in SECTIONS if name in sections]:
        yield Fault(0, f"the sections are not in this order: {', '.join(SECTIONS)}")
    if sections.get("Check") and not _INLINE.search(sections["Check"]) and not _BLOCK.search(sections["Check"]):
        yield Fault(_line(text, "## Check"), "'Check' has no command to type")
    decide = sections.get("Decide", "")
    if decide and "→" not in decide and not re.search(r"^(?:[-*] |\||\d+\. )", decide, re.MULTILINE):
        yield Fault(_line(text, "## Decide"), "'Decide' is prose; write what to check, and what then, as a list")


def _about_commands(text: str, problem_of: Callable[[tuple[str, ...]], str]) -> Iterator[Fault]:
    try:
        commands = commands_of(text)
    except ValueError as error:
        yield Fault(0, f"a command has {str(error).lower()}")
        return
    for command in commands:
        problem = problem_of(command.words)
        if problem:
            yield Fault(command.line, f"`{command.text}`: {problem}")


def _typed(text: str, found: re.Match[str]) -> Typed:
    written = (found[1] or "").strip()
    tried = _CAPITALS.sub(lambda word: _SAMPLES.get(word[0], word[0]), written)
    words = shlex.split(_SHELL.sub("", tried))
    line = text.count("\n", 0, found.start()) + 1
    return Typed(line, tuple(words), f"eval-watchdog {written}".strip())


def _line(text: str, start: str) -> int:
    return text.count("\n", 0, text.index(start)) + 1
