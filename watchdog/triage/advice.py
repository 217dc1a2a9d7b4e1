"""From a suspected cause to its owner, its runbook, the next command, and what would change our mind. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from watchdog.correlate.words import RUNBOOKS, runbook_url
from watchdog.domain.alert import Cause
from watchdog.domain.target import Role
from watchdog.domain.triage import Act, Diagnosis, Domain, Finding, Owner
from watchdog.domain.watch import Watch
from watchdog.triage.suspect import Suspect

#: Stands in a command where a person's name belongs.
YOU = "YOUR_NAME"


class Setup(Struct, frozen=True, kw_only=True):
    """What can be done here, and who is who."""

    watch: Watch
    #: Names of the user's hooks (``failover``, ``disable``, ...).
    hooks: Collection[str] = ()
    #: Whether there is a fallback target and it answers now; None when nobody asked it.
    fallback_works: bool | None = None
    #: Whether the pinned target answers now, as far as is known.
    pinned_works: bool = True
    #: Teams of teams.yaml; empty names when there is none.
    platform: str = ""
    ai: str = ""
    integration: str = ""
    #: Team by a regular expression over a whole tool name; the first that matches counts.
    tools: Sequence[tuple[str, str]] = ()
    #: Dimension of traffic in which a slice fell or shifted most.
    dimensions: Sequence[str] = ()
    has_baseline: bool = True


class _Step(NamedTuple):
    act: Act
    advice: str
    command: str


#: Whom to wake is a person's business; the command gives what to tell them.
_TELL = "eval-watchdog triage {name} --verbose --markdown"
#: Where the pinned model is the way out.
_PINNABLE = frozenset({Diagnosis.PROVIDER_MODEL, Diagnosis.MODEL_GONE})

#: Domain, page of docs/runbooks, and what would speak against it.
_PAGES: Mapping[Diagnosis, tuple[Domain, str, str]] = {
    Diagnosis.PROVIDER_DOWN: (
        Domain.PROVIDER,
        RUNBOOKS[Cause.PROVIDER_FAILING],
        "the same request answered from another machine: then it is our network, not the provider",
    ),
    Diagnosis.RATE_LIMITED: (
        Domain.PROVIDER,
        RUNBOOKS[Cause.PROVIDER_FAILING],
        "the 429s stop while the watchdog pauses: then it was our own pace",
    ),
    Diagnosis.QUOTA: (
        Domain.PROVIDER,
        RUNBOOKS[Cause.PROVIDER_FAILING],
        "the provider's console shows quota left: then the key belongs to another account",
    ),
    Diagnosis.KEY_REFUSED: (
        Domain.PROVIDER,
        RUNBOOKS[Cause.PROVIDER_FAILING],
        "production's own calls pass: then it is the watchdog's key alone",
    ),
    Diagnosis.OUR_PACE: (
        Domain.PROVIDER,
        RUNBOOKS[Cause.PROVIDER_FAILING],
        "production sees 429s too: then the account's limit is reached, fail over",
    ),
    Diagnosis.MODEL_GONE: (
        Domain.PROVIDER,
        RUNBOOKS[Cause.PROVIDER_MODEL],
        "production still gets answers under that name: then the watchdog's key lacks access to it",
    ),
    Diagnosis.OURS: (
        Domain.MODEL,
        RUNBOOKS[Cause.OURS],
        "the drop stays after the rollback, or pinned falls as well",
    ),
    Diagnosis.PROVIDER_MODEL: (
        Domain.MODEL,
        RUNBOOKS[Cause.PROVIDER_MODEL],
        "a change of ours that the watch cannot see (gateway, flag, retrieval), or pinned falls as well",
    ),
    Diagnosis.SHARED: (
        Domain.UNKNOWN,
        RUNBOOKS[Cause.SHARED],
        "recall or context of known queries: fallen means retrieval, unchanged means the provider's fleet",
    ),
    Diagnosis.UNATTRIBUTED: (
        Domain.UNKNOWN,
        RUNBOOKS[Cause.UNATTRIBUTED],
        "a pinned arm asked in the same look",
    ),
    Diagnosis.COVERAGE: (
        Domain.MODEL,
        RUNBOOKS[Cause.COVERAGE],
        "the same slice of the golden set falls as well: then it is the model or the prompt",
    ),
    Diagnosis.JUDGE: (
        Domain.EVALUATION,
        RUNBOOKS[Cause.JUDGE],
        "checks that need no judge fall as well: then the feature has a problem of its own",
    ),
    Diagnosis.PINNED_MOVED: (
        Domain.EVALUATION,
        RUNBOOKS[Cause.PINNED_MOVED],
        "current falls as well: then it is shared",
    ),
    Diagnosis.TOOL_FAILING: (
        Domain.TOOL,
        RUNBOOKS[Cause.TOOL_FAILING],
        "the tool's own dashboard is clean: then our calls to it are wrong (arguments, credentials)",
    ),
    Diagnosis.RETRIEVAL_STALE: (
        Domain.RETRIEVAL,
        RUNBOOKS[Cause.SHARED],
        "a fresh query of the index finds the documents: then the agent no longer asks for them",
    ),
    Diagnosis.CONTEXT_LONGER: (
        Domain.RETRIEVAL,
        RUNBOOKS[Cause.SHARED],
        "a prompt or a flag of ours that adds text: then roll it back",
    ),
    Diagnosis.PROVIDER_SLOW: (
        Domain.RETRIEVAL,
        RUNBOOKS[Cause.PROVIDER_FAILING],
        "a tiny request from another machine is fast: then it is our network",
    ),
    Diagnosis.ANSWERS_LONGER: (
        Domain.MODEL,
        RUNBOOKS[Cause.PROVIDER_MODEL],
        "a change of the prompt that asks for more: then it is meant",
    ),
    Diagnosis.NOTHING_WRONG: (
        Domain.NONE,
        "README.md",
        "complaints about inputs that neither golden set nor sample contain",
    ),
    Diagnosis.TOO_LITTLE: (Domain.UNKNOWN, RUNBOOKS[Cause.BLIND], "a look that measures what this one could not"),
}


def advise(suspect: Suspect, setup: Setup) -> Finding:
    """The finding that a suspect amounts to here."""
    domain, page, would_change = _PAGES[suspect.diagnosis]
    step = _step(suspect, setup)
    return Finding(
        diagnosis=suspect.diagnosis,
        domain=domain,
        confidence=suspect.confidence,
        because=suspect.because,
        owner=_owner(suspect, domain, setup),
        runbook=runbook_url(setup.watch, page),
        act=step.act,
        advice=step.advice,
        command=step.command,
        would_change=would_change,
    )


def _owner(suspect: Suspect, domain: Domain, setup: Setup) -> Owner:
    if suspect.diagnosis is Diagnosis.TOOL_FAILING:
        team = next((team for pattern, team in setup.tools if re.fullmatch(pattern, suspect.tool)), setup.integration)
        return Owner(kind="integration owner", team=team, tool_name=suspect.tool)
    if suspect.diagnosis is Diagnosis.MODEL_GONE:
        return Owner(kind="AI engineering", team=setup.ai)
    if suspect.diagnosis is Diagnosis.OUR_PACE or domain in (Domain.PROVIDER, Domain.RETRIEVAL):
        return Owner(kind="platform", team=setup.platform)
    return Owner(kind="AI engineering", team=setup.ai)


#: Act, advice and command where they do not depend on what there is here. ``{name}``: the watch; ``{signed}``: who and
#: why; ``{tool}``, ``{provider}``: what it is about; ``{by}``: dimensions to slice by.
_STEPS: Mapping[Diagnosis, _Step] = {
    Diagnosis.OURS: _Step(
        Act.ROLL_BACK,
        "roll prompt, model, provider or parameters back to the last good look; put your name to it",
        "eval-watchdog model rollback {name} {signed}",
    ),
    Diagnosis.KEY_REFUSED: _Step(
        Act.ESCALATE,
        "platform puts a new key for {provider} where the old one came from; then look again",
        "eval-watchdog run {name}",
    ),
    Diagnosis.OUR_PACE: _Step(
        Act.SLOW_DOWN,
        "lower requests_per_minute or max_concurrency of {provider} in watchdog.yaml",
        "eval-watchdog check",
    ),
    Diagnosis.COVERAGE: _Step(
        Act.ESCALATE,
        "the owner of the prompt reads the worst slice, and promotes what is missing into the golden set",
        "eval-watchdog scores {name} --since 24h --by {by}",
    ),
    Diagnosis.JUDGE: _Step(
        Act.REPAIR,
        "trust the checks; put the judge's model, rubric or parameters back, or freeze anew on purpose",
        "eval-watchdog baseline compare {name}",
    ),
    Diagnosis.PINNED_MOVED: _Step(
        Act.REPAIR,
        "users are not affected; move pinned to another dated snapshot, look, then freeze a new baseline",
        "eval-watchdog model pin {name} --role pinned --model NEW_SNAPSHOT {signed}",
    ),
    Diagnosis.TOOL_FAILING: _Step(Act.ESCALATE, "wake the owner of {tool}; it is not the model", _TELL),
    Diagnosis.RETRIEVAL_STALE: _Step(
        Act.ESCALATE, "platform checks freshness and embeddings of the index; the model is fine", _TELL
    ),
    Diagnosis.CONTEXT_LONGER: _Step(
        Act.ESCALATE, "platform checks chunk size, number of documents and history in the context", _TELL
    ),
    Diagnosis.SHARED: _Step(
        Act.ESCALATE,
        "another prompt or model may not help: AI engineering compares with retrieval and the fleet",
        "eval-watchdog scores {name} --since 24h --by served_model,tag",
    ),
    Diagnosis.UNATTRIBUTED: _Step(
        Act.ESCALATE,
        "give the watch a pinned target; until then AI engineering goes by the dates of changes",
        "eval-watchdog scores {name} --since 24h --by served_model,tag",
    ),
    Diagnosis.ANSWERS_LONGER: _Step(
        Act.ESCALATE,
        "AI engineering decides whether longer answers are meant",
        "eval-watchdog scores {name} --since 24h --by served_model",
    ),
    Diagnosis.NOTHING_WRONG: _Step(
        Act.NOTHING,
        "nothing; if users complain all the same, look at slices of their inputs",
        "eval-watchdog scores {name} --since 24h --by prompt_version,segment",
    ),
    Diagnosis.TOO_LITTLE: _Step(
        Act.MEASURE, "look at everything once more before anything is changed", "eval-watchdog run {name}"
    ),
}
_USUAL_DIMENSIONS = ("prompt_version", "segment", "experiment", "flags")


def _step(suspect: Suspect, setup: Setup) -> _Step:
    targets = setup.watch.targets
    because = shlex.quote(f"triage: {suspect.diagnosis}")
    words = {
        "name": shlex.quote(setup.watch.name),
        "signed": f"--by {YOU} --because {because} --apply",
        "tool": suspect.tool,
        "provider": targets[Role.CURRENT].provider,
        "by": shlex.quote(",".join(dict.fromkeys(setup.dimensions or _USUAL_DIMENSIONS))),
    }
    pinned = targets.get(Role.PINNED)
    if suspect.diagnosis in _STEPS:
        step = _STEPS[suspect.diagnosis]
        if suspect.diagnosis is Diagnosis.TOO_LITTLE and not setup.has_baseline:
            step = step._replace(
                advice="make looks while all is well, then 'baseline freeze': without one nobody can tell"
            )
    elif suspect.diagnosis in _PINNABLE and pinned is not None and setup.pinned_works:
        advice = f"pin current to {pinned.model}, which still answers as before"
        step = _Step(Act.PIN, advice, "eval-watchdog model pin {name} {signed}")
    else:
        step = _elsewhere(setup)
    return step._replace(advice=_filled(step.advice, words), command=_filled(step.command, words))


def _filled(template: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _elsewhere(setup: Setup) -> _Step:
    """Away from what does not serve us: to the fallback if it answers, else to the feature's plain answer."""
    fallback = setup.watch.targets.get(Role.FALLBACK)
    if fallback is not None and setup.fallback_works is not False:
        asked = "which answers now" if setup.fallback_works else "which nobody asked now"
        advice = f"fail over to {fallback.provider} / {fallback.model}, {asked}"
        return _Step(Act.FAIL_OVER, advice, "eval-watchdog model failover {name} {signed}")
    why = "the fallback does not answer either" if fallback else "there is no fallback"
    if "disable" in setup.hooks:
        advice = f"{why}: switch the feature to its plain answer"
        return _Step(Act.DISABLE, advice, "eval-watchdog feature disable {name} {signed}")
    return _Step(Act.ESCALATE, f"{why}, and no 'disable' hook is configured: wake the owner", _TELL)
