"""The third question: is latency up with stable quality, are tokens inflated, is retrieval stale, do tools fail?

Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from watchdog.domain.target import Role
from watchdog.domain.triage import Confidence, Diagnosis, Question, Reply
from watchdog.render.words import wait
from watchdog.triage.facts import Facts, Ratio, Recall, Takes
from watchdog.triage.suspect import Answered, Suspect

ASKS = "Is latency up with stable quality, are tokens inflated, is retrieval stale?"

#: Times as much, and at the least (98 %) so many times, from which something is *more*. Latency swings with the hour.
LATENCY = (1.5, 1.25)
TOKENS = (1.3, 1.15)
#: Points of recall@k that matter.
RECALL = 0.1
_SLOW_PROBE = 1.0


def ask_around(facts: Facts, *, answering: bool = True, quality: Reply = Reply.NO) -> Answered:
    """Yes when the answers take more than at the baseline, retrieval finds less, or a tool fails.

    ``answering``: whether the provider answers at all. ``quality``: the reply to the second question; slow answers of
    worse quality are not the network's fault alone, so it lowers how sure we are.
    """
    takes = facts.takes.get(Role.CURRENT, Takes())
    evidence = _evidence(facts, takes)
    suspects = [*_tools(facts), *_retrieval(facts, takes), *_context(takes), *_answers(takes)]
    suspects += _latency(facts, takes, quality)
    if suspects:
        reason = "; ".join(suspect.because.rstrip(".") for suspect in suspects[:2])
        return Answered(Question(asks=ASKS, reply=Reply.YES, reason=reason, evidence=evidence), suspects)
    if not answering:
        reason = "the provider does not answer, so there is nothing to time"
        return Answered(Question(asks=ASKS, reply=Reply.CANNOT_TELL, reason=reason, evidence=evidence))
    if takes.latency is None and takes.input_tokens is None and takes.output_tokens is None:
        reason = "no answers to hold against those of the baseline"
        return Answered(Question(asks=ASKS, reply=Reply.CANNOT_TELL, reason=reason, evidence=evidence))
    reason = "latency, tokens and retrieval are as at the baseline, as far as they are known"
    return Answered(Question(asks=ASKS, reply=Reply.NO, reason=reason, evidence=evidence))


def more(ratio: Ratio | None, bar: tuple[float, float]) -> bool:
    """Whether something is clearly more than at the baseline."""
    return ratio is not None and ratio.value >= bar[0] and ratio.low >= bar[1]


def _tools(facts: Facts) -> list[Suspect]:
    return [
        Suspect(
            Diagnosis.TOOL_FAILING,
            Confidence.CERTAIN if health.failures * 2 > health.calls else Confidence.LIKELY,
            f"The tool {name} failed in {health.failures} of {health.calls} calls.",
            name,
        )
        for name, health in sorted(facts.tools.items(), key=lambda pair: -pair[1].failures)
        if health.failing
    ]


def _retrieval(facts: Facts, takes: Takes) -> list[Suspect]:
    recall = takes.recall
    if recall is None or recall.now > recall.before - RECALL or recall.high >= 0:
        return []
    pinned = facts.takes.get(Role.PINNED, Takes()).recall
    both = pinned is not None and pinned.now <= pinned.before - RECALL
    because = f"Known queries find {_recall(recall)}{'; on the pinned arm too' if both else ''}."
    return [Suspect(Diagnosis.RETRIEVAL_STALE, Confidence.CERTAIN if both else Confidence.LIKELY, because)]


def _context(takes: Takes) -> list[Suspect]:
    longer = takes.context if more(takes.context, TOKENS) else None
    tokens = takes.input_tokens if more(takes.input_tokens, TOKENS) else None
    if longer is None and tokens is None:
        return []
    told = [f"retrieved text {_times(longer)}"] if longer else []
    told += [f"input tokens {_times(tokens)}"] if tokens else []
    confidence = Confidence.CERTAIN if longer and tokens else Confidence.LIKELY
    return [Suspect(Diagnosis.CONTEXT_LONGER, confidence, f"{' and '.join(told).capitalize()} at the same cases.")]


def _answers(takes: Takes) -> list[Suspect]:
    tokens = takes.output_tokens
    if tokens is None or not more(tokens, TOKENS):
        return []
    return [Suspect(Diagnosis.ANSWERS_LONGER, Confidence.LIKELY, f"Output tokens {_times(tokens)} at the same cases.")]


def _latency(facts: Facts, takes: Takes, quality: Reply) -> list[Suspect]:
    latency = takes.latency
    if latency is None or not more(latency, LATENCY):
        return []
    pinned = facts.takes.get(Role.PINNED, Takes()).latency
    both = more(pinned, LATENCY)
    probe = facts.probe(Role.CURRENT)
    slow = probe is not None and probe.latency is not None and probe.latency >= _SLOW_PROBE * latency.before
    told = [f"latency {_times(latency, wait)}"]
    told += ["on the pinned arm too"] if both else []
    told += [f"a tiny request takes {wait(probe.latency)}"] if slow and probe is not None else []
    sure = (both or slow) and quality is Reply.NO
    because = f"{'; '.join(told).capitalize()}."
    return [Suspect(Diagnosis.PROVIDER_SLOW, Confidence.CERTAIN if sure else Confidence.LIKELY, because)]


def _evidence(facts: Facts, takes: Takes) -> tuple[str, ...]:
    told = [
        f"{name} {_times(ratio, said)}"
        for name, ratio, said in (
            ("latency", takes.latency, wait),
            ("input tokens", takes.input_tokens, _count),
            ("output tokens", takes.output_tokens, _count),
            ("retrieved text", takes.context, _count),
        )
        if ratio is not None
    ]
    lines = ["; ".join(told)] if told else []
    if takes.recall is not None:
        lines.append(f"known queries find {_recall(takes.recall)}")
    else:
        lines.append("retrieval cannot be seen: no case has contexts that the answers could name")
    failed = [f"{name} {health.failures} of {health.calls}" for name, health in facts.tools.items()]
    if failed:
        lines.append(f"failed tool calls: {', '.join(failed)}")
    return tuple(lines)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _recall(recall: Recall) -> str:
    return (
        f"{100 * recall.now:.0f} % of the right documents (recall@{recall.k:.0f}, {recall.cases} cases), "
        f"{100 * recall.before:.0f} % at the baseline"
    )


def _times(ratio: Ratio, said: Callable[[float], str] = _count) -> str:
    times = f"{ratio.value:.2g}"
    if times == "1":
        return f"unchanged ({said(ratio.now)})"
    return f"{times} times ({said(ratio.before)} -> {said(ratio.now)})"
