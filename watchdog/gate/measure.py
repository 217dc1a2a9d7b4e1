"""Both arms are asked, interleaved, and scored: a block of cases at a time, each answer durable as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from watchdog.detect.scores import RunScores, ScoredCall
from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.response import Request, Response, ResponseKey
from watchdog.domain.run import Run
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role
from watchdog.gate.streams import BASELINE, CANDIDATE
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measured import outcomes_of
from watchdog.pipeline.measuring import Progress
from watchdog.pipeline.planned import applies
from watchdog.protocols import Ask, Clock
from watchdog.replay.budget import Budget
from watchdog.replay.stage import WorkItem, plan, replay
from watchdog.score.stage import score_all

ARMS = (BASELINE, CANDIDATE)


@dataclass(slots=True, kw_only=True)
class Measurement:
    """What a gate has measured so far."""

    responses: dict[ResponseKey, Response] = field(default_factory=dict)
    scores: dict[tuple[ResponseKey, str], ScoreRow] = field(default_factory=dict)
    #: Keys that need no call any more.
    done: set[ResponseKey] = field(default_factory=set)
    #: Calls begun now, judges' included.
    calls: int = 0

    def outcomes(self, built: BuiltWatch, run: Run, cases: Sequence[Case], repeats: Mapping[str, int]) -> RunScores:
        """Scores of the cases that count, every planned answer accounted for."""
        calls = self.scored_calls(built, run, cases, repeats)
        return RunScores.collect(run.id, run.planned_for, cases, calls, run.instruments)

    def scored_calls(
        self, built: BuiltWatch, run: Run, cases: Sequence[Case], repeats: Mapping[str, int]
    ) -> list[ScoredCall]:
        """What became of every planned (call, scorer)."""
        planned = [
            (ResponseKey(run_id=run.id, role=role, case_id=case.id, repeat=repeat), scorer.name)
            for scorer in built.watch.scorers
            for case in cases
            if applies(scorer, case, built.watch)
            for role in ARMS
            for repeat in range(repeats[case.id])
        ]
        by_id = {case.id: case for case in cases}
        return outcomes_of(planned, by_id, self.responses, self.scores.values())[0]

    @property
    def cost(self) -> float | None:
        """US dollars, judges included, as far as prices are known; None when none is."""
        known = [cost for cost in self._costs() if cost is not None]
        return sum(known) if known or not self.unpriced else None

    @property
    def unpriced(self) -> int:
        """Calls whose cost is unknown."""
        return sum(cost is None for cost in self._costs())

    def _costs(self) -> list[float | None]:
        made = [response.cost for response in self.responses.values() if response.attempts]
        return made + [row.score.cost for row in self.scores.values() if row.score.cost != 0.0]


class Asking:
    """Asks and scores blocks of cases within one run."""

    def __init__(
        self,
        built: BuiltWatch,
        run: Run,
        so_far: Measurement,
        *,
        repeats: Mapping[str, int],
        budget: Budget,
        deadline: float,
        clock: Clock,
        record: Callable[[Response | ScoreRow], None],
        stop: asyncio.Event,
        progress: Progress | None = None,
        reuse: Callable[[Sequence[WorkItem]], Iterable[Response]] = lambda _items: (),
    ) -> None:
        """``built``: its watch's targets are the two arms. ``reuse`` gives answers that need not be asked for."""
        self._built = built
        self._run = run
        self._so_far = so_far
        self._repeats = repeats
        self._budget = budget
        self._deadline = deadline
        self._clock = clock
        self._record = record
        self._stop = stop
        self._progress = progress
        self._reuse = reuse
        self._timeouts = {name: caller.limits.timeout for name, caller in built.callers.items()}

    async def ask(self, cases: Sequence[Case], look: int) -> None:
        """Ask both arms what is not recorded yet, and score every answer."""
        items = self._items(cases, look)
        for response in await asyncio.to_thread(self._reuse, items):
            self._on_response(response)
            self._so_far.done.add(response.key)
        items = [item for item in items if item.key not in self._so_far.done]
        await replay(
            items,
            self._built.callers,
            self._budget,
            on_response=self._on_response,
            stop=self._stop,
            deadline=self._deadline,
        )
        self._so_far.calls += sum(
            self._so_far.responses[i.key].attempts > 0 for i in items if i.key in self._so_far.responses
        )
        await self._score(cases)

    def _items(self, cases: Sequence[Case], look: int) -> list[WorkItem]:
        seed = self._run.seed + 7919 * look
        return plan(
            self._built.watch, cases, self._run.id, ARMS, seed, self._so_far.done, self._timeouts, self._repeats
        )

    async def _score(self, cases: Sequence[Case]) -> None:
        scorers = self._built.scorers(self._ask_provider)
        by_id = {case.id: case for case in cases}
        for names, ids in self._groups(cases).items():
            answers = [
                (by_id[key.case_id], answer) for key, answer in self._so_far.responses.items() if key.case_id in ids
            ]
            await score_all(
                [scorers[name] for name in names],
                answers,
                on_score=self._on_score,
                already=self._so_far.scores.keys(),
                stop=self._stop,
                remaining=lambda: self._deadline - self._clock.monotonic(),
            )

    def _groups(self, cases: Sequence[Case]) -> dict[tuple[str, ...], set[str]]:
        """Cases by the scorers that have something to say of them."""
        watch = self._built.watch
        groups: dict[tuple[str, ...], set[str]] = {}
        for case in cases:
            names = tuple(scorer.name for scorer in watch.scorers if applies(scorer, case, watch))
            groups.setdefault(names, set()).add(case.id)
        return groups

    def _on_response(self, response: Response) -> None:
        self._record(response)
        self._so_far.responses[response.key] = response
        if self._progress is not None:
            self._progress.advance()

    def _on_score(self, row: ScoreRow) -> None:
        self._record(row)
        self._so_far.scores[row.key, row.scorer] = row

    def _ask_provider(self, provider: str) -> Ask:
        async def ask(request: Request) -> Response:
            request = replace(request, timeout=self._timeouts[provider])
            # A judge's call has no case of its own and is not recorded: its verdict is, as a score.
            key = ResponseKey(run_id=self._run.id, role=Role.CANDIDATE, case_id=f"judge-{digest(request.model)}")
            answer = await self._built.callers[provider].call(key, request, self._budget, self._deadline, self._stop)
            self._so_far.calls += answer.attempts > 0
            return answer

        return ask
