"""What answers take, held against those of the baseline: time, tokens, context, and what retrieval finds. Pure.

Paired by case where the cases come again, so that hard cases do not look like a slow day; production samples never come
again, and are held against each other as two groups. Ratios are means of logarithms with Student's interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median, variance

from watchdog.domain.case import Case
from watchdog.domain.response import Response
from watchdog.domain.target import Role
from watchdog.triage.facts import Ratio, Recall, Takes

#: Cases below which a comparison says nothing.
LEAST = 5
_CONFIDENCE = 0.98

Value = Callable[[Response], float | None]


def takes_of(now: Iterable[Response], before: Iterable[Response], cases: Mapping[str, Case]) -> dict[Role, Takes]:
    """What each role's answers take. ``cases``: those whose right documents are known."""
    here, there = _by_role(now), _by_role(before)
    return {
        role: Takes(
            latency=_ratio(answers, there.get(role, []), lambda answer: answer.latency),
            input_tokens=_ratio(answers, there.get(role, []), lambda answer: answer.usage.input_tokens),
            output_tokens=_ratio(answers, there.get(role, []), lambda answer: answer.usage.output_tokens),
            context=_ratio(answers, there.get(role, []), _characters),
            recall=_recall(answers, there.get(role, []), cases),
        )
        for role, answers in here.items()
    }


def _characters(answer: Response) -> float | None:
    return float(sum(map(len, answer.contexts))) or None


def _by_role(responses: Iterable[Response]) -> dict[Role, list[Response]]:
    found: dict[Role, list[Response]] = {}
    for response in responses:
        if response.answered:
            found.setdefault(response.key.role, []).append(response)
    return found


def _ratio(now: Sequence[Response], before: Sequence[Response], value: Value) -> Ratio | None:
    here, there = _logs(now, value), _logs(before, value)
    paired = [fmean(logs) - fmean(there[case]) for case, logs in here.items() if case in there]
    if len(paired) >= LEAST:
        shared = [case for case in here if case in there]
        middle, half = fmean(paired), _half(variance(paired) / len(paired), len(paired) - 1)
        then, after = ([fmean(logs[case]) for case in shared] for logs in (there, here))
    else:
        after, then = ([fmean(logs) for logs in group.values()] for group in (here, there))
        if min(len(after), len(then)) < 2 * LEAST:
            return None
        middle = fmean(after) - fmean(then)
        error = variance(after) / len(after) + variance(then) / len(then)
        half = _half(error, min(len(after), len(then)) - 1)  # fewer degrees of freedom than Welch's: wider
    return Ratio(
        value=math.exp(middle),
        low=math.exp(middle - half),
        high=math.exp(middle + half),
        cases=len(after),
        before=math.exp(median(then)),
        now=math.exp(median(after)),
    )


def _logs(answers: Sequence[Response], value: Value) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for answer in answers:
        number = value(answer)
        if number is not None and number > 0:
            found.setdefault(answer.key.case_id, []).append(math.log(number))
    return found


def _recall(now: Sequence[Response], before: Sequence[Response], cases: Mapping[str, Case]) -> Recall | None:
    """Of answers that name no documents although those of the baseline did: none was found."""
    here, there = _found(now, cases, empty=True), _found(before, cases, empty=False)
    shared = [case for case in here if case in there]
    if len(shared) < LEAST:
        return None
    differences = [fmean(here[case]) - fmean(there[case]) for case in shared]
    middle, half = fmean(differences), _half(variance(differences) / len(differences), len(differences) - 1)
    retrieved = [len(answer.contexts) for answer in now if answer.key.case_id in there]
    return Recall(
        before=fmean(fmean(there[case]) for case in shared),
        now=fmean(fmean(here[case]) for case in shared),
        low=middle - half,
        high=middle + half,
        cases=len(shared),
        k=fmean(retrieved) if retrieved else 0.0,
    )


def _found(answers: Sequence[Response], cases: Mapping[str, Case], *, empty: bool) -> dict[str, list[float]]:
    """Share of the right documents among those retrieved, by case."""
    found: dict[str, list[float]] = {}
    for answer in answers:
        case = cases.get(answer.key.case_id)
        if case is None or not case.contexts or not (answer.contexts or empty):
            continue
        retrieved = [_plain(text) for text in answer.contexts]
        right = [_plain(text) for text in case.contexts]
        hits = sum(any(text in chunk or chunk in text for chunk in retrieved if chunk) for text in right)
        found.setdefault(case.id, []).append(hits / len(right))
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())


def _half(error: float, freedom: int) -> float:
    """Half of the interval of a mean whose squared standard error is known from so many degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - a tenth of a second that only a comparison pays

    return float(stdtrit(freedom, (1 + _CONFIDENCE) / 2)) * math.sqrt(error)
