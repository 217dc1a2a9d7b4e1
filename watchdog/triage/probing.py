"""Live probes: some tiny requests to each provider, one attempt each, before anything dearer is asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random
from statistics import median

from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.domain.case import Case, Message
from watchdog.domain.response import CallStatus, Request, Response, ResponseKey
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Watch
from watchdog.errors import ErrorKind, InvalidInput, WatchdogError
from watchdog.pipeline.built import BuiltWatch
from watchdog.replay.budget import Budget
from watchdog.replay.caller import Caller
from watchdog.replay.render import messages_for
from watchdog.triage.facts import Probe
from watchdog.triage.headroom import headroom_of

#: Requests to each provider: one alone may meet the tenth of an overload that is let through.
PROBES = 5
#: Seconds that a tiny request may take, and how many that took longer are enough.
PATIENCE = 10.0
_HANGS = 2
#: What a model of a chat API is asked; anything else gets its shortest case, since only that is sure to fit.
_TINY = (Message(role="user", content="Reply with the word OK."),)
_CHAT = frozenset({"openai", "anthropic"})


async def probe_all(app: App, built: BuiltWatch, budget: Budget) -> tuple[dict[str, Probe], Probe | None]:
    """Each provider that the watch asks, by name; and the pinned model where it is another than those."""
    watch = built.watch
    asked: dict[str, tuple[Role, Target]] = {}
    for role in (Role.CURRENT, Role.FALLBACK, Role.PINNED):
        target = watch.targets.get(role)
        if target is not None:
            asked.setdefault(target.provider, (role, target))
    for judge in built.judges.values():
        asked.setdefault(
            judge.provider, (Role.JUDGE, Target(role=Role.JUDGE, provider=judge.provider, model=judge.model))
        )
    for provider in asked:
        with suppress(WatchdogError):  # its calls will say so
            await built.callers[provider].open()
    pinned = watch.targets.get(Role.PINNED)
    extra = pinned is not None and asked[pinned.provider][1].model != pinned.model
    probes = await asyncio.gather(
        *(_probe(app, built, role, target, budget) for role, target in asked.values()),
        *([_probe(app, built, Role.PINNED, pinned, budget)] if extra and pinned else []),
    )
    by_name = dict(zip(asked, probes, strict=False))
    return by_name, probes[-1] if extra else None


async def _probe(app: App, built: BuiltWatch, role: Role, target: Target, budget: Budget) -> Probe:
    usual = built.callers[target.provider]
    limits = replace(usual.limits, attempts=1)  # a second attempt would hide half of an overload
    caller = Caller(target.provider, usual.provider, limits, app.clock, Random(), app.prices.cost)
    plan = app.settings.providers.get(target.provider)
    request = _request(built.watch, target, plan.kind if plan else "")
    answers = []
    for number in range(PROBES):
        key = ResponseKey(run_id="probe", role=role, case_id="probe", repeat=number)
        answers.append(await caller.call(key, request, budget))
        if sum(answer.error_kind is ErrorKind.TIMEOUT for answer in answers) >= _HANGS:
            break
    made = [answer for answer in answers if answer.status in (CallStatus.ANSWERED, CallStatus.ERROR)]
    took = [answer.latency for answer in made if answer.status is CallStatus.ANSWERED and answer.latency is not None]
    return Probe(
        provider=target.provider,
        model=target.model,
        role=role,
        calls=len(made),
        answered=sum(answer.status is CallStatus.ANSWERED for answer in made),
        errors=Counter(answer.error_kind for answer in made if answer.error_kind is not None),
        said=_said(answers),
        latency=median(took) if took else None,
        headroom=headroom_of(caller.headroom),
    )


def _said(answers: list[Response]) -> str:
    return next((" ".join(answer.error.split())[:200] for answer in answers if answer.error), "")


def _request(watch: Watch, target: Target, kind: str) -> Request:
    case = None if kind in _CHAT else _shortest(watch)
    messages: tuple[Message, ...] = _TINY
    if case is not None:
        try:
            messages = messages_for(case, target.prompt)
        except InvalidInput:  # the sample will say so, with all there is to be said
            case = None
    return Request(
        model=target.model,
        messages=messages,
        parameters=target.parameters,
        case_id=case.id if case else "",
        variables=case.variables if case else {"input": _TINY[0].content},
        timeout=PATIENCE,
    )


def _shortest(watch: Watch) -> Case | None:
    cases = watch.golden.cases if watch.golden else ()
    return min(cases, key=lambda case: len(str(case.variables)) + len(str(case.messages)), default=None)
