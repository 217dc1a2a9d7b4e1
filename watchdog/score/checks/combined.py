"""Scorers made of scorers: ``not-...`` and ``case-checks``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from msgspec.structs import replace

from watchdog.domain.case import Case, CheckSpec
from watchdog.domain.digest import digest
from watchdog.domain.metric import Better, Layer
from watchdog.domain.response import Response
from watchdog.domain.score import Outcome, Score
from watchdog.protocols import Scorer
from watchdog.score.stage import score_response

#: Reason of the score of a case that ``case-checks`` does not apply to.
NO_CHECKS = "no checks of its own"


@dataclass(frozen=True, kw_only=True)
class Not:
    """The contrary of a scorer: passed becomes failed; unscored stays unscored."""

    injected: ClassVar[frozenset[str]] = frozenset({"inner"})
    better: ClassVar[Better] = Better.HIGHER

    inner: Scorer
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"not-{self.inner.name}")

    @property
    def layer(self) -> Layer:
        """The inner scorer's."""
        layer: Layer = getattr(self.inner, "layer", Layer.QUALITY)
        return layer

    @cached_property
    def digest(self) -> str:
        """Digest of the inner scorer, turned round."""
        return digest(["not", self.inner.digest])

    async def score(self, case: Case, response: Response) -> Score:
        """Pass what the inner scorer fails; a graded score counts as its outcome."""
        score = await self.inner.score(case, response)
        if score.value is None:
            return score
        passed = score.outcome is Outcome.FAILED
        reason = "" if passed else score.reason or f"{self.inner.name} holds"
        return replace(score, value=1.0 if passed else 0.0, bar=1.0, reason=reason)


@dataclass(frozen=True, kw_only=True)
class CaseChecks:
    """The case's own checks, beside those of the watch: passed when all of them pass."""

    scalar: ClassVar[str | None] = None
    injected: ClassVar[frozenset[str]] = frozenset({"build"})
    negatable: ClassVar[bool] = False
    better: ClassVar[Better] = Better.HIGHER
    layer: ClassVar[Layer] = Layer.QUALITY
    revision: ClassVar[int] = 1

    #: Makes a scorer of a check as the case spells it.
    build: Callable[[CheckSpec], Scorer]
    name: str = "case-checks"

    @cached_property
    def digest(self) -> str:
        """What is checked is the cases' business: their digests cover it."""
        return digest(["case-checks", self.revision])

    @cached_property
    def _built(self) -> dict[str, Scorer]:
        return {}

    def _scorer(self, spec: CheckSpec) -> Scorer:
        """A spec's scorer, built once: patterns and schemas are compiled when they are built."""
        key = digest([spec.name, dict(spec.arguments)])
        if key not in self._built:
            self._built[key] = self.build(spec)
        return self._built[key]

    async def score(self, case: Case, response: Response) -> Score:
        """Run them all; one failure decides, otherwise one unscored leaves the whole unscored."""
        if not case.checks:
            return Score.unscored(NO_CHECKS)
        results = [(spec.name, await score_response(self._scorer(spec), case, response)) for spec in case.checks]
        costs = [score.cost for _, score in results]
        cost = None if None in costs else sum(cost or 0.0 for cost in costs)
        for outcome in (Outcome.FAILED, Outcome.UNSCORED):
            such = [f"{name}: {score.reason}".rstrip(": ") for name, score in results if score.outcome is outcome]
            if such:
                value = 0.0 if outcome is Outcome.FAILED else None
                return Score(value=value, reason="; ".join(such), cost=cost)
        return Score(value=1.0, cost=cost)
