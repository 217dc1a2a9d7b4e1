"""Scores of the past with the facts about their cases, from the store: what slices are made of."""

from __future__ import annotations

from collections.abc import Iterable

from watchdog.detect.slices import Sliced, facts_of
from watchdog.domain.run import Run
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.store.store import Session


def sliced_scores(session: Session, watch: Watch, runs: Iterable[Run]) -> list[Sliced]:
    """Every score of the current target in these runs, golden cases and production inputs alike.

    What a case of today's golden set says of itself counts; sampled cases are those of their run.
    """
    golden = {case.id: case for case in watch.golden.cases} if watch.golden else {}
    known = {plan.name for plan in watch.scorers}
    found: list[Sliced] = []
    for run in runs:
        cases = {**golden, **{case.id: case for case in session.runs.cases(run.id)}}
        served = {
            answer.key: answer.served_model
            for answer in session.responses.of_run(run.id)
            if answer.key.role is Role.CURRENT
        }
        for row in session.scores.of_run(run.id):
            case = cases.get(row.key.case_id)
            if row.key.role is not Role.CURRENT or row.score.value is None or case is None or row.scorer not in known:
                continue
            facts = facts_of(case, served.get(row.key))
            found.append(
                Sliced(facts=facts, scorer=row.scorer, value=row.score.value, weight=case.weight, origin=case.origin)
            )
    return found
