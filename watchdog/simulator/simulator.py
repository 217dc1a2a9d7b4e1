"""The simulated models themselves: a question in, a reply out; no HTTP here.

Every random choice is a pure function of the seed, the requested model, the case and how often that model was asked
that case before, so a story told twice goes the same way whatever the order of the calls in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from watchdog.domain.case import Case, GoldenSet
from watchdog.domain.digest import digest
from watchdog.domain.response import ToolCall
from watchdog.errors import UsageError
from watchdog.simulator import answers
from watchdog.simulator.behaviour import Behaviour
from watchdog.simulator.chance import lognormal, probability_of_case, uniform
from watchdog.simulator.grading import read_sheet, verdict
from watchdog.simulator.memory import Memory

#: The name that stands for every model in a change of behaviour.
EVERY_MODEL = "*"


class Question(Struct, frozen=True, kw_only=True):
    """What a caller asks, whatever the protocol it came in."""

    model: str
    #: All messages but the system's, joined.
    text: str
    system: str = ""
    #: Most tokens the answer may have.
    max_tokens: int | None = None
    #: Given by the caller in place of the count of calls, to ask the very same thing again.
    nonce: str = ""


class Reply(Struct, frozen=True, kw_only=True):
    """What the model does about it. With a fault there is no answer."""

    served_model: str
    fingerprint: str
    #: Seconds before the answer.
    delay: float
    text: str = ""
    #: ``stop`` or ``length``.
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    contexts: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    #: An HTTP status or one of ``NAMED_FAULTS``; empty when there is an answer.
    fault: str = ""
    #: Seconds for the Retry-After header; 0: none.
    retry_after: float = 0.0
    #: Share that is left of a limit, by limit.
    headroom: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What was asked of the models and what became of it, for tests and for the curious."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    #: By model, role and what the call was about: a case or, for a judge, a case and a candidate answer.
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    in_flight: int = 0
    peak_in_flight: int = 0


class Simulator:
    """Models that know the cases of some golden sets and behave as they are told.

    A model is asked for by name. An alias says which model is *served* under that name, and the served model's
    behaviour decides; changing an alias is a silent model update.
    """

    def __init__(
        self,
        golden: Sequence[GoldenSet] = (),
        seed: int = 0,
        *,
        aliases: Mapping[str, str] | None = None,
        known_answers: Mapping[str, float] | None = None,
    ) -> None:
        """Know the cases of ``golden``; ``known_answers`` are texts with what they deserve (a judge's anchors)."""
        self._seed = seed
        self._first_aliases = dict(aliases or {})
        self._known_answers = {text.strip(): value for text, value in (known_answers or {}).items()}
        self._memory = Memory(golden, seed)
        self._tally = Tally()
        self.reset()

    def reset(self, asked: int = 0) -> None:
        """Everything as it was at the start: behaviours, aliases, counts.

        The luck of the answers too; it goes on as if everything had been ``asked`` so often before.
        """
        self._asked_before = asked
        self._usual = Behaviour()
        self._models: dict[str, Behaviour] = {}
        self._aliases = dict(self._first_aliases)
        # Calls that are still on their way will leave the new tally.
        waiting = self._tally.in_flight
        self._tally = Tally(in_flight=waiting, peak_in_flight=waiting)

    # -- control ------------------------------------------------------------------------------------------------------

    def change(self, patch: Mapping[str, Any]) -> None:
        """Turn knobs: ``{"models": {name: {knob: value}}, "aliases": {requested: served or null}}``.

        The model ``*`` stands for all of them. Nothing is changed when anything is wrong (UsageError).
        """
        unknown = sorted(set(patch) - {"models", "aliases"})
        if unknown:
            raise UsageError(f"a change has 'models' and 'aliases', not {unknown[0]!r}")
        usual, models, aliases = self._usual, dict(self._models), dict(self._aliases)
        for name, knobs in _table(patch, "models").items():
            changes = _table({name: knobs}, name)
            if name == EVERY_MODEL:
                usual = usual.patched(changes)
                models = {model: behaviour.patched(changes) for model, behaviour in models.items()}
            else:
                models[name] = models.get(name, usual).patched(changes)
        for requested, served in _table(patch, "aliases").items():
            if served is None:
                aliases.pop(requested, None)
            elif isinstance(served, str) and served:
                aliases[requested] = served
            else:
                raise UsageError(f"the alias {requested!r} is the name of a served model, not {served!r}")
        self._usual, self._models, self._aliases = usual, models, aliases

    def behaviour(self, model: str) -> Behaviour:
        """How the model that is served under a name behaves now."""
        return self._models.get(self.served(model), self._usual)

    def served(self, model: str) -> str:
        """Name of the model that answers when ``model`` is asked for."""
        return self._aliases.get(model, model)

    def models(self) -> tuple[str, ...]:
        """Names that were configured or asked for."""
        return tuple(sorted({*self._models, *self._aliases, *(model for model, _ in self._tally.calls)}))

    def control(self) -> dict[str, Any]:
        """Behaviours and aliases as they are now, in the form that ``change`` takes."""
        behaviours = {EVERY_MODEL: self._usual, **self._models}
        knobs = Behaviour.__struct_fields__
        return {
            "models": {name: {knob: getattr(b, knob) for knob in knobs} for name, b in behaviours.items()},
            "aliases": dict(self._aliases),
        }

    def stats(self, *, cases: bool = False) -> dict[str, Any]:
        """Counts since the start or the last reset; with ``cases`` also how often each case was asked."""
        tally = self._tally
        found: dict[str, Any] = {
            "calls": sum(tally.calls.values()),
            "in_flight": tally.in_flight,
            "peak_in_flight": tally.peak_in_flight,
            "faults": dict(tally.faults),
            "models": {},
        }
        for (model, role), count in tally.calls.items():
            found["models"].setdefault(model, {"calls": {}, "answers": {}})["calls"][role] = count
        for (model, kind), count in tally.answers.items():
            found["models"][model]["answers"][kind] = count
        if cases:
            found["cases"] = {}
            for (model, role, about), count in tally.asked.items():
                if role == "answer":
                    found["cases"].setdefault(model, {})[about] = count
        return found

    # -- answering ----------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """A call has arrived."""
        self._tally.in_flight += 1
        self._tally.peak_in_flight = max(self._tally.peak_in_flight, self._tally.in_flight)

    def leave(self) -> None:
        """A call has gone, answered or not."""
        self._tally.in_flight -= 1

    def reply(self, question: Question, *, agent: bool = False) -> Reply:
        """Answer one question as the served model behaves now; an ``agent`` uses tools and names its contexts."""
        model, tally = question.model, self._tally
        behaviour, served = self.behaviour(model), self.served(model)
        sheet = read_sheet(question.system, question.text)
        case = self._memory.find(sheet.input if sheet else question.text)
        role = "judge" if sheet else "answer"
        about = case.id if case else "-"
        if sheet:
            about = f"{about} {digest(sheet.answer)}"
        count = self._asked_before + tally.asked[model, role, about]
        nonce = question.nonce or str(count)
        tally.calls[model, role] += 1
        tally.asked[model, role, about] += 1

        def luck(what: str) -> float:
            return uniform(self._seed, model, role, about, nonce, what)

        fingerprint = behaviour.fingerprint or f"fp_{digest(served)[:10]}"
        delay = lognormal(behaviour.latency, behaviour.latency_spread, luck("latency")) if behaviour.latency else 0.0
        if fault := self._fault(behaviour, luck("fault")):
            tally.faults[fault] += 1
            wait = behaviour.retry_after if fault in {"429", "503", "529"} else 0.0
            return Reply(
                served_model=served,
                fingerprint=fingerprint,
                delay=delay,
                fault=fault,
                retry_after=wait,
                headroom=behaviour.headroom,
            )

        tools: tuple[ToolCall, ...] = ()
        if agent:
            tools = tuple(_tool_call(name, luck(f"tool {name}") < share, about) for name, share in _tools(behaviour))
        if sheet:
            kind, text = "verdict", verdict(sheet, self._worth(case, sheet.answer), behaviour, luck)
        elif any(tool.error for tool in tools):
            kind, text = "tool failed", "I could not look that up just now. Please try again later."
        else:
            kind, text = self._answer(case, behaviour, question, luck, count)
        contexts: tuple[str, ...] = ()
        if agent and case and case.contexts:
            contexts, complete = answers.retrieved(case.contexts, behaviour, luck)
            if kind == "good" and not complete:
                kind, text = "bad", answers.bad_answer(case, count, self._seed)
        tally.answers[model, kind] += 1
        text, finish_reason = _cut(text, question.max_tokens)
        return Reply(
            served_model=served,
            fingerprint=fingerprint,
            delay=delay,
            text=text,
            finish_reason=finish_reason,
            input_tokens=sum(map(_tokens, (question.system, question.text, *contexts))),
            output_tokens=_tokens(text),
            contexts=contexts,
            tool_calls=tools,
            headroom=behaviour.headroom,
        )

    def _fault(self, behaviour: Behaviour, luck: float) -> str:
        """The fault that this call meets; empty for none."""
        if behaviour.capacity is not None and self._tally.in_flight > behaviour.capacity:
            return "429"
        for name, share in behaviour.faults.items():
            if luck < share:
                return name
            luck -= share
        return ""

    def _answer(
        self, case: Case | None, behaviour: Behaviour, question: Question, luck: Callable[[str], float], count: int
    ) -> tuple[str, str]:
        """What is said, and whether it is good, bad, refused or an echo."""
        if luck("refusal") < behaviour.refusals:
            return "refused", answers.REFUSAL
        if case is None or not answers.knows(case):
            return "echo", answers.lengthen(f"You said: {question.text}", behaviour.verbosity)
        quality = next((behaviour.tags[tag] for tag in case.tags if tag in behaviour.tags), behaviour.quality)
        quality = min([quality, *(low for phrase, low in behaviour.needs.items() if phrase not in question.system)])
        chance = probability_of_case(quality, behaviour.spread, self._memory.difficulty(case))
        good = luck("quality") < chance
        text = answers.good_answer(case, count) if good else answers.bad_answer(case, count, self._seed)
        return "good" if good else "bad", answers.lengthen(text, behaviour.verbosity)

    def _worth(self, case: Case | None, answer: str) -> float:
        """What an answer deserves, 0 to 1; for texts about nothing we know, a number that never changes."""
        known = self._known_answers.get(answer.strip())
        if known is not None:
            return known
        return answers.worth(case, answer) if case else uniform(self._seed, "worth", answer)


def _tools(behaviour: Behaviour) -> list[tuple[str, float]]:
    """Tools that an agent uses, with their probability of failing; a search unless others were named."""
    return list(behaviour.tool_failures.items()) or [("search", 0.0)]


def _tool_call(name: str, failed: bool, about: str) -> ToolCall:
    return ToolCall(name=name, arguments={"about": about}, error="upstream timed out" if failed else None)


def _tokens(text: str) -> int:
    """A fair guess for English: four characters a token."""
    return (len(text) + 3) // 4


def _cut(text: str, max_tokens: int | None) -> tuple[str, str]:
    if max_tokens is None or _tokens(text) <= max_tokens:
        return text, "stop"
    return text[: 4 * max_tokens], "length"


def _table(patch: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = patch.get(name, {})
    if not isinstance(table, Mapping):
        raise UsageError(f"{name!r} is a table, not {table!r}")
    return table
