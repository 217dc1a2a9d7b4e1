"""A look that broke, as what it measured: what it had recorded by then, mostly nothing."""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.detect.scores import RunScores
from watchdog.domain.run import Run, RunStatus
from watchdog.pipeline.anchors import graded
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measured import Measured, outcomes_of, provider_health, tool_health
from watchdog.pipeline.planned import planned_scores
from watchdog.pipeline.scope import asked_cases, asked_roles
from watchdog.store.store import Session


def broken(session: Session, built: BuiltWatch, run: Run, note: str, *, recorded: bool = True) -> Measured:
    """The failed run with what is ``recorded`` of it, or as if nothing were; ``note``: in one sentence why it broke.

    It is decided upon like any other, or a watch that breaks at every look would be silent for ever.
    """
    watch = built.watch
    golden = asked_cases(watch, run.scope, watch.golden.cases if watch.golden else ())
    cases = {case.id: case for case in (*golden, *session.runs.cases(run.id))}
    responses = {response.key: response for response in session.responses.of_run(run.id)} if recorded else {}
    scores = session.scores.of_run(run.id) if recorded else []
    planned = planned_scores(watch, run.id, asked_roles(watch, run.scope), list(cases.values()))
    calls, tallies = outcomes_of(planned, cases, responses, scores)
    anchors, grades = graded(built.anchors, scores)
    return Measured(
        run=replace(run, status=RunStatus.FAILED, note=note),
        cases=cases,
        responses=responses,
        scores=scores,
        outcomes=calls,
        run_scores=RunScores.collect(
            run.id, run.planned_for, [*cases.values(), *anchors], [*calls, *grades], built.instruments
        ),
        tallies=tallies,
        health=provider_health(watch, responses.values()),
        tools=tool_health(responses.values()),
        problems=[note],
    )
