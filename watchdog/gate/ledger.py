"""What is remembered of gates: opening one or continuing one that was interrupted, and closing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from watchdog.domain.case import Case
from watchdog.domain.digest import digest
from watchdog.domain.response import Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.target import Role
from watchdog.gate.measure import Measurement
from watchdog.gate.options import GateOptions
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.runs import LEASE_SECONDS, WatchBusy, new_run
from watchdog.pipeline.subject import subject_of
from watchdog.replay.stage import WorkItem
from watchdog.store.gates import GateRow
from watchdog.store.ownership import may_be_alive, this_process
from watchdog.store.recorder import take_in_spilled
from watchdog.store.store import Session, Store

#: Seconds for which an interrupted gate is continued: later, its arms would not have met the same weather.
CONTINUED_WITHIN = 6 * 3600.0


class OpenGate(Struct, frozen=True, kw_only=True):
    """A gate that this process holds."""

    run: Run
    key: str
    resumed: bool


def question(built: BuiltWatch, options: GateOptions) -> str:
    """Digest of what a gate asks: arms, cases, scorers and rules; its limits may differ when it is continued."""
    rules = asdict(replace(options, max_cost=None, max_calls=None))
    arms = [built.watch.targets[role].digest for role in (Role.CURRENT, Role.CANDIDATE)]
    return digest([arms, built.instruments.golden_set, dict(built.instruments.scorers), rules])


def open_gate(store: Store, built: BuiltWatch, options: GateOptions, now: float) -> OpenGate:
    """A new gate, or the interrupted one of the same question.

    Raises:
        WatchBusy: another process is holding just this gate.
    """
    owner, key, watch = this_process(), question(built, options), built.watch
    with store.begin() as session:
        session.runs.lock(watch.name)
        for row in session.gates.open(watch.name, key, now - CONTINUED_WITHIN):
            run = session.runs.get(row.id)
            if run is None:
                continue
            holder, until = session.runs.owner(run.id)
            if holder is not None and holder != owner and (until or 0.0) > now and may_be_alive(holder):
                raise WatchBusy(f"this gate of {watch.name!r} is being held by another process ({holder}); wait for it")
            return _held(session, replace(run, status=RunStatus.RUNNING), key, owner, now, resumed=True)
        subject = subject_of(watch, ())
        run = replace(
            new_run(watch, built.instruments, subject, Trigger.GATE, now), started_at=now, status=RunStatus.RUNNING
        )
        if options.seed is not None:
            run = replace(run, seed=options.seed)
        return _held(session, run, key, owner, now, resumed=False)


def _held(session: Session, run: Run, key: str, owner: str, now: float, *, resumed: bool) -> OpenGate:
    session.runs.save(run)
    session.runs.release(run.id)
    session.runs.claim(run.id, owner, now, LEASE_SECONDS)
    if not resumed:
        session.gates.save(GateRow(id=run.id, watch=run.watch, key=key, at=run.planned_for))
    return OpenGate(run=run, key=key, resumed=resumed)


def renew(store: Store, run_id: str, now: float) -> None:
    """Say that we are alive."""
    with store.begin() as session:
        session.runs.claim(run_id, this_process(), now, LEASE_SECONDS)


def known(store: Store, gate: OpenGate) -> Measurement:
    """What an interrupted gate had recorded. What had failed is asked again: the outage may be over."""
    take_in_spilled(store, gate.run.id)
    if not gate.resumed:
        return Measurement()
    with store.read() as session:
        done = session.responses.recorded(gate.run.id, retry_errors=True)
        responses = {answer.key: answer for answer in session.responses.of_run(gate.run.id) if answer.key in done}
        scores = [row for row in session.scores.of_run(gate.run.id) if row.score.value is not None]
    return Measurement(
        responses=responses, scores={(row.key, row.scorer): row for row in scores if row.key in done}, done=done
    )


def cases_of(store: Store, gate: OpenGate, fresh: list[Case]) -> list[Case]:
    """The sampled cases of the gate; of a continued one the same sample as before."""
    with store.begin() as session:
        kept = session.runs.cases(gate.run.id)
        if kept:
            return kept
        session.runs.save_cases(gate.run.id, fresh)
    return fresh


def close_gate(
    store: Store,
    gate: OpenGate,
    run: Run,
    *,
    verdict: str | None,
    report: Mapping[str, Any] | None,
    answers: Mapping[ResponseKey, str],
    now: float,
) -> None:
    """Remember how it ended; without a verdict it may be continued. ``answers``: request keys of what was asked."""
    with store.begin() as session:
        session.runs.save(run)
        session.runs.release(run.id)
        session.gates.save(
            GateRow(id=run.id, watch=run.watch, key=gate.key, at=run.planned_for, verdict=verdict, report=report)
        )
        session.gates.remember_answers(answers, now)


def request_key(item: WorkItem, provider: Mapping[str, Any]) -> str:
    """Digest of all that decides an answer: the provider and its arguments, model, parameters, messages, case.

    ``provider``: its kind and arguments, without secrets.
    """
    request = item.request
    messages = [[message.role, message.content] for message in request.messages]
    return digest(
        [
            item.provider,
            dict(provider),
            request.model,
            dict(request.parameters),
            messages,
            dict(request.variables),
            request.case_id,
        ]
    )


def as_this_gates(response: Response, key: ResponseKey) -> Response:
    """An answer of before, as one of this gate: without an attempt, which is how accounts know that nobody paid again.

    Its cost stays: that is what such an answer costs, and a budget holds the candidate's against it.
    """
    return replace(response, key=key, attempts=0)
