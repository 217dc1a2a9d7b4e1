"""The three questions in order, and what follows from the answers. Pure."""

from __future__ import annotations

from msgspec import Struct

from watchdog.domain.triage import Finding, Question
from watchdog.triage.advice import Setup, advise
from watchdog.triage.around import ask_around
from watchdog.triage.facts import Facts
from watchdog.triage.provider import ask_provider
from watchdog.triage.quality import ask_quality
from watchdog.triage.suspect import ranked


class Diagnosed(Struct, frozen=True, kw_only=True):
    """Three answers, and findings in the order in which to act."""

    questions: tuple[Question, ...]
    findings: tuple[Finding, ...]


def diagnose(facts: Facts, setup: Setup) -> Diagnosed:
    """What the facts amount to. An outage can never look like a drop, and silence never like health."""
    provider = ask_provider(facts)
    answering = not provider.hides
    quality = ask_quality(facts, answering=answering)
    around = ask_around(facts, answering=answering, quality=quality.question.reply)
    answers = (provider, quality, around)
    return Diagnosed(
        questions=tuple(answered.question for answered in answers),
        findings=tuple(advise(suspect, setup) for suspect in ranked(answers)),
    )
