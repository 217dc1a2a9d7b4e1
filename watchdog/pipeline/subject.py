"""What was measured, as digests, and what of it is no longer as it was at the baseline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchdog.domain.digest import digest
from watchdog.domain.response import Response
from watchdog.domain.run import Change, Subject
from watchdog.domain.score import ScoreRow
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch


def subject_of(watch: Watch, responses: Iterable[Response], scores: Iterable[ScoreRow] = ()) -> Subject:
    """The current target's digests, and which models really answered in each role, judges by what they said."""
    served: dict[Role, set[str]] = {}
    fingerprints: dict[Role, set[str]] = {}
    for response in responses:
        if response.served_model:
            served.setdefault(response.key.role, set()).add(response.served_model)
        if response.fingerprint:
            fingerprints.setdefault(response.key.role, set()).add(response.fingerprint)
    for row in scores:
        if judge := row.score.details.get("served_model"):
            served.setdefault(Role.JUDGE, set()).add(str(judge))
    current = watch.targets[Role.CURRENT]
    return Subject(
        provider=current.provider,
        endpoint=watch.endpoints.get(current.provider, ""),
        prompt=current.prompt.digest if current.prompt else "",
        model=current.model,
        parameters=digest(dict(current.parameters)),
        served_models={role: tuple(sorted(names)) for role, names in served.items()},
        fingerprints={role: tuple(sorted(names)) for role, names in fingerprints.items()},
    )


def changes_since(baseline: Sequence[Subject], now: Subject, at: float) -> list[Change]:
    """Changes of the subject against the baseline runs' subjects.

    Of served models and fingerprints only values never seen in the baseline count: providers balance load over builds.
    """
    if not baseline:
        return []
    before = baseline[-1]
    found = [
        Change(what=what, role=Role.CURRENT, before=old or "none", after=new or "none", at=at)
        for what, old, new in (
            ("provider", *_providers(before, now)),
            ("prompt", before.prompt, now.prompt),
            ("model", before.model, now.model),
            ("parameters", before.parameters, now.parameters),
        )
        if old != new
    ]
    for role in Role:
        for what, seen, names in (
            ("served model", [s.served_models.get(role, ()) for s in baseline], now.served_models.get(role, ())),
            ("fingerprint", [s.fingerprints.get(role, ()) for s in baseline], now.fingerprints.get(role, ())),
        ):
            known = {name for run in seen for name in run}
            found += [
                Change(what=what, role=role, before=", ".join(sorted(known)), after=name, at=at)
                for name in names
                if known and name not in known
            ]
    return found


def _providers(before: Subject, now: Subject) -> tuple[str, str]:
    """Both providers by name, and by their addresses where only these differ; alike when one of them is not known."""
    if before.same_provider(now):
        return now.provider, now.provider
    if before.provider != now.provider:
        return before.provider, now.provider
    return f"{before.provider} ({before.endpoint[:8]})", f"{now.provider} ({now.endpoint[:8]})"
