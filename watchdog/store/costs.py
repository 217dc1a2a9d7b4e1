"""What answers have cost so far."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, func, select

from watchdog.domain.response import CallStatus
from watchdog.domain.target import Role
from watchdog.store import schema

#: Share of the answers whose cost must be known for their mean to be.
KNOWN = 0.9


class AnswerCost(Struct, frozen=True, kw_only=True):
    """Answers of one role in the newest runs."""

    answers: int
    #: Mean US dollars of one, its scoring included; None when a price is not known.
    mean: float | None


class Costs:
    """The cost of the answers of all watches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_answers(self, watch: str, *, runs: int = 20) -> dict[Role, AnswerCost]:
        """Cost of an answer by role, over the newest runs of a watch in which anything was answered."""
        r, s, c = schema.responses.c, schema.scores.c, schema.runs.c
        answered = r.status == CallStatus.ANSWERED.value
        newest = (
            select(c.id)
            .where(c.watch == watch, select(r.run_id).where(r.run_id == c.id, answered).exists())
            .order_by(c.planned_for.desc())
            .limit(runs)
        )
        ids = [run_id for (run_id,) in self._connection.execute(newest)]
        asked = select(r.role, func.count(), func.count(r.cost), func.sum(r.cost)).where(r.run_id.in_(ids), answered)
        scored = select(s.role, func.count(), func.count(s.cost), func.sum(s.cost)).where(s.run_id.in_(ids))
        scoring = {row[0]: row[1:] for row in self._connection.execute(scored.group_by(s.role))}
        found: dict[Role, AnswerCost] = {}
        for role, answers, priced, cost in self._connection.execute(asked.group_by(r.role)):
            scores, scores_priced, scoring_cost = scoring.get(role, (0, 0, 0.0))
            known = priced >= KNOWN * answers and scores_priced >= KNOWN * scores
            # The few without a price are taken to have cost what the others did.
            mean = cost / priced + (scoring_cost or 0.0) / max(scores_priced, 1) * scores / answers if known else None
            found[Role(role)] = AnswerCost(answers=answers, mean=mean)
        return found
