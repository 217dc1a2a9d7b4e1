"""What the questions hand on: an answer, and the causes that it makes suspect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from watchdog.domain.triage import Confidence, Diagnosis, Question, Reply


class Suspect(NamedTuple):
    """A cause, how sure, and why in one sentence."""

    diagnosis: Diagnosis
    confidence: Confidence
    because: str
    #: Tool that it is about.
    tool: str = ""


class Answered(NamedTuple):
    """A question's answer, and whom it makes suspect."""

    question: Question
    suspects: Sequence[Suspect] = ()
    #: Whether what was found keeps the other questions from being answered.
    hides: bool = False


#: Which of several causes to act on first: what hides the others, then what users feel, then what only we feel.
_FIRST = (
    Diagnosis.KEY_REFUSED,
    Diagnosis.QUOTA,
    Diagnosis.RATE_LIMITED,
    Diagnosis.MODEL_GONE,
    Diagnosis.PROVIDER_DOWN,
    Diagnosis.TOOL_FAILING,
    Diagnosis.RETRIEVAL_STALE,
    Diagnosis.OURS,
    Diagnosis.PROVIDER_MODEL,
    Diagnosis.SHARED,
    Diagnosis.UNATTRIBUTED,
    Diagnosis.COVERAGE,
    Diagnosis.OUR_PACE,
    Diagnosis.CONTEXT_LONGER,
    Diagnosis.PROVIDER_SLOW,
    Diagnosis.ANSWERS_LONGER,
    Diagnosis.JUDGE,
    Diagnosis.PINNED_MOVED,
    Diagnosis.TOO_LITTLE,
    Diagnosis.NOTHING_WRONG,
)
#: What explains another: the second is then no cause of its own.
_EXPLAINS = {
    Diagnosis.RETRIEVAL_STALE: {Diagnosis.SHARED, Diagnosis.UNATTRIBUTED},
    Diagnosis.TOOL_FAILING: {Diagnosis.SHARED, Diagnosis.UNATTRIBUTED},
    Diagnosis.CONTEXT_LONGER: {Diagnosis.SHARED, Diagnosis.PROVIDER_SLOW},
    Diagnosis.ANSWERS_LONGER: {Diagnosis.PROVIDER_SLOW},
    Diagnosis.OURS: {Diagnosis.ANSWERS_LONGER, Diagnosis.CONTEXT_LONGER, Diagnosis.COVERAGE},
    Diagnosis.PROVIDER_MODEL: {Diagnosis.ANSWERS_LONGER, Diagnosis.COVERAGE},
    Diagnosis.RATE_LIMITED: {Diagnosis.PROVIDER_SLOW, Diagnosis.OUR_PACE},
    Diagnosis.PROVIDER_DOWN: {Diagnosis.PROVIDER_SLOW},
}


def ranked(answers: Sequence[Answered]) -> list[Suspect]:
    """The causes to act on, the first first; never none.

    Without a suspect nothing is wrong if every question could be answered, and too little is known otherwise. "Nothing
    wrong" is said of quality alone when the third question had nothing to be held against.
    """
    named = {suspect.diagnosis for answered in answers for suspect in answered.suspects}
    explained = {other for diagnosis in named for other in _EXPLAINS.get(diagnosis, ())}
    found: dict[Diagnosis, Suspect] = {}
    for answered in answers:
        for suspect in answered.suspects:
            if suspect.diagnosis not in explained:
                found.setdefault(suspect.diagnosis, suspect)
    if found:
        return sorted(found.values(), key=lambda suspect: _FIRST.index(suspect.diagnosis))
    unknown = [answered.question for answered in answers if answered.question.reply is Reply.CANNOT_TELL]
    if unknown:
        return [Suspect(Diagnosis.TOO_LITTLE, Confidence.GUESS, unknown[0].reason)]
    because = "The provider answers, quality holds, and answers take what they took."
    return [Suspect(Diagnosis.NOTHING_WRONG, Confidence.LIKELY, because)]
