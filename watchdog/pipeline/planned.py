"""What a look sets out to have: which case is scored by which scorer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.domain.case import Case, Origin
from watchdog.domain.response import ResponseKey
from watchdog.domain.target import Role
from watchdog.domain.watch import ScorerPlan, Watch

#: Roles that a look asks, where the watch has them.
LOOKED_AT = (Role.PINNED, Role.CURRENT)


def applies(plan: ScorerPlan, case: Case, watch: Watch) -> bool:
    """Whether a scorer has something to say of a case: traffic has no reference, and not every case its own checks."""
    if plan.spec.name == "case-checks":
        return bool(case.checks)
    return case.origin is Origin.GOLDEN or (watch.traffic is not None and plan.name in watch.traffic.scorers)


def planned_scores(
    watch: Watch, run_id: str, roles: Sequence[Role], cases: Sequence[Case]
) -> list[tuple[ResponseKey, str]]:
    """Every (call, scorer) of a run."""
    return [
        (ResponseKey(run_id=run_id, role=role, case_id=case.id, repeat=repeat), plan.name)
        for plan in watch.scorers
        for case in cases
        if applies(plan, case, watch)
        for role in roles
        for repeat in range(watch.repeats)
    ]
