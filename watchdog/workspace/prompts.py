"""Prompt files.

``.yaml`` or ``.yml``: a mapping with ``user`` and, if wanted, ``system``.
Any other name: text. If its first line that is not blank is the heading ``# System`` or ``# User``, these two
headings (alone on their line) divide it; ``# User`` must be there. Otherwise the whole text is the user part.
Both parts are Jinja2 templates.
"""

from __future__ import annotations

import re
from pathlib import Path

from watchdog.domain.target import Prompt
from watchdog.text.documents.fit import fit
from watchdog.text.documents.problems import Loaded, Problems
from watchdog.text.documents.reading import read_text
from watchdog.text.documents.yaml_nodes import parse_yaml
from watchdog.workspace.shapes import PromptShape

_HEADING = re.compile(r"^# (system|user)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
#: What a template may use beside the variables of a case.
_ALWAYS = frozenset({"input", "contexts", "messages"})


def load_prompt(path: Path, shown: str) -> Loaded[Prompt]:
    """Read a prompt file with everything that is wrong with it; ``shown`` is its name as the user would write it."""
    problems = Problems(shown)
    text = read_text(path, problems)
    if text is None:
        return Loaded(None, tuple(problems.found))
    if path.suffix.lower() in {".yaml", ".yml"}:
        prompt = _from_yaml(text, shown, problems)
    else:
        prompt = _from_text(text, shown, problems)
    return Loaded(None if problems.found else prompt, tuple(problems.found))


def variables_of(prompt: Prompt) -> frozenset[str]:
    """Variables that every case must give for the prompt; those it asks ``is defined`` or ``default`` of are not."""
    found: set[str] = set()
    for template in (prompt.system, prompt.user):
        if template is not None and "{" in template and "defined" not in template and "default" not in template:
            from jinja2 import Environment, meta  # noqa: PLC0415 - most commands read no template

            found |= meta.find_undeclared_variables(Environment().parse(template))  # noqa: S701 - nothing is rendered
    return frozenset(found) - _ALWAYS


def _from_yaml(text: str, shown: str, problems: Problems) -> Prompt | None:
    root = parse_yaml(text, problems)
    shape = None if root is None else fit(PromptShape, root, problems)
    if root is None or shape is None:
        return None
    for key, template in (("system", shape.system), ("user", shape.user)):
        if template:
            _parse(template, root.line_of(key), problems)
    return Prompt(name=shown, user=shape.user, system=shape.system)


def _from_text(text: str, shown: str, problems: Problems) -> Prompt | None:
    text = text.replace("\r\n", "\n")
    headings = list(_HEADING.finditer(text))
    parts: dict[str, str] = {}
    if not headings or text[: headings[0].start()].strip():
        parts["user"] = text.strip()
        _parse(text, 1, problems)
    else:
        for at, heading in enumerate(headings):
            name, line = heading[1].lower(), text.count("\n", 0, heading.start()) + 1
            end = headings[at + 1].start() if at + 1 < len(headings) else len(text)
            if name in parts:
                problems.add(f"a second '# {name.capitalize()}'", at=line, hint="use '##' inside a part")
            parts[name] = text[heading.end() : end].strip()
            _parse(text[heading.end() : end], line, problems)
    if not parts.get("user"):
        problems.add("has no user part", hint="write '# User' above it" if parts.get("system") else "")
        return None
    return Prompt(name=shown, user=parts["user"], system=parts.get("system") or None)


def _parse(template: str, line: int, problems: Problems) -> None:
    """Note a syntax error; ``line`` is where the template starts."""
    if not any(mark in template for mark in ("{{", "{%", "{#")):
        return
    from jinja2 import TemplateError, TemplateSyntaxError  # noqa: PLC0415 - most commands read no template
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    try:
        SandboxedEnvironment(optimized=False).compile(template)  # also finds filters that there are not
    except TemplateSyntaxError as error:
        problems.add(f"is not a Jinja2 template: {error.message}", at=line + error.lineno - 1)
    except (TemplateError, RecursionError) as error:
        problems.add(f"is not a Jinja2 template: {type(error).__name__}", at=line)
