"""Golden sets: ``<folder>/set.yaml`` and ``<folder>/cases.jsonl`` to a GoldenSet with its digests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from watchdog.domain.case import Case, GoldenSet, Message
from watchdog.domain.digest import digest
from watchdog.text.documents.fit import fit
from watchdog.text.documents.json_nodes import parse_json_lines
from watchdog.text.documents.node import Node, plain
from watchdog.text.documents.problems import Loaded, Problems
from watchdog.text.documents.reading import LARGEST_LINES, is_there, read_bytes, read_text
from watchdog.text.documents.short_form import CheckReader, CheckReading
from watchdog.text.documents.yaml_nodes import parse_yaml
from watchdog.workspace.shapes import CaseShape, ConversationShape, SetShape


class GoldenFiles(Struct, frozen=True, kw_only=True):
    """A golden set, and what a reviewer needs to find things in its files."""

    golden_set: GoldenSet
    folder: Path
    #: cases.jsonl as the user would name it.
    cases_file: str
    #: Line of each case in it, by id.
    lines: Mapping[str, int] = field(default_factory=dict)
    #: Tags that set.yaml declares; empty when it declares none.
    tags: tuple[str, ...] = ()
    #: Prompt file that goes with the set, relative to its folder.
    prompt: str | None = None
    license: str = ""


def load_golden(folder: Path, shown: str, read_check: CheckReader) -> Loaded[GoldenFiles]:
    """Read a golden set with everything that is wrong with it.

    Args:
        folder: where set.yaml and cases.jsonl are.
        shown: the folder as the user would name it.
        read_check: what reads the short form of one check.
    """
    about = Problems(f"{shown}/set.yaml")
    rows = Problems(f"{shown}/cases.jsonl")
    head = _head(folder / "set.yaml", about)
    cases, lines = _cases(folder, rows, read_check)
    problems = (*about.found, *rows.found)
    if head is None or not cases:
        return Loaded(None, problems)
    golden_set = GoldenSet(
        name=head.name,
        version=head.version,
        cases=cases,
        # Tags are left out: they group cases and decide no score.
        digest=digest([[case.id, case.digest, case.weight, case.cluster] for case in cases]),
        description=head.description.strip(),
        reviewed_by=tuple(head.reviewed_by),
    )
    files = GoldenFiles(
        golden_set=golden_set,
        folder=folder,
        cases_file=rows.file,
        lines=lines,
        tags=tuple(head.tags),
        prompt=head.prompt,
        license=head.license,
    )
    return Loaded(files, problems)


def _head(path: Path, problems: Problems) -> SetShape | None:
    text = read_text(path, problems)
    root = None if text is None else parse_yaml(text, problems)
    shape = None if root is None else fit(SetShape, root, problems)
    if root is not None and shape is not None:
        for key, name in (("prompt", shape.prompt), ("schema", shape.json_schema)):
            if name is not None and not is_there(path.parent / name):
                problems.add(f"there is no file {name!r} beside it", at=root.line_of(key), field=key)
    return shape


def _cases(folder: Path, problems: Problems, read_check: CheckReader) -> tuple[tuple[Case, ...], dict[str, int]]:
    text = read_text(folder / "cases.jsonl", problems, largest=LARGEST_LINES)
    if text is None:
        return (), {}
    cases: list[Case] = []
    lines: dict[str, int] = {}
    for row in parse_json_lines(text, problems):
        case = _case(row, folder, problems, read_check)
        if case is None:
            continue
        if case.id in lines:
            problems.add(
                f"a second case is called {case.id!r} (the first is on line {lines[case.id]})", at=row, field="id"
            )
            continue
        lines[case.id] = row.line
        cases.append(case)
    if not cases and not problems.found:
        problems.add("holds no cases")
    return tuple(cases), lines


def _case(row: Node, folder: Path, problems: Problems, read_check: CheckReader) -> Case | None:
    before = len(problems.found)
    shape = fit(CaseShape, row, problems)
    messages = _messages(row, problems)
    checks = _checks(row, folder, problems, read_check)
    if shape is not None and shape.input is None and not shape.variables:
        problems.add("has neither input nor variables", at=row)
    if shape is None or len(problems.found) > before:
        return None
    variables = dict(shape.variables)
    if isinstance(shape.input, str):
        variables.setdefault("input", shape.input)
    return Case(
        id=shape.id,
        messages=messages,
        variables=variables,
        expected=shape.expected,
        contexts=tuple(shape.contexts),
        checks=tuple(check.spec for check in checks),
        tags=tuple(dict.fromkeys(shape.tags)),
        weight=shape.weight,
        cluster=shape.cluster,
        metadata=shape.metadata,
        digest=digest([shape.input, shape.variables, shape.expected, shape.contexts, _written(row, checks)]),
    )


def _messages(row: Node, problems: Problems) -> tuple[Message, ...]:
    given = row.get("input")
    if given is None:
        return ()
    if isinstance(given.value, str):
        if not given.value.strip():
            problems.add("must not be empty", at=given, field="input")
        return (Message(role="user", content=given.value),)
    if not isinstance(given.value, list):
        problems.add(f"must be text or a list of messages, not {given.kind}", at=given, field="input")
        return ()
    shape = fit(ConversationShape, Node({"input": given}, row.line), problems)
    return tuple(Message(role=m.role, content=m.content) for m in shape.input) if shape else ()


def _checks(row: Node, folder: Path, problems: Problems, read_check: CheckReader) -> list[CheckReading]:
    given = row.get("checks")
    entries = given.value if given is not None and isinstance(given.value, list) else []
    read = [read_check(entry, folder, f"checks[{at}]", problems) for at, entry in enumerate(entries)]
    return [check for check in read if check is not None]


def _written(row: Node, checks: list[CheckReading]) -> Any:
    """Checks as they are written, and the content of the files they name: paths differ between machines."""
    given = row.get("checks")
    content = [read_bytes(path, Problems(str(path))) for check in checks for path in check.files]
    return [plain(given) if given else [], [(data or b"").hex() for data in content]]
