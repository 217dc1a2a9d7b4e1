"""Holding a judge against people: how well it agrees with the grades they gave to the anchors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role
from watchdog.score.judge.judge import Judge
from watchdog.score.judge.spec import Anchor
from watchdog.score.stage import score_all

if TYPE_CHECKING:
    import numpy as np


class Calibration(Struct, frozen=True, kw_only=True):
    """How a judge's grades agree with people's."""

    judge: str
    #: Digest of the judge that was calibrated.
    digest: str
    #: Anchors the judge graded, and those it left unscored.
    n: int
    unscored: int
    #: Share of the n with the very same grade; None without any.
    exact: float | None
    #: Mean absolute difference of the values (0 to 1) of the two grades.
    mean_absolute_error: float | None
    #: Agreement beyond chance, quadratic weights by rank (Cohen 1968): 1 perfect, 0 chance; None when either side
    #: gave one grade only.
    kappa: float | None
    #: 95 % percentile bootstrap interval of kappa over the anchors.
    kappa_interval: tuple[float, float] | None
    #: How often a person gave the first grade and the judge the second.
    confusion: Mapping[tuple[str, str], int]
    #: Anchors on which they differ: (id, person's grade, judge's grade), worst first.
    differences: tuple[tuple[str, str, str], ...]
    #: Why anchors were left unscored, with how many.
    reasons: Mapping[str, int]
    #: US dollars; None is unknown.
    cost: float | None


def anchor_case(anchor: Anchor) -> Case:
    """An anchor as a case.

    Its id names the texts, too: an anchor that is changed is another one, and leaves the pairing. It is never the id of
    a case of a golden set, which has no spaces.
    """
    content = digest([anchor.input, anchor.answer, anchor.expected, anchor.contexts])
    return Case(
        id=f"anchor {anchor.id} {content[:8]}",
        variables={"input": anchor.input},
        expected=anchor.expected,
        contexts=tuple(anchor.contexts),
        digest=content,
    )


def anchor_pairs(anchors: Sequence[Anchor], run_id: str) -> list[tuple[Case, Response]]:
    """The anchors as answers to be scored under ``run_id``."""
    return [
        (
            case,
            Response(
                key=ResponseKey(run_id=run_id, role=Role.JUDGE, case_id=case.id),
                status=CallStatus.ANSWERED,
                text=anchor.answer,
            ),
        )
        for anchor in anchors
        for case in [anchor_case(anchor)]
    ]


async def calibrate(
    judge: Judge,
    anchors: Sequence[Anchor],
    *,
    run_id: str = "calibration",
    seed: int = 0,
    resamples: int = 2000,
    concurrency: int = 8,
) -> Calibration:
    """Let the judge grade the anchors (those of its own files, as a rule) and compare with people's grades."""
    rows: list[ScoreRow] = []
    await score_all([judge], anchor_pairs(anchors, run_id), on_score=rows.append, concurrency=concurrency)
    return compare(judge, anchors, rows, seed=seed, resamples=resamples)


def compare(
    judge: Judge, anchors: Sequence[Anchor], rows: Sequence[ScoreRow], *, seed: int = 0, resamples: int = 2000
) -> Calibration:
    """The calibration that scored anchors amount to. Pure: the same rows and seed give the same numbers."""
    cases = {anchor_case(anchor).id: anchor for anchor in anchors}
    human = {case: anchor.human for case, anchor in cases.items()}
    scored = sorted((row for row in rows if row.score.value is not None), key=lambda row: row.key.case_id)
    pairs = [(human[row.key.case_id], str(row.score.details["grade"])) for row in scored]
    errors = [abs(judge.spec.scale[person] - judge.spec.scale[machine]) for person, machine in pairs]
    ranked = sorted(zip(errors, scored, pairs, strict=True), key=lambda item: -item[0])
    kappa, interval = _kappa(pairs, judge.spec.scale, seed=seed, resamples=resamples)
    costs = [row.score.cost for row in rows]
    return Calibration(
        judge=judge.spec.name,
        digest=judge.digest,
        n=len(pairs),
        unscored=len(rows) - len(pairs),
        exact=sum(person == machine for person, machine in pairs) / len(pairs) if pairs else None,
        mean_absolute_error=sum(errors) / len(errors) if errors else None,
        kappa=kappa,
        kappa_interval=interval,
        confusion=Counter(pairs),
        differences=tuple((cases[row.key.case_id].id, *pair) for _, row, pair in ranked if pair[0] != pair[1]),
        reasons=Counter(row.score.reason for row in rows if row.score.value is None),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
    )


def _kappa(
    pairs: Sequence[tuple[str, str]], scale: Mapping[str, float], *, seed: int, resamples: int
) -> tuple[float | None, tuple[float, float] | None]:
    """Quadratic-weighted kappa of (person, judge) grades and its bootstrap interval.

    kappa = 1 - sum(w * observed) / sum(w * expected), with w the squared distance of the ranks of two grades and
    ``expected`` the product of the margins (Cohen 1968, Psychological Bulletin 70:213). Resamples in which kappa is
    undefined are left out; there is no interval when fewer than half are left.
    """
    import numpy as np  # noqa: PLC0415 - 100 ms, and only when used

    if not pairs:
        return None, None
    ranks = {grade: rank for rank, grade in enumerate(sorted(scale, key=lambda grade: scale[grade]))}
    person = np.eye(len(ranks))[[ranks[one] for one, _ in pairs]]
    machine = np.eye(len(ranks))[[ranks[other] for _, other in pairs]]
    ladder = np.arange(len(ranks))
    weights = np.subtract.outer(ladder, ladder).astype(float) ** 2

    def kappas(shares: np.ndarray) -> np.ndarray:
        """Kappa for each row of shares (summing to 1) of the anchors; NaN where undefined."""
        observed = shares @ np.einsum("ai,ij,aj->a", person, weights, machine)
        expected = np.einsum("ri,ij,rj->r", shares @ person, weights, shares @ machine)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(expected > 0, 1 - observed / expected, np.nan)

    count = len(pairs)
    value = float(kappas(np.full((1, count), 1 / count))[0])
    if np.isnan(value):
        return None, None
    drawn = kappas(np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples) / count)
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < max(1, resamples // 2):
        return value, None
    low, high = np.quantile(defined, [0.025, 0.975])
    return value, (float(low), float(high))
