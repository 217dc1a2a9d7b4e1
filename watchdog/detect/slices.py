"""Slices: the answers by a fact about their case (prompt version, segment, flag, experiment, tag, served model). Pure.

A slice is looked at after something dropped, to find where; many are looked at at once, so nothing here pages.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from watchdog.domain.case import Case, Origin

#: Value of a fact that a case does not have: what is not written down cannot be found again.
MISSING = "(missing)"
#: The one dimension that only golden cases have.
_OF_GOLDEN = "tag"
#: Facts that name one input, or how it was kept: no slices.
_NAMES_ONE = frozenset({"sample_id", "trace_id", "ts", "redaction_version", "inclusion_probability"})
#: Answers of a slice below which its level is hearsay.
LEAST = 5
#: Standard errors that a drop or a shift must be: about one in 700 by chance.
_SURELY = 3.2
#: Points of share that a shift must be to matter.
_SHIFT = 0.15


class Sliced(Struct, frozen=True, kw_only=True):
    """One score, and the facts about its case."""

    #: By dimension; a case may be in several values of one (tags).
    facts: Mapping[str, Sequence[str]]
    scorer: str
    value: float
    weight: float = 1.0
    #: A golden case is not *missing* what only production says of its inputs, nor an input of production its tags.
    origin: Origin = Origin.TRAFFIC


class SliceRow(Struct, frozen=True, kw_only=True):
    """The scores of one slice, beside those of the same slice at the baseline."""

    dimension: str
    value: str
    scorer: str
    n: int
    level: float
    #: Share of all answers that are in the slice.
    share: float
    before_n: int = 0
    before_level: float | None = None
    before_share: float | None = None


class SliceDrop(Struct, frozen=True, kw_only=True):
    """A slice that got worse."""

    row: SliceRow
    #: Score units, negative whichever way is worse.
    effect: float
    #: How many standard errors that is.
    z: float


class Shift(Struct, frozen=True, kw_only=True):
    """A value that more or fewer of the inputs have than at the baseline."""

    dimension: str
    value: str
    before: float
    now: float

    def __str__(self) -> str:
        return (
            f"{self.dimension} {self.value}: {100 * self.before:.0f} % of the inputs then, {100 * self.now:.0f} % now"
        )


def facts_of(case: Case, served_model: str | None = None) -> dict[str, list[str]]:
    """Every fact by which a case may be sliced. A flag is a dimension of its own: ``flags.NAME``."""
    found: dict[str, list[str]] = {"tag": sorted(case.tags)} if case.tags else {}
    for name, value in case.metadata.items():
        if name in _NAMES_ONE:
            continue
        if name == "flags" and isinstance(value, Mapping):
            found |= {f"flags.{flag}": [_word(state)] for flag, state in value.items()}
            found["flags"] = sorted(f"{flag}={_word(state)}" for flag, state in value.items())
        elif isinstance(value, str | bool | int):
            found[name] = [_word(value)]
    if served_model:
        found["served_model"] = [served_model]
    return found


def slices(now: Iterable[Sliced], before: Iterable[Sliced], dimensions: Sequence[str]) -> list[SliceRow]:
    """Every slice of the dimensions that there is now, by dimension and value, then scorer."""
    here, there = _grouped(now, dimensions), _grouped(before, dimensions)
    rows = []
    for (dimension, value, scorer), scores in here.items():
        then = there.get((dimension, value, scorer), [])
        rows.append(
            SliceRow(
                dimension=dimension,
                value=value,
                scorer=scorer,
                n=len(scores),
                level=_mean(scores),
                share=len(scores) / _total(here, dimension, scorer),
                before_n=len(then),
                before_level=_mean(then) if then else None,
                before_share=len(then) / total if (total := _total(there, dimension, scorer)) else None,
            )
        )
    return sorted(rows, key=lambda row: (list(dimensions).index(row.dimension), row.value, row.scorer))


def drops(rows: Iterable[SliceRow], *, lower_is_better: Collection[str] = ()) -> list[SliceDrop]:
    """Slices that surely got worse, worst first: two proportions, pooled (graded scores vary less than that).

    ``lower_is_better``: scorers whose level gets worse by rising.
    """
    found = []
    for row in rows:
        if row.before_level is None or min(row.n, row.before_n) < LEAST:
            continue
        pooled = (row.n * row.level + row.before_n * row.before_level) / (row.n + row.before_n)
        error = math.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / row.n + 1 / row.before_n))
        effect = (row.level - row.before_level) * (-1.0 if row.scorer in lower_is_better else 1.0)
        if effect / error <= -_SURELY:
            found.append(SliceDrop(row=row, effect=effect, z=effect / error))
    return sorted(found, key=lambda drop: drop.effect)


def shifts(
    now: Sequence[Mapping[str, Sequence[str]]],
    before: Sequence[Mapping[str, Sequence[str]]],
    dimensions: Sequence[str],
) -> list[Shift]:
    """Values that surely are on more or fewer of the inputs than before, the largest shift first."""
    found = []
    if min(len(now), len(before)) < LEAST:
        return []
    for dimension in dimensions:
        values = {value for facts in (*now, *before) for value in facts.get(dimension, ())}
        for value in sorted(values):
            p, q = (sum(value in facts.get(dimension, ()) for facts in all_) / len(all_) for all_ in (now, before))
            pooled = (p * len(now) + q * len(before)) / (len(now) + len(before))
            error = math.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / len(now) + 1 / len(before)))
            if abs(p - q) >= _SHIFT and abs(p - q) / error >= _SURELY:
                found.append(Shift(dimension=dimension, value=value, before=q, now=p))
    return sorted(found, key=lambda shift: -abs(shift.now - shift.before))


def _grouped(scores: Iterable[Sliced], dimensions: Sequence[str]) -> dict[tuple[str, str, str], list[Sliced]]:
    found: dict[tuple[str, str, str], list[Sliced]] = {}
    for score in scores:
        for dimension in dimensions:
            for value in score.facts.get(dimension) or _missing(score, dimension):
                found.setdefault((dimension, value, score.scorer), []).append(score)
    return found


def _missing(score: Sliced, dimension: str) -> tuple[str, ...]:
    of_golden = score.origin is Origin.GOLDEN
    return (MISSING,) if of_golden == (dimension == _OF_GOLDEN) else ()


def _total(groups: Mapping[tuple[str, str, str], Sequence[Sliced]], dimension: str, scorer: str) -> int:
    """Answers that a dimension is about; of a tag those of its cases once for each tag."""
    return sum(len(scores) for (name, _, by), scores in groups.items() if name == dimension and by == scorer)


def _mean(scores: Sequence[Sliced]) -> float:
    weight = sum(score.weight for score in scores)
    return sum(score.weight * score.value for score in scores) / weight if weight else 0.0


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
