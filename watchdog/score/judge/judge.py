"""The judge: asks a model for a verdict, reads that verdict only, and says "unscored" when there is none."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import force_setattr

from watchdog.domain.case import Case, Message
from watchdog.domain.digest import digest
from watchdog.domain.metric import Better, Layer
from watchdog.domain.response import CallStatus, Request, Response
from watchdog.domain.score import Score
from watchdog.protocols import Ask
from watchdog.score.judge.prompt import JudgePrompt
from watchdog.score.judge.spec import JudgeSpec
from watchdog.score.judge.verdict import UnreadableVerdict, Verdict, read_verdict
from watchdog.text.redaction import redact

#: Raised whenever prompt, delimiters or reading of the verdict change: part of every judge's digest.
PROTOCOL_VERSION = 1

#: Characters of an unreadable reply that are shown back to the judge, and of its reason that are kept.
_REPLY_SHOWN = 4000
_REASON_KEPT = 500


class Judge(Struct, frozen=True, kw_only=True, dict=True):
    """An LLM scorer. A call that fails, a reply that cannot be read, a grade off the scale: the answer is unscored."""

    injected: ClassVar[frozenset[str]] = frozenset({"ask"})
    negatable: ClassVar[bool] = False
    better: ClassVar[Better] = Better.HIGHER
    layer: ClassVar[Layer] = Layer.QUALITY

    spec: JudgeSpec
    ask: Ask
    #: Name of the metric; the judge's own when empty.
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            force_setattr(self, "name", self.spec.name)
        _ = self._prompt

    @cached_property
    def _prompt(self) -> JudgePrompt:
        return JudgePrompt(self.spec)

    @cached_property
    def digest(self) -> str:
        """Digest of rubric, scale, model and parameters, and of the protocol they are used with."""
        return digest([self.spec.digest, PROTOCOL_VERSION])

    async def score(self, case: Case, response: Response) -> Score:
        """Ask for a verdict, once more if it cannot be read."""
        sheet = self._prompt.sheet(case, response)
        messages = sheet.messages
        replies: list[Response] = []
        problem = ""
        while len(replies) < 2:
            reply = await self.ask(self._request(messages))
            replies.append(reply)
            if reply.status is not CallStatus.ANSWERED:
                return self._unscored(_what_failed(reply), replies)
            try:
                verdict = read_verdict(reply.text, grades=self.spec.scale, token=sheet.token, material=sheet.material)
            except UnreadableVerdict as unreadable:
                problem = str(unreadable)
            else:
                return self._scored(verdict, replies, cut=sheet.cut)
            said = reply.text.strip()[:_REPLY_SHOWN] or "(nothing)"
            messages = (*sheet.messages, Message(role="assistant", content=said), self._prompt.repair(problem))
        return self._unscored(f"the judge's verdict could not be read: {problem}", replies)

    def _request(self, messages: tuple[Message, ...]) -> Request:
        return Request(model=self.spec.model, messages=messages, parameters=self.spec.parameters)

    def _scored(self, verdict: Verdict, replies: list[Response], *, cut: bool) -> Score:
        details = self._details(replies) | {"grade": verdict.grade} | ({"cut": True} if cut else {})
        reason = redact(" ".join(verdict.reason.split()))[:_REASON_KEPT]  # a judge may quote what it read
        value = self.spec.scale[verdict.grade]
        return Score(value=value, bar=self.spec.bar, reason=reason, details=details, cost=_cost(replies))

    def _unscored(self, reason: str, replies: list[Response]) -> Score:
        return Score.unscored(reason, cost=_cost(replies), details=self._details(replies))

    def _details(self, replies: list[Response]) -> dict[str, Any]:
        return {
            "judge": self.spec.name,
            "version": self.spec.version,
            "model": self.spec.model,
            "served_model": replies[-1].served_model,
            "rubric": self.spec.rubric_digest,
            "parameters": dict(self.spec.parameters),
            "attempts": len(replies),
        }


def _what_failed(reply: Response) -> str:
    if reply.status is CallStatus.SKIPPED:
        return f"judge call skipped: {reply.error or 'not said why'}"
    return f"judge call failed: {reply.error_kind or reply.status}"


def _cost(replies: list[Response]) -> float | None:
    """US dollars of all calls; one unknown makes the sum unknown."""
    costs = [reply.cost for reply in replies]
    return None if None in costs else sum(cost or 0.0 for cost in costs)
