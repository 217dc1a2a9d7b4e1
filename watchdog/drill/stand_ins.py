"""Who answers in the shadow copy: stand-ins for targets and judges, which break when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from watchdog.domain.response import Answer, Request, Response, ResponseKey
from watchdog.domain.target import Role
from watchdog.domain.watch import Limits
from watchdog.drill.answers import Stock
from watchdog.drill.kinds import CALM, World
from watchdog.errors import ErrorKind, ProviderError
from watchdog.protocols import Clock, Provider
from watchdog.replay.budget import Budget
from watchdog.replay.caller import Caller
from watchdog.simulator.simulator import Question, Simulator

#: Nobody is spared or waited for here.
_LIMITS = Limits(concurrency=50, max_concurrency=50, attempts=2, backoff_cap=1.0)


@dataclass(slots=True)
class Stage:
    """What is wrong now, and at which look we are."""

    world: World = CALM
    look: int = 0


class TargetStandIn:
    """Says what a target of the watch said."""

    def __init__(self, role: Role, stage: Stage, stock: Stock, *, falls: bool) -> None:
        """``falls``: whether it is down with the provider of the current target."""
        self._role = role
        self._stage = stage
        self._stock = stock
        self._falls = falls

    async def complete(self, request: Request) -> Answer:
        """Answer one request, or raise ProviderError."""
        stage, stock = self._stage, self._stock
        if self._falls and stage.world.provider_down:
            raise _down()
        answer = stock.good(self._role, request.case_id, request.repeat, stage.look)
        if answer is None:
            raise ProviderError("it never answered this", kind=ErrorKind.BAD_RESPONSE, retryable=False)
        answer = replace(answer, served_model=answer.served_model or request.model)
        if self._role is not Role.CURRENT:
            return answer
        if stage.world.another_model:
            answer = replace(answer, served_model=f"{answer.served_model}-drill", fingerprint=None)
        if stock.is_bad(request.case_id, stage.world.bad):
            answer = replace(answer, text=stock.bad[request.case_id], finish_reason="stop")
        return answer

    async def aclose(self) -> None:
        """Nothing to give up."""


class JudgeStandIn:
    """Grades as the real judge did, and what is bad as bad."""

    def __init__(self, simulator: Simulator, stage: Stage, *, falls: bool) -> None:
        """``falls``: whether it is down with the provider of the current target."""
        self._simulator = simulator
        self._stage = stage
        self._falls = falls

    async def complete(self, request: Request) -> Answer:
        """Grade, or raise ProviderError."""
        world = self._stage.world
        if world.judges_down or (self._falls and world.provider_down):
            raise _down()
        said = [(message.role, message.content) for message in request.messages]
        reply = self._simulator.reply(
            Question(
                model=request.model,
                system="\n".join(text for role, text in said if role == "system"),
                text="\n".join(text for role, text in said if role != "system"),
            )
        )
        return Answer(text=reply.text, finish_reason=reply.finish_reason, served_model=reply.served_model)

    async def aclose(self) -> None:
        """Nothing to give up."""


class StandIns(Caller):
    """The caller of one provider in the shadow: every target that it serves, and its judges, are played apart."""

    def __init__(self, name: str, targets: Mapping[Role, Provider], judge: Provider, clock: Clock, seed: int) -> None:
        super().__init__(name, judge, _LIMITS, clock, Random(seed), _free)
        self._targets = {
            role: Caller(name, provider, _LIMITS, clock, Random(seed), _free) for role, provider in targets.items()
        }

    async def call(
        self,
        key: ResponseKey,
        request: Request,
        budget: Budget,
        deadline: float | None = None,
        stop: asyncio.Event | None = None,
    ) -> Response:
        """As ``Caller.call``; a request without a case is a judge's."""
        if not request.case_id:
            return await super().call(key, request, budget, deadline, stop)
        return await self._targets[key.role].call(key, request, budget, deadline, stop)


def _free(_model: str, _usage: object) -> float:
    return 0.0


def _down() -> ProviderError:
    return ProviderError("HTTP 503: a drill", kind=ErrorKind.SERVER, retryable=True, status=503)
