"""Responses to scores. Checks run in place, the quickest as answers arrive; judges wait side by side."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count
from typing import TypeGuard

from watchdog.domain.case import Case
from watchdog.domain.response import Response, ResponseKey
from watchdog.domain.score import Score, ScoreRow
from watchdog.protocols import Scorer
from watchdog.score.check import Check
from watchdog.text.faults import in_words

#: Seconds after which a score is given up. A scorer that asks a model waits its turn behind the provider's limits: it
#: has until the deadline of the run, which bounds its calls, and so much longer.
SCORER_SECONDS = 300.0
#: What a scorer that waits for something has at least, when the run is late: answers that were paid for are scored.
_LEAST_SECONDS = 5.0

#: Scores after which the event loop gets its turn, though nobody waited for anything.
_TURN = 50


async def score_response(scorer: Scorer, case: Case, response: Response, *, seconds: float | None = None) -> Score:
    """Score one answer. A scorer that breaks, or takes longer than ``seconds``, leaves it unscored, never 0.

    ValueError when the response is no answer: its outcome is its call's (see ``outcome.py``), not a score.
    """
    if not response.answered:
        raise ValueError(f"there is no answer to score: the call ended as {response.status}")
    try:
        score: object = await _bounded(scorer, case, response, seconds)
    except _TooLongError:
        return Score.unscored(f"timed out after {seconds:.3g} s")
    except Exception as problem:  # noqa: BLE001 - whatever breaks in a scorer, the user's own included
        return Score.unscored(in_words(problem))
    return _believed(score)


def is_instant(scorer: Scorer) -> TypeGuard[Check]:
    """Whether a scorer is a check that scores answers as they arrive. What a class says of itself its heirs do not."""
    kind = type(scorer)
    return isinstance(scorer, Check) and bool(vars(kind).get("instant")) and kind.score is Check.score


def score_at_once(check: Check, case: Case, response: Response) -> Score:
    """Score one answer by a check; one that breaks leaves it unscored."""
    try:
        score: object = check.check(case, response)
    except Exception as problem:  # noqa: BLE001
        return Score.unscored(in_words(problem))
    return _believed(score)


def _believed(score: object) -> Score:
    if not isinstance(score, Score):
        return Score.unscored(f"the scorer gave a {type(score).__name__}, not a Score")
    if score.value is not None and not 0.0 <= score.value <= 1.0:
        return Score.unscored(f"the scorer gave {score.value}, not a value from 0 to 1", cost=score.cost)
    return score


class _TooLongError(Exception):
    """A scorer was given up."""


async def _bounded(scorer: Scorer, case: Case, response: Response, seconds: float | None) -> object:
    if seconds is None or isinstance(scorer, Check):  # a check never waits; a timer costs more than most of them
        return await scorer.score(case, response)
    try:
        async with asyncio.timeout(seconds) as bound:
            return await scorer.score(case, response)
    except TimeoutError as error:
        if bound.expired():
            raise _TooLongError from error
        raise


def _patience(scorer: Scorer, seconds: float, remaining: float) -> float | None:
    inner: object = scorer
    while (wrapped := getattr(inner, "inner", None)) is not None:  # ``not-...``
        inner = wrapped
    allowed = max(0.0, remaining) + seconds if _asks(inner) else min(seconds, max(_LEAST_SECONDS, remaining))
    return allowed if math.isfinite(allowed) else None


def _asks(scorer: object) -> bool:
    """Whether a scorer is given the means to ask a model, as judges are."""
    return "ask" in getattr(scorer, "injected", ())


async def score_all(
    scorers: Sequence[Scorer],
    pairs: Iterable[tuple[Case, Response]],
    *,
    on_score: Callable[[ScoreRow], None],
    already: Collection[tuple[ResponseKey, str]] = (),
    concurrency: int = 20,
    stop: asyncio.Event | None = None,
    seconds: float = SCORER_SECONDS,
    remaining: Callable[[], float] = lambda: math.inf,
) -> None:
    """Score every answer with every scorer and hand each row to ``on_score`` as soon as it is known.

    ``pairs`` is read as the work goes on; responses without an answer are passed over. ``already`` names (response,
    scorer) pairs that are recorded. ``concurrency`` bounds the judges waiting at once. After ``stop`` is set no score
    is begun; those under way, perhaps paid for, are finished. What is left unscored then is not handed over: the judge
    may have been stopped before it was asked. What ``on_score`` raises ends the whole.

    A scorer that waits for longer than ``seconds``, or than the ``remaining()`` seconds of the run, is given up. One
    that computes for ever without waiting cannot be: it holds the whole process.
    """
    work = _missing_scores(scorers, pairs, frozenset(already))
    done = count(1)

    async def worker() -> None:
        for scorer, digest, case, response in work:  # shared: each worker takes the next
            if stop is not None and stop.is_set():
                return
            score = await score_response(scorer, case, response, seconds=_patience(scorer, seconds, remaining()))
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
