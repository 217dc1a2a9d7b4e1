"""What a judge is: rubric, scale, the model that is asked, and the answers that people graded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import force_setattr

from watchdog.domain.digest import digest


class Anchor(Struct, frozen=True, kw_only=True):
    """An answer that a person graded: what a judge is calibrated with, and watched by."""

    id: str
    input: str
    answer: str
    #: The grade a person gave, one of the scale's.
    human: str
    expected: Any = None
    contexts: tuple[str, ...] = ()
    #: Why that grade.
    note: str = ""


class JudgeSpec(Struct, frozen=True, kw_only=True):
    """A judge as its files say. ValueError when it cannot work."""

    name: str
    provider: str
    model: str
    #: Prose about what earns which grade. A Jinja2 template that may place ``input``, ``answer``, ``expected`` and
    #: ``contexts`` itself; one that places none of them gets all of them after it.
    rubric: str
    #: Value, 0 (worst) to 1 (best), of each grade.
    scale: Mapping[str, float]
    #: At or above this value an answer passes.
    bar: float
    version: str = "1"
    #: Sampling parameters as the provider's API names them.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    anchors: tuple[Anchor, ...] = ()
    #: Characters of one text (answer, input, ...) that are shown; of a longer one the middle is left out and said so.
    longest: int = 40_000

    def __post_init__(self) -> None:
        for what in ("name", "model", "rubric"):
            if not getattr(self, what).strip():
                raise ValueError(f"'{what}' is empty")
        force_setattr(self, "scale", {grade_of(grade): value for grade, value in self.scale.items()})
        values = list(self.scale.values())
        if len(set(values)) < 2 or "" in self.scale:
            raise ValueError("'scale' needs two or more grades of different value")
        if not all(0 <= value <= 1 for value in values) or not 0 <= self.bar <= 1:
            raise ValueError("the values of 'scale' and 'bar' are from 0 to 1")
        if self.longest < 1000:
            raise ValueError("'longest' is 1000 characters or more")
        if off := [anchor.id for anchor in self.anchors if anchor.human not in self.scale]:
            raise ValueError(f"the grade of {', '.join(off[:5])} is not on the scale")
        if len({anchor.id for anchor in self.anchors}) < len(self.anchors):
            raise ValueError("two anchors have the same id")

    @property
    def rubric_digest(self) -> str:
        """Digest of the rubric's text."""
        return digest(self.rubric)

    @property
    def digest(self) -> str:
        """Digest of everything written down that decides a score. Anchors do not: they tell whether scores moved."""
        written = [self.provider, self.model, self.rubric, list(self.scale.items()), self.bar, self.longest]
        return digest([*written, dict(self.parameters)])


def linear_scale(low: int, high: int) -> dict[str, float]:
    """The grades ``low`` to ``high`` in equal steps from 0 to 1."""
    if high <= low:
        raise ValueError("'max' must be more than 'min'")
    return {str(grade): (grade - low) / (high - low) for grade in range(low, high + 1)}


def grade_of(value: object) -> str:
    """A grade as the scale writes it, from what YAML or JSON made of it (3, 3.0, "3", and true for yes)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if isinstance(value, (str, int, float)) else ""
