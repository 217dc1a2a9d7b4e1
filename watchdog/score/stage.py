"""Responses to scores. Checks cost microseconds and run in place; judges wait side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count

from watchdog.domain.case import Case
from watchdog.domain.response import Response, ResponseKey
from watchdog.domain.score import Score, ScoreRow
from watchdog.protocols import Scorer
from watchdog.text.redaction import redact

#: Scores after which the event loop gets its turn, though nobody waited for anything.
_TURN = 50


async def score_response(scorer: Scorer, case: Case, response: Response) -> Score:
    """Score one answer. A scorer that breaks leaves it unscored with the reason, never 0.

    ValueError when the response is no answer: its outcome is its call's (see ``outcome.py``), not a score.
    """
    if not response.answered:
        raise ValueError(f"there is no answer to score: the call ended as {response.status}")
    try:
        score: object = await scorer.score(case, response)
    except Exception as problem:  # noqa: BLE001 - whatever breaks in a scorer, the user's own included
        return Score.unscored(_in_words(problem))
    if not isinstance(score, Score):
        return Score.unscored(f"the scorer gave a {type(score).__name__}, not a Score")
    if score.value is not None and not 0.0 <= score.value <= 1.0:
        return Score.unscored(f"the scorer gave {score.value}, not a value from 0 to 1", cost=score.cost)
    return score


async def score_all(
    scorers: Sequence[Scorer],
    pairs: Iterable[tuple[Case, Response]],
    *,
    on_score: Callable[[ScoreRow], None],
    already: Collection[tuple[ResponseKey, str]] = (),
    concurrency: int = 20,
    stop: asyncio.Event | None = None,
) -> None:
    """Score every answer with every scorer and hand each row to ``on_score`` as soon as it is known.

    ``pairs`` is read as the work goes on; responses without an answer are passed over. ``already`` names (response,
    scorer) pairs that are recorded. ``concurrency`` bounds the judges waiting at once. After ``stop`` is set no score
    is begun; those under way, perhaps paid for, are finished. What is left unscored then is not handed over: the judge
    may have been stopped before it was asked. What ``on_score`` raises ends the whole.
    """
    work = _missing_scores(scorers, pairs, frozenset(already))
    done = count(1)

    async def worker() -> None:
        for scorer, digest, case, response in work:  # shared: each worker takes the next
            if stop is not None and stop.is_set():
                return
            score = await score_response(scorer, case, response)
            if score.value is None and stop is not None and stop.is_set():
                return
            on_score(ScoreRow(key=response.key, scorer=scorer.name, scorer_digest=digest, score=score))
            if next(done) % _TURN == 0:
                await asyncio.sleep(0)

    workers = [asyncio.ensure_future(worker()) for _ in range(max(1, concurrency))]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def _missing_scores(
    scorers: Sequence[Scorer], pairs: Iterable[tuple[Case, Response]], already: frozenset[tuple[ResponseKey, str]]
) -> Iterator[tuple[Scorer, str, Case, Response]]:
    named = [(scorer, scorer.name, scorer.digest) for scorer in scorers]
    for case, response in pairs:
        if response.answered:
            for scorer, name, digest in named:
                if (response.key, name) not in already:
                    yield scorer, digest, case, response


def _in_words(problem: Exception) -> str:
    """Class and message of an exception, short and without what it may quote of an answer."""
    message = redact(" ".join(str(problem).split()))[:200]
    return f"{type(problem).__name__}: {message}" if message else type(problem).__name__
