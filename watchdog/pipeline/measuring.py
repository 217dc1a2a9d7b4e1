"""One run being measured: calls and scores under way, and what they add up to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from watchdog.detect.scores import RunScores
from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.response import Request, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role
from watchdog.pipeline.anchors import graded
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measured import Measured, judge_health, measured_calls, outcomes_of, provider_health, tool_health
from watchdog.pipeline.planned import applies, planned_scores
from watchdog.pipeline.scope import asked_roles
from watchdog.pipeline.subject import subject_of
from watchdog.protocols import Ask, Clock, Scorer
from watchdog.replay.budget import Budget
from watchdog.replay.stage import plan, replay
from watchdog.score.check import Check
from watchdog.score.judge.anchors import anchor_pairs
from watchdog.score.stage import is_instant, score_all, score_at_once


class Progress(Protocol):
    """Who is told how far a run is."""

    def start(self, total: int, label: str = "") -> None:
        """So many steps lie ahead."""

    def advance(self, n: int = 1, label: str | None = None) -> None:
        """So many more are done."""

    def stop(self) -> None:
        """No more steps."""


class Known(Struct, frozen=True, kw_only=True):
    """What an interrupted run had recorded."""

    done: set[ResponseKey]
    responses: Mapping[ResponseKey, Response]
    scores: Sequence[ScoreRow]

    @property
    def cost(self) -> float:
        """US dollars, as far as they are known."""
        calls = sum(answer.cost or 0.0 for answer in self.responses.values())
        return calls + sum(row.score.cost or 0.0 for row in self.scores)


class Measuring:
    """A run between its opening and its decision: ``replay``, then ``score``, then ``measured``."""

    def __init__(
        self,
        built: BuiltWatch,
        run: Run,
        cases: Sequence[Case],
        known: Known,
        *,
        budget: Budget,
        deadline: float,
        clock: Clock,
        record: Callable[[Response | ScoreRow], None],
        stop: asyncio.Event,
        progress: Progress | None = None,
        anchors_due: Collection[str] = (),
    ) -> None:
        """``record`` is handed each response and score as it arrives; ``deadline``: a time of ``clock.monotonic()``.

        ``anchors_due``: metrics whose judges grade their anchors at this look.
        """
        self._built = built
        self._run = run
        self._cases = {case.id: case for case in cases}
        self._roles = asked_roles(built.watch, run.scope)
        self._budget = budget
        self._deadline = deadline
        self._clock = clock
        self._record = record
        self._stop = stop
        self._progress = progress
        self._timeouts = {name: caller.limits.timeout for name, caller in built.callers.items()}
        self._anchors_due = anchors_due
        self._items = plan(built.watch, cases, run.id, self._roles, run.seed, known.done, self._timeouts)
        self._responses = dict(known.responses)
        self._scores = {(row.key, row.scorer): row for row in known.scores}
        self._judged: dict[str, list[Response]] = {}
        #: Of each case the checks that score its answers as they arrive.
        self._instant: dict[str, list[Check]] = {}

    async def replay(self) -> None:
        """Ask what is not recorded yet. What takes microseconds to score is scored when it arrives."""
        for applicable, ids in self._groups(self._built.scorers(self._ask_provider)):
            instant = [scorer for scorer in applicable if is_instant(scorer)]
            self._instant |= dict.fromkeys(ids, instant)
        if self._progress is not None:
            self._progress.start(len(self._items), self._built.watch.name)
        await replay(
            self._items,
            self._built.callers,
            self._budget,
            on_response=self._on_response,
            stop=self._stop,
            deadline=self._deadline,
        )

    async def score(self) -> None:
        """Score every answer that is not scored yet: by judges, by checks that take longer, of an interrupted run."""
        scorers = self._built.scorers(self._ask_provider)
        for applicable, ids in self._groups(scorers):
            answers = self._responses.items()
            pairs = [(self._cases[key.case_id], answer) for key, answer in answers if key.case_id in ids]
            await score_all(
                applicable,
                pairs,
                on_score=self._on_score,
                already=self._scores.keys(),
                stop=self._stop,
                remaining=lambda: self._deadline - self._clock.monotonic(),
            )
        # The answers first: should money or time run out, they are what was asked for.
        for metric in self._anchors_due:
            await score_all(
                [scorers[metric]],
                anchor_pairs(self._built.anchors[metric].anchors, self._run.id),
                on_score=self._on_score,
                already=self._scores.keys(),
                stop=self._stop,
                remaining=lambda: self._deadline - self._clock.monotonic(),
            )

    def measured(self, problems: Sequence[str]) -> Measured:
        """What it all adds up to."""
        watch, run = self._built.watch, self._run
        planned = planned_scores(watch, run.id, self._roles, list(self._cases.values()))
        calls, tallies = outcomes_of(planned, self._cases, self._responses, self._scores.values())
        anchors, grades = graded(self._built.anchors, self._scores.values(), self._anchors_due)
        told = measured_calls(watch, planned, self._cases, self._responses)
        subject = subject_of(watch, self._responses.values(), self._scores.values())
        run = replace(run, subject=subject, status=RunStatus.MEASURED)
        return Measured(
            run=run,
            cases=self._cases,
            responses=self._responses,
            scores=list(self._scores.values()),
            outcomes=calls,
            run_scores=RunScores.collect(
                run.id,
                run.planned_for,
                [*self._cases.values(), *anchors],
                [*calls, *told, *grades],
                self._built.instruments,
            ),
            tallies=tallies,
            health=[
                *provider_health(watch, self._responses.values()),
                *(judge_health(provider, answers) for provider, answers in self._judged.items()),
            ],
            tools=tool_health(self._responses.values()),
            calls=len(self._items),
            problems=problems,
        )

    def _on_response(self, response: Response) -> None:
        self._record(response)
        self._responses[response.key] = response
        if response.answered:
            case = self._cases[response.key.case_id]
            for check in self._instant[case.id]:
                score = score_at_once(check, case, response)
                self._on_score(ScoreRow(key=response.key, scorer=check.name, scorer_digest=check.digest, score=score))
        if self._progress is not None:
            self._progress.advance()

    def _on_score(self, row: ScoreRow) -> None:
        self._record(row)
        self._scores[row.key, row.scorer] = row

    def _ask_provider(self, provider: str) -> Ask:
        async def ask(request: Request) -> Response:
            request = replace(request, timeout=self._timeouts[provider])
            # A judge's call has no case of its own and is not recorded: its verdict is, as a score.
            key = ResponseKey(run_id=self._run.id, role=Role.CURRENT, case_id=f"judge-{digest(request.model)}")
            answer = await self._built.callers[provider].call(key, request, self._budget, self._deadline, self._stop)
            self._judged.setdefault(provider, []).append(answer)
            return answer

        return ask

    def _groups(self, scorers: Mapping[str, Scorer]) -> list[tuple[list[Scorer], set[str]]]:
        """Cases by the scorers that have something to say of them."""
        watch = self._built.watch
        groups: dict[tuple[str, ...], set[str]] = {}
        for case in self._cases.values():
            names = tuple(plan.name for plan in watch.scorers if applies(plan, case, watch))
            groups.setdefault(names, set()).add(case.id)
        return [([scorers[name] for name in names], ids) for names, ids in groups.items()]
