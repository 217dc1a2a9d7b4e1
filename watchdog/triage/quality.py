"""The second question: did quality drop, and did anything of ours change? Pure.

The cause is the truth table of ``correlate`` over arms that were asked in the same tick; what it is decided on comes
from the sample and from the daemon's looks together (``standing``).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.correlate.cause import Verdict, cause_of
from watchdog.correlate.situation import ProviderHealth, Situation, retired
from watchdog.correlate.words import failure, moment
from watchdog.domain.alert import Cause
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role
from watchdog.domain.triage import Confidence, Diagnosis, Question, Reply
from watchdog.errors import ErrorKind
from watchdog.triage.facts import Facts
from watchdog.triage.standing import Source, Standing
from watchdog.triage.suspect import Answered, Suspect

ASKS = "Did quality drop, and did anything of ours change?"

_DIAGNOSES = {
    Cause.OURS: Diagnosis.OURS,
    Cause.PROVIDER_MODEL: Diagnosis.PROVIDER_MODEL,
    Cause.SHARED: Diagnosis.SHARED,
    Cause.JUDGE: Diagnosis.JUDGE,
    Cause.COVERAGE: Diagnosis.COVERAGE,
    Cause.UNATTRIBUTED: Diagnosis.UNATTRIBUTED,
}


def ask_quality(facts: Facts, *, answering: bool = True) -> Answered:
    """Yes when a metric of the current target dropped and it is not the judge alone.

    ``answering``: whether the provider answers at all (the first question).
    """
    evidence = _evidence(facts)
    gone = _pinned_gone(facts)
    if not facts.referenced:
        reason = "there is no baseline, so there is nothing to hold answers against"
        return _answered(Reply.CANNOT_TELL, reason, evidence, gone)
    current = [standing for key, standing in facts.standings.items() if _is_score(facts, key, Arm.CURRENT)]
    dropped = sorted((one for one in current if one.level is Level.DRIFT), key=lambda one: one.effect)
    situation = facts.situation
    if dropped and situation is not None:
        verdicts = [(one, cause_of(situation, one.signal(facts.now))) for one in dropped]
        suspects = _suspects(facts, situation, verdicts)
        real = [one for one, verdict in verdicts if verdict.cause is not Cause.JUDGE]
        if real:
            return _answered(Reply.YES, f"yes: {_dropped(real[0])}", evidence, [*suspects, *gone])
        checks = [one for one in current if one.key.scorer not in situation.judges]
        held = bool(checks) and all(one.level is Level.CALM for one in checks)
        reason = "only judged scores fell, and the judge grades its own anchors otherwise, too"
        return _answered(Reply.NO if held else Reply.CANNOT_TELL, reason, evidence, [*suspects, *gone])
    moved = [*_judges(facts), *gone]
    if not moved:
        moved = _pinned_moved(facts)
    expected = {key for key in facts.standings if _is_score(facts, key, Arm.CURRENT)}
    lost = [key for key in facts.not_observed if _is_score(facts, key, Arm.CURRENT) and key not in expected]
    if not answering:
        return _answered(Reply.CANNOT_TELL, "the provider does not answer, so quality cannot be seen", evidence, moved)
    if not current:
        reason = next(iter(facts.not_observed.values()), "nothing was asked, and no look is recent")
        return _answered(Reply.CANNOT_TELL, reason, evidence, moved)
    unsure = [one for one in current if one.level is not Level.CALM]
    if unsure:
        low, high = (100 * end for end in unsure[0].interval)
        reason = f"{unsure[0].key.scorer} may have dropped: {low:+.0f} to {high:+.0f} points"
        return _answered(Reply.CANNOT_TELL, reason, evidence, moved)
    if lost:
        reason = f"{lost[0].scorer} could not be measured: {_why_lost(facts, lost[0])}"
        return _answered(Reply.CANNOT_TELL, reason, evidence, moved)
    if facts.unfinished:
        return _answered(Reply.CANNOT_TELL, f"nothing that was asked fell, but {facts.unfinished}", evidence, moved)
    worst = min(current, key=lambda one: one.interval[0])
    reason = (
        f"no: {worst.key.scorer} is at the worst {100 * max(0.0, -worst.interval[0]):.0f} points below its baseline"
    )
    return _answered(Reply.NO, reason, evidence, moved)


def _answered(reply: Reply, reason: str, evidence: tuple[str, ...], suspects: Sequence[Suspect]) -> Answered:
    said = reason.removeprefix("yes: ").removeprefix("no: ")
    return Answered(Question(asks=ASKS, reply=reply, reason=said, evidence=evidence), suspects)


def _suspects(facts: Facts, situation: Situation, verdicts: Sequence[tuple[Standing, Verdict]]) -> list[Suspect]:
    """One for each cause, by the metric that fell most; a judge that moved as well stands beside it."""
    found: dict[Diagnosis, Suspect] = {}
    for standing, verdict in verdicts:
        diagnosis = _DIAGNOSES[verdict.cause]
        near = _telling(facts.changes)
        if diagnosis is Diagnosis.UNATTRIBUTED and near is not None:
            # No control arm: what changed since all was well is the best there is.
            diagnosis = Diagnosis.OURS if near.ours else Diagnosis.PROVIDER_MODEL
            because = f"{_dropped(standing)}; {near} since; no pinned arm says that nothing else did it"
            found.setdefault(diagnosis, Suspect(diagnosis, Confidence.LIKELY, f"{because}."))
            continue
        found.setdefault(diagnosis, _suspect(facts, situation, standing, diagnosis))
        if verdict.shift is not None:
            because = (
                f"the judge of {standing.key.scorer} grades its own anchors {_points(verdict.shift.effect)} points"
            )
            found.setdefault(Diagnosis.JUDGE, Suspect(Diagnosis.JUDGE, Confidence.LIKELY, f"{because} otherwise."))
    return list(found.values())


def _suspect(facts: Facts, situation: Situation, standing: Standing, diagnosis: Diagnosis) -> Suspect:
    ours = [change for change in facts.changes if change.role is Role.CURRENT and change.ours]
    theirs = [change for change in facts.changes if change.role is Role.CURRENT and not change.ours]
    pinned = facts.standings.get(_arm(standing.key, Arm.PINNED))
    apart = facts.standings.get(_arm(standing.key, Arm.DIFFERENCE))
    below = apart is not None and apart.level is Level.DRIFT  # in the same tick: weather and judge cancel
    held = pinned is not None and (pinned.level is Level.CALM or (pinned.level is Level.SUSPECT and below))
    if diagnosis is Diagnosis.OURS:
        both = bool(theirs)
        confidence = Confidence.CERTAIN if held and not both else Confidence.LIKELY
        because = f"{_dropped(standing)}; {_listed(ours)}; pinned {'holds' if held else 'does not tell'}"
        if both:
            because += f"; but {theirs[0]} as well"
    elif diagnosis is Diagnosis.PROVIDER_MODEL:
        confidence = Confidence.CERTAIN if held and theirs else Confidence.LIKELY if held else Confidence.GUESS
        known = _listed(theirs) if theirs else "nothing of ours changed"
        because = f"{_dropped(standing)}; {known}; pinned {'holds' if held else 'does not tell'}"
    elif diagnosis is Diagnosis.JUDGE:
        checks = [
            one
            for key, one in facts.standings.items()
            if _is_score(facts, key, Arm.CURRENT) and key.scorer not in situation.judges
        ]
        agreed = bool(checks) and all(one.level is Level.CALM for one in checks)
        confidence = Confidence.CERTAIN if agreed else Confidence.LIKELY
        because = f"the judge of {standing.key.scorer} grades its own anchors otherwise than before"
        because += "; the checks, which need no judge, hold" if agreed else ""
    elif diagnosis is Diagnosis.COVERAGE:
        confidence = Confidence.LIKELY if facts.shifts or facts.drops else Confidence.GUESS
        where = f"; {facts.shifts[0]}" if facts.shifts else ""
        because = f"{_dropped(standing)}, the golden set holds{where}"
    else:
        confidence = Confidence.LIKELY if diagnosis is Diagnosis.SHARED else Confidence.GUESS
        arms = "the pinned arm fell with it" if diagnosis is Diagnosis.SHARED else "no pinned arm was measured"
        because = f"{_dropped(standing)}; {arms}"
    return Suspect(diagnosis, confidence, f"{because[0].upper()}{because[1:]}.")


def _judges(facts: Facts) -> list[Suspect]:
    """A judge that moved although nothing that rests on it fell."""
    return [
        Suspect(
            Diagnosis.JUDGE,
            Confidence.LIKELY,
            f"The judge of {key.scorer} grades its own anchors {_points(one.effect)} points otherwise.",
        )
        for key, one in facts.standings.items()
        if key.arm is Arm.ANCHORS and one.level is Level.DRIFT
    ][:1]


def _pinned_gone(facts: Facts) -> list[Suspect]:
    probe = facts.pinned_probe
    target = facts.watch.targets.get(Role.PINNED)
    gone = (probe is not None and not probe.works and ErrorKind.NOT_FOUND in probe.errors) or any(
        retired(health) for health in (*facts.health, *(facts.last_hour if facts.offline else ()))
    )
    if target is None or not gone:
        return []
    because = f"{target.provider} no longer knows {target.model} (404)."
    return [Suspect(Diagnosis.PINNED_MOVED, Confidence.CERTAIN, because)]


def _pinned_moved(facts: Facts) -> list[Suspect]:
    fallen = [
        one for key, one in facts.standings.items() if _is_score(facts, key, Arm.PINNED) and one.level is Level.DRIFT
    ]
    calm = [
        one for one in fallen if (now := facts.standings.get(_arm(one.key, Arm.CURRENT))) and now.level is Level.CALM
    ]
    if not calm:
        return []
    worst = min(calm, key=lambda one: one.effect)
    because = f"{worst.key.scorer} of the pinned target fell by {_points(worst.effect)} points, current holds."
    return [Suspect(Diagnosis.PINNED_MOVED, Confidence.LIKELY, because)]


def _evidence(facts: Facts) -> tuple[str, ...]:
    """Arms, changes, slices: what was looked at, the most telling first."""
    lines = []
    for arm in (Arm.CURRENT, Arm.PINNED, Arm.ANCHORS):
        found = [one for key, one in facts.standings.items() if _is_score(facts, key, arm)]
        if found:
            order = {Level.DRIFT: 0, Level.SUSPECT: 1}
            worst = min(
                found,
                key=lambda one: (order.get(one.level, 2), one.effect if arm is not Arm.ANCHORS else -abs(one.effect)),
            )
            low, high = (100 * end for end in worst.interval)
            state = {Level.DRIFT: "fell", Level.CALM: "holding"}.get(worst.level, "not certain")
            if arm is Arm.ANCHORS and worst.level is Level.DRIFT:
                state = "moved"
            whose = f"{arm}{'' if worst.key.estimand is Estimand.GOLDEN_SET else ' on traffic'}"
            source = "" if worst.source is Source.SAMPLE else f" ({worst.source})"
            lines.append(
                f"{whose}: {state}, {worst.key.scorer} {_points(worst.effect)} points ({low:+.0f} to {high:+.0f}), "
                f"{worst.n} cases{source}"
            )
    if facts.changes:
        lines.insert(0, f"changed since all was well: {_listed(facts.changes)}")
    else:
        since = f" since {moment(facts.last_good)}" if facts.last_good else ""
        lines.append(f"no change of prompt, model, parameters or served model is known{since}")
    lines += [f"traffic: {shift}" for shift in facts.shifts[:2]]
    for drop in facts.drops[:2]:
        before = drop.row.before_level or 0.0
        lines.append(
            f"{drop.row.dimension} {drop.row.value}: {drop.row.scorer} {100 * before:.0f} % -> "
            f"{100 * drop.row.level:.0f} % (n {drop.row.n})"
        )
    lines += [facts.unfinished] if facts.unfinished else []
    for arm in (Arm.CURRENT, Arm.PINNED):
        missing = {why for key, why in facts.not_observed.items() if _is_score(facts, key, arm)}
        lines += [f"{arm} not compared: {why}" for why in sorted(missing)[:1]]
    return tuple(lines)


def _why_lost(facts: Facts, key: MetricKey) -> str:
    """A judge that is not answered explains what it leaves unscored."""
    judge = facts.situation.judges.get(key.scorer) if facts.situation else None
    probe = facts.probes.get(judge.provider) if judge else None
    if probe is None or probe.works:
        return facts.not_observed[key]
    health = ProviderHealth(provider=probe.provider, role=probe.role.value, calls=probe.calls, errors=probe.errors)
    return f"its judge's provider {failure(probe.provider, [health])}"


def _is_score(facts: Facts, key: MetricKey, arm: Arm) -> bool:
    """Whether a metric is a score of all cases that may count (a measure is the third question's)."""
    return key.arm is arm and not key.tag and any(plan.name == key.scorer for plan in facts.watch.scorers)


def _telling(changes: Sequence[Change]) -> Change | None:
    """Of the current target's changes one of ours, else the provider's."""
    own = [change for change in changes if change.role is Role.CURRENT]
    return next((change for change in own if change.ours), own[0] if own else None)


def _arm(key: MetricKey, arm: Arm) -> MetricKey:
    return replace(key, arm=arm)


def _dropped(standing: Standing) -> str:
    low, high = (100 * end for end in standing.interval)
    return (
        f"{standing.key.scorer} {standing.key.estimand} fell by {-100 * standing.effect:.0f} points "
        f"({low:+.0f} to {high:+.0f}, n {standing.n})"
    )


def _listed(changes: Sequence[Change]) -> str:
    return "; ".join(f"{change} (first seen {moment(change.at)})" for change in changes[:2])


def _points(effect: float) -> str:
    return f"{100 * effect:+.0f}"
