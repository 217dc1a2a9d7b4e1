"""The first question: is the provider returning errors or rate limits? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from watchdog.correlate.situation import PROVIDER_KINDS, ProviderHealth, failing, retired
from watchdog.correlate.words import failure
from watchdog.domain.target import Role
from watchdog.domain.triage import Confidence, Diagnosis, Question, Reply
from watchdog.errors import ErrorKind
from watchdog.render.words import wait
from watchdog.triage.facts import Facts, Probe
from watchdog.triage.suspect import Answered, Suspect

ASKS = "Is the provider returning errors or rate limits?"

#: Failed attempts that are more than a few, and the share of all from which they matter.
_FEW, _SHARE = 3, 0.1
_ANSWERED = "answered"
_DIAGNOSES: Mapping[ErrorKind, Diagnosis] = {
    ErrorKind.AUTHENTICATION: Diagnosis.KEY_REFUSED,
    ErrorKind.PERMISSION: Diagnosis.KEY_REFUSED,
    ErrorKind.RATE_LIMIT: Diagnosis.RATE_LIMITED,
    ErrorKind.QUOTA: Diagnosis.QUOTA,
    ErrorKind.NOT_FOUND: Diagnosis.MODEL_GONE,
}


def ask_provider(facts: Facts) -> Answered:
    """Yes when a tiny request to the current target's provider mostly fails now, or most of the sample's calls do."""
    name = facts.watch.targets[Role.CURRENT].provider
    probe = facts.probe(Role.CURRENT)
    evidence = _evidence(facts, probe, name)
    ours = [health for health in facts.health if health.provider == name and not retired(health)]
    recorded = [health for health in facts.last_hour if health.provider == name and not retired(health)]
    if probe is None:
        return _from_store(name, recorded, evidence)
    if not probe.works:
        return _down(probe, evidence)
    if failing(ours) or failing([health for health in ours if health.role == Role.CURRENT]):
        return _under_load(name, ours, probe, evidence)
    stumbles = _stumbles(facts, probe, name)
    if stumbles:
        return _stumbling(probe, stumbles, evidence)
    reason = f"{name} answers: {probe.answered} of {probe.calls} tiny requests, {_took(probe)}"
    return Answered(Question(asks=ASKS, reply=Reply.NO, reason=reason, evidence=evidence))


def _down(probe: Probe, evidence: tuple[str, ...]) -> Answered:
    kind = _commonest(probe.errors)
    said = failure(probe.provider, [_as_health(probe)])
    if kind not in PROVIDER_KINDS:
        reason = f"our own request cannot be carried out: {said}"
        return Answered(Question(asks=ASKS, reply=Reply.CANNOT_TELL, reason=reason, evidence=evidence))
    confidence = Confidence.CERTAIN if probe.answered == 0 else Confidence.LIKELY
    diagnosis = _DIAGNOSES.get(kind, Diagnosis.PROVIDER_DOWN)
    suspect = Suspect(diagnosis, confidence, f"Asked now, {said}.")
    return Answered(Question(asks=ASKS, reply=Reply.YES, reason=said, evidence=evidence), [suspect], hides=True)


def _stumbles(facts: Facts, probe: Probe, name: str) -> Counter[ErrorKind]:
    """Attempts of now that failed through the provider, if they are more than a few: a retry hides them from us."""
    counts = Counter({ErrorKind(kind): n for kind, n in facts.attempts.get(name, {}).items() if kind != _ANSWERED})
    counts.update(probe.errors)
    found = Counter({kind: n for kind, n in counts.items() if kind in PROVIDER_KINDS - {ErrorKind.NOT_FOUND}})
    made = sum(facts.attempts.get(name, {}).values()) + probe.calls
    return found if found.total() >= _FEW and found.total() >= _SHARE * made else Counter()


def _stumbling(probe: Probe, stumbles: Counter[ErrorKind], evidence: tuple[str, ...]) -> Answered:
    """Most requests pass, at the second attempt if not at the first."""
    kind = _commonest(stumbles)
    health = ProviderHealth(provider=probe.provider, role=probe.role.value, calls=stumbles.total(), errors=stumbles)
    said = f"now and then {failure(probe.provider, [health]).partition(':')[0]} ({stumbles.total()} attempts of now)"
    paced = kind is ErrorKind.RATE_LIMIT and kind not in probe.errors
    diagnosis = Diagnosis.OUR_PACE if paced else _DIAGNOSES.get(kind, Diagnosis.PROVIDER_DOWN)
    suspect = Suspect(diagnosis, Confidence.LIKELY, f"{said[0].upper()}{said[1:]}; most requests pass.")
    return Answered(Question(asks=ASKS, reply=Reply.YES, reason=said, evidence=evidence), [suspect])


def _under_load(name: str, ours: Sequence[ProviderHealth], probe: Probe, evidence: tuple[str, ...]) -> Answered:
    """Single requests pass, a sample does not: too much of us, or a provider that fails now and then.

    Of a 429 that one request alone met, our pace is innocent.
    """
    counts: Counter[ErrorKind] = Counter()
    for health in ours:
        counts.update(health.errors)
    said = failure(name, ours)
    paced = _commonest(counts) is ErrorKind.RATE_LIMIT and ErrorKind.RATE_LIMIT not in probe.errors
    diagnosis = Diagnosis.OUR_PACE if paced else _DIAGNOSES.get(_commonest(counts), Diagnosis.PROVIDER_DOWN)
    suspect = Suspect(
        diagnosis, Confidence.LIKELY, f"{probe.answered} of {probe.calls} single requests pass; of a sample {said}."
    )
    asked = Question(asks=ASKS, reply=Reply.YES, reason=said, evidence=evidence)
    return Answered(asked, [suspect], hides=diagnosis is not Diagnosis.OUR_PACE)


def _from_store(name: str, recorded: Sequence[ProviderHealth], evidence: tuple[str, ...]) -> Answered:
    """Nobody was asked: what the runs of the last hour saw."""
    said = failure(name, recorded)
    if failing(recorded):
        counts: Counter[ErrorKind] = Counter()
        for health in recorded:
            counts.update(health.errors)
        diagnosis = _DIAGNOSES.get(_commonest(counts), Diagnosis.PROVIDER_DOWN)
        suspect = Suspect(diagnosis, Confidence.LIKELY, f"In the last hour {said}.")
        return Answered(Question(asks=ASKS, reply=Reply.YES, reason=said, evidence=evidence), [suspect], hides=True)
    calls = sum(health.calls for health in recorded)
    if not calls:
        reason = f"{name} was not asked now, and no run of the last hour asked it"
        return Answered(Question(asks=ASKS, reply=Reply.CANNOT_TELL, reason=reason, evidence=evidence))
    reason = f"{sum(health.answered for health in recorded)} of {calls} calls of the last hour were answered by {name}"
    return Answered(Question(asks=ASKS, reply=Reply.NO, reason=reason, evidence=evidence))


def _evidence(facts: Facts, probe: Probe | None, name: str) -> tuple[str, ...]:
    lines = []
    if probe is not None and probe.errors:
        said = f"{probe.provider} said: {probe.said}" if probe.said else ""
        lines.append(said or failure(name, [_as_health(probe)]))
    tight = [str(left) for one in facts.probes.values() for left in one.headroom if left.little]
    if tight:
        lines.append(f"quota nearly used up: {'; '.join(tight)}")
    elif probe is not None and probe.headroom:
        lines.append(f"quota: {probe.headroom[0]}")
    failed = [health for health in facts.last_hour if health.errors]
    if failed:
        lines += [
            f"last hour: {failure(provider, [health for health in facts.last_hour if health.provider == provider])}"
            for provider in dict.fromkeys(health.provider for health in failed)
        ]
    elif facts.last_hour:
        lines.append(f"last hour: none of {sum(health.calls for health in facts.last_hour)} calls failed")
    for other in sorted(facts.probes.values(), key=lambda one: one.works):
        if other.provider != name:
            state = f"answers, {_took(other)}" if other.works else failure(other.provider, [_as_health(other)])
            lines.append(
                f"{other.role}'s provider: {other.provider} {state}" if other.works else f"{other.role}: {state}"
            )
    return tuple(lines)


def _as_health(probe: Probe) -> ProviderHealth:
    return ProviderHealth(provider=probe.provider, role=probe.role.value, calls=probe.calls, errors=probe.errors)


def _commonest(errors: Mapping[ErrorKind, int]) -> ErrorKind:
    return max(errors, key=lambda kind: (errors[kind], kind.value), default=ErrorKind.INTERNAL)


def _took(probe: Probe) -> str:
    return "time unknown" if probe.latency is None else f"{wait(probe.latency)} each"
