"""What became of every (case, target, scorer): kept apart to the very end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Tally
from watchdog.domain.score import Outcome, Score

_OF_CALL = {
    CallStatus.ANSWERED: Outcome.ERROR,  # an answer that may not be scored: one of its tools failed
    CallStatus.ERROR: Outcome.ERROR,
    CallStatus.SKIPPED: Outcome.SKIPPED,
    CallStatus.NOT_RUN: Outcome.NOT_RUN,
}


def outcome_of(response: Response | None, score: Score | None) -> Outcome:
    """Outcome of one response under one scorer; None for what is not recorded."""
    if response is None:
        return Outcome.NOT_RUN
    if not response.answered:
        return _OF_CALL[response.status]
    return Outcome.NOT_RUN if score is None else score.outcome


def tally(
    planned: Iterable[ResponseKey],
    responses: Mapping[ResponseKey, Response],
    scores: Mapping[tuple[ResponseKey, str], Score],
    scorers: Collection[str],
) -> Tally:
    """Count the outcomes of every planned call (of one role, as the caller picks them) under every named scorer."""
    return Tally(
        counts=Counter(
            outcome_of(responses.get(key), scores.get((key, scorer))) for key in planned for scorer in scorers
        )
    )
