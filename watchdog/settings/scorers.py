"""Scorers of a watch and checks of a case, as short forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from pydantic import Field

from watchdog.domain.case import CheckSpec
from watchdog.domain.metric import Better, Layer
from watchdog.domain.watch import ScorerPlan
from watchdog.settings.arguments import Place, read_arguments
from watchdog.settings.parts import Part, Parts, UnusablePart
from watchdog.settings.values import JudgeReference, JudgeUse
from watchdog.text.documents.fit import Name, Shape, fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems, Reference
from watchdog.text.documents.short_form import CheckReader, CheckReading, ShortForm, read_short_form

#: Keys that say how a metric is read; they are not arguments of its scorer.
RESERVED = ("name", "better", "layer", "pages", "weight", "smallest_drop")
#: Arguments that are a reference: a check that has one of them does not read ``expected``.
_REFERENCES = frozenset({"value", "values", "all", "any", "none", "pattern", "equals", "matches", "facts"})
#: Scorers that make no sense as a check of one case.
_OF_A_WATCH = frozenset({"judge", "case-checks"})


class MetricShape(Shape):
    """How the metric of a scorer is to be read."""

    name: Name | None = None
    better: Literal["higher", "lower"] | None = None
    layer: Literal["infrastructure", "api", "behavioral", "quality"] | None = None
    pages: bool = True
    weight: float = Field(1.0, gt=0, le=1000, description="share of the false-alarm budget, relative to the others'")
    smallest_drop: float | None = Field(
        None, gt=0, le=1, description="smallest drop that matters; the watch's by default"
    )


class ScorerReading(Struct, frozen=True):
    """A scorer of a watch that was read and is sound."""

    plan: ScorerPlan
    judge: JudgeReference | None = None


def read_scorer(node: Node, parts: Parts, folder: Path, problems: Problems, field: str) -> ScorerReading | None:
    """One entry of ``scorers``; None, and every problem noted, when it cannot be used."""
    form = read_short_form(node, problems, field)
    if form is None:
        return None
    part = _part(form, parts, problems, field)
    if part is None:
        return None
    given, reserved = _split(form)
    metric = fit(MetricShape, reserved, problems, field=field)
    if metric is not None and metric.name is not None and "name" in part.parameters and form.given is not None:
        given = _with(given, "name", reserved.mapping["name"], form)
    read = read_arguments(part, given, Place(problems, folder, field, form.line))
    better = None if metric is None else _better(metric, part, form, problems, field)
    if metric is None or read is None or better is None:
        return None
    arguments = read[0]
    layer = metric.layer or getattr(part.factory, "layer", None) or Layer.QUALITY
    name = metric.name or _name(part, arguments)
    plan = ScorerPlan(
        name=name,
        spec=CheckSpec(name=form.name, arguments=arguments),
        better=better,
        layer=Layer(layer),
        pages=metric.pages,
        weight=metric.weight,
        smallest_drop=metric.smallest_drop,
    )
    judge = _judge(arguments, name, problems.file, form.line, field) if form.name == "judge" else None
    return ScorerReading(plan, judge)


def case_check_reader(parts: Parts) -> CheckReader:
    """What reads the checks of a case: the same short forms, without what is about a metric."""

    def read(node: Node, folder: Path, field: str, problems: Problems) -> CheckReading | None:
        form = read_short_form(node, problems, field)
        if form is None:
            return None
        if form.name in _OF_A_WATCH:
            problems.add(f"{form.name} belongs to the watch, not to a case", at=form.line, field=field)
            return None
        part = _part(form, parts, problems, field)
        found = None if part is None else read_arguments(part, form.given, Place(problems, folder, field, form.line))
        if found is None:
            return None
        arguments, files = found
        return CheckReading(CheckSpec(name=form.name, arguments=arguments), files)

    return read


def judge_part() -> Part:
    """The judge as watchdog.yaml knows it: a folder by name; the composition root makes a scorer of it."""
    return Part("judge", "judge", JudgeUse)


def reads_expected(parts: Parts) -> Callable[[CheckSpec], bool]:
    """What tells whether a check, as it is written, compares with the case's ``expected``."""

    def reads(spec: CheckSpec) -> bool:
        if spec.name == "judge" or _REFERENCES & spec.arguments.keys():
            return False
        return bool(getattr(parts.find("scorer", spec.name).factory, "reads_expected", False))

    return reads


def _part(form: ShortForm, parts: Parts, problems: Problems, field: str) -> Part | None:
    if form.name == "judge":
        return judge_part()
    try:
        return parts.find("scorer", form.name)
    except UnusablePart as error:
        problems.add(str(error), at=form.line, field=field, hint=error.hint)
        return None


def _split(form: ShortForm) -> tuple[Node | None, Node]:
    """Arguments of the scorer, and the reserved keys beside them."""
    given = form.given
    if given is None or not isinstance(given.value, Mapping):
        return given, Node({}, form.line)
    reserved = {key: child for key, child in given.mapping.items() if key in RESERVED}
    rest = {key: child for key, child in given.mapping.items() if key not in RESERVED}
    return Node(rest, given.line, given.key_lines) if rest else None, Node(reserved, given.line, given.key_lines)


def _with(given: Node | None, key: str, value: Node, form: ShortForm) -> Node:
    base = given or Node({}, form.line)
    return Node({**base.mapping, key: value}, base.line, {**base.key_lines, key: value.line})


def _better(metric: MetricShape, part: Part, form: ShortForm, problems: Problems, field: str) -> Better | None:
    try:
        return Better(metric.better or str(getattr(part.factory, "better", "")))
    except ValueError:
        problems.add(
            f"{form.name} does not say which way is good",
            at=form.line,
            field=field,
            hint="add better: higher, or better: lower",
        )
        return None


def _name(part: Part, arguments: Mapping[str, Any]) -> str:
    if isinstance(part.factory, type) and part.factory is JudgeUse:
        return Path(str(arguments["use"])).name
    if ":" not in part.name:
        return part.name
    own = getattr(part.factory, "name", None)
    return own if isinstance(own, str) and own else part.name.rpartition(":")[2]


def _judge(arguments: Mapping[str, Any], metric: str, file: str, line: int, field: str) -> JudgeReference:
    return JudgeReference(
        metric=metric,
        judge=Reference(str(arguments["use"]), file, line, field),
        provider=arguments.get("provider"),
        model=arguments.get("model"),
        parameters=arguments.get("parameters"),
    )
