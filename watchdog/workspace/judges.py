"""Judges: ``<folder>/judge.yaml``, ``rubric.md`` and ``anchors.jsonl``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from watchdog.domain.digest import digest
from watchdog.text.documents.fit import fit
from watchdog.text.documents.json_nodes import parse_json_lines
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Loaded, Problems
from watchdog.text.documents.reading import LARGEST_LINES, read_text
from watchdog.text.documents.suggest import did_you_mean
from watchdog.text.documents.yaml_nodes import parse_yaml
from watchdog.workspace.shapes import AnchorShape, JudgeShape

#: Grades of a ``{min, max}`` scale at the most.
_MOST_GRADES = 100


class AnchorRow(Struct, frozen=True, kw_only=True):
    """An answer that a person graded."""

    id: str
    input: str
    answer: str
    #: The grade, one of the scale's.
    human: str
    expected: Any = None
    contexts: tuple[str, ...] = ()
    #: Why that grade.
    note: str = ""


class JudgeFiles(Struct, frozen=True, kw_only=True):
    """A judge as its files say."""

    name: str
    version: str
    provider: str
    model: str
    #: Text of rubric.md.
    rubric: str
    #: Value (0 worst to 1 best) of each grade, in the order of the file.
    scale: Mapping[str, float]
    #: At or above this value an answer passes.
    bar: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    anchors: tuple[AnchorRow, ...] = ()
    description: str = ""
    #: Where ``provider`` is written, for a message about it.
    file: str = ""
    provider_line: int | None = None

    @property
    def digest(self) -> str:
        """Digest of everything that decides a grade. Anchors do not: they only tell whether the grades moved."""
        return digest([self.rubric, dict(self.scale), self.bar, self.provider, self.model, dict(self.parameters)])

    def used_with(
        self, *, provider: str | None = None, model: str | None = None, parameters: Mapping[str, Any] | None = None
    ) -> JudgeFiles:
        """The same judge on another provider, model or with other parameters; None leaves what it has."""
        return replace(
            self,
            provider=provider or self.provider,
            model=model or self.model,
            parameters=self.parameters if parameters is None else parameters,
        )


def load_judge(folder: Path, shown: str) -> Loaded[JudgeFiles]:
    """Read a judge with everything that is wrong with it; ``shown`` is the folder as the user would name it."""
    problems = Problems(f"{shown}/judge.yaml")
    text = read_text(folder / "judge.yaml", problems)
    root = None if text is None else parse_yaml(text, problems)
    if root is None:
        return Loaded(None, tuple(problems.found))
    shape = fit(JudgeShape, root, problems)
    scale = _scale(root, problems) if "scale" in root.mapping else {}
    if shape is not None and scale:
        _bar_divides(shape.bar, scale, root, problems)
    rubric_name, anchors_name = (shape.rubric, shape.anchors) if shape else ("rubric.md", "anchors.jsonl")
    about_rubric = Problems(f"{shown}/{rubric_name}")
    rubric = read_text(folder / rubric_name, about_rubric)
    if rubric is not None and not rubric.strip():
        about_rubric.add("is empty")
    about_anchors = Problems(f"{shown}/{anchors_name}")
    anchors = _anchors(folder / anchors_name, scale, about_anchors)
    found = (*problems.found, *about_rubric.found, *about_anchors.found)
    if shape is None or rubric is None or not scale:
        return Loaded(None, found)
    judge = JudgeFiles(
        name=shape.name,
        version=shape.version,
        provider=shape.provider,
        model=shape.model,
        rubric=rubric.strip(),
        scale=scale,
        bar=shape.bar,
        parameters=shape.parameters,
        anchors=anchors,
        description=shape.description.strip(),
        file=problems.file,
        provider_line=root.line_of("provider"),
    )
    return Loaded(judge, found)


def _scale(root: Node, problems: Problems) -> dict[str, float]:
    """Value of each grade: written out, or evenly spaced between ``min`` and ``max``."""
    node, line = root.mapping["scale"], root.line_of("scale")
    entries = {grade: child.value for grade, child in node.mapping.items()}
    if entries.keys() == {"min", "max"}:
        low, high = entries["min"], entries["max"]
        whole = all(isinstance(end, int) and not isinstance(end, bool) for end in (low, high))
        if whole and isinstance(low, int) and isinstance(high, int) and 0 < high - low < _MOST_GRADES:
            return {str(grade): (grade - low) / (high - low) for grade in range(low, high + 1)}
        problems.add(
            "min and max must be whole numbers, min the smaller", at=line, field="scale", hint="min: 1, max: 5"
        )
        return {}
    if len(entries) < 2:
        hint = 'write {"1": 0.0, "2": 0.5, "3": 1.0}, or {min: 1, max: 5}'
        problems.add("must give at least two grades a value", at=line, field="scale", hint=hint)
        return {}
    scale = {}
    for grade, value in entries.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
            scale[grade] = float(value)
        else:
            problems.add("must be a number from 0 to 1", at=node.line_of(grade), field=f"scale.{grade}")
    return scale if len(scale) == len(entries) else {}


def _bar_divides(bar: float, scale: Mapping[str, float], root: Node, problems: Problems) -> None:
    line = root.line_of("bar")
    if max(scale.values()) < bar:
        problems.add("no grade reaches it: no answer could pass", at=line, field="bar")
    elif min(scale.values()) >= bar:
        problems.add("every grade reaches it: no answer could fail", at=line, field="bar")


def _anchors(path: Path, scale: Mapping[str, float], problems: Problems) -> tuple[AnchorRow, ...]:
    text = read_text(path, problems, largest=LARGEST_LINES)
    anchors: dict[str, AnchorRow] = {}
    for row in parse_json_lines(text or "", problems):
        shape = fit(AnchorShape, row, problems)
        if shape is None:
            continue
        human = str(shape.human)
        if scale and human not in scale:
            problems.add(f"{human[:40]!r} is not on the scale", at=row, field="human", hint=did_you_mean(human, scale))
        elif shape.id in anchors:
            problems.add(f"a second anchor is called {shape.id!r}", at=row, field="id")
        else:
            anchors[shape.id] = AnchorRow(
                id=shape.id,
                input=shape.input,
                answer=shape.answer,
                human=human,
                expected=shape.expected,
                contexts=tuple(shape.contexts),
                note=shape.note,
            )
    return tuple(anchors.values())
