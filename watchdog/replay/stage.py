"""Replay: cases x targets x repeats -> responses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from random import Random
from types import MappingProxyType

from msgspec import Struct

from watchdog.domain.case import Case, Message
from watchdog.domain.response import CallStatus, Request, Response, ResponseKey
from watchdog.domain.target import Prompt, Role
from watchdog.domain.watch import Limits, Watch
from watchdog.errors import InvalidInput, Problem
from watchdog.replay.budget import Budget
from watchdog.replay.caller import Caller
from watchdog.replay.render import messages_for

#: Broken cases told of at once; a broken prompt breaks them all.
_PROBLEMS = 20


class WorkItem(Struct, frozen=True):
    """One planned call."""

    key: ResponseKey
    #: Name of the provider in watchdog.yaml.
    provider: str
    request: Request


def plan(
    watch: Watch,
    cases: Sequence[Case],
    run_id: str,
    roles: Sequence[Role],
    seed: int,
    recorded: Collection[ResponseKey] = (),
    timeouts: Mapping[str, float] = MappingProxyType({}),
    repeats: Mapping[str, int] = MappingProxyType({}),
) -> list[WorkItem]:
    """Return every call of a run that is not recorded yet, in the order in which they are to be begun.

    Cases (and repeats of a case) are shuffled; the arms of one case follow each other, in random order, so that they
    meet the same weather. Arms with equal targets are all asked: they are a control. The order depends on ``seed``
    alone, whatever is recorded. ``timeouts``: seconds for one attempt, by provider. ``repeats``: of the cases that are
    asked another number of times than the watch says. Raises InvalidInput when cases do not fit a prompt.
    """
    usual = Limits().timeout
    rng = Random(seed)
    units = [(case, repeat) for case in cases for repeat in range(repeats.get(case.id, watch.repeats))]
    rng.shuffle(units)
    arms = [(role, watch.targets[role]) for role in roles]
    done = recorded if isinstance(recorded, set | frozenset) else frozenset(recorded)
    rendered: dict[tuple[str, Prompt | None], tuple[Message, ...]] = {}
    problems: list[Problem] = []
    items: list[WorkItem] = []
    for case, repeat in units:
        rng.shuffle(arms)
        for role, target in arms:
            key = ResponseKey(run_id=run_id, role=role, case_id=case.id, repeat=repeat)
            if key in done:
                continue
            place = (case.id, target.prompt)
            if place not in rendered:
                try:
                    rendered[place] = messages_for(case, target.prompt)
                except InvalidInput as error:
                    rendered[place] = ()
                    problems.extend(error.problems)
            request = Request(
                model=target.model,
                messages=rendered[place],
                parameters=target.parameters,
                case_id=case.id,
                repeat=repeat,
                variables=case.variables,
                timeout=timeouts.get(target.provider, usual),
            )
            items.append(WorkItem(key, target.provider, request))
    if problems:
        raise InvalidInput(list(dict.fromkeys(problems))[:_PROBLEMS])
    return items


async def replay(
    items: Sequence[WorkItem],
    callers: Mapping[str, Caller],
    budget: Budget,
    *,
    on_response: Callable[[Response], None],
    stop: asyncio.Event | None = None,
    deadline: float | None = None,
) -> None:
    """Make the planned calls and hand over each response as it arrives.

    Every provider has its own queue, so that a slow one does not hold up the others. When ``stop`` is set nothing new
    begins, calls in flight are finished and handed over, and the rest stays unknown. ``deadline`` is a time of the
    callers' clock (``monotonic()``): calls not begun by then are handed over as SKIPPED.

    Raises WatchdogError when a provider cannot be opened, and whatever ``on_response`` raises; calls in flight are
    cancelled then.
    """
    queues: dict[str, list[WorkItem]] = {}
    for item in items:
        queues.setdefault(item.provider, []).append(item)
    for name in queues:
        await callers[name].open()

    async def work(caller: Caller, queue: Iterator[WorkItem]) -> None:
        for item in queue:
            if stop is not None and stop.is_set():
                return
            response = await caller.call(item.key, item.request, budget, deadline, stop)
            if response.status is not CallStatus.NOT_RUN:
                on_response(response)
            if not response.attempts:
                await asyncio.sleep(0)  # nothing was waited for: let others have a turn

    workers = [
        work(callers[name], queue)
        for name, waiting in queues.items()
        for queue in [iter(waiting)]
        for _ in range(min(callers[name].limits.max_concurrency, len(waiting)))
    ]
    try:
        async with asyncio.TaskGroup() as tasks:
            for worker in workers:
                tasks.create_task(worker)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
