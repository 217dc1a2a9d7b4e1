"""How much a look asks: the cases whose turn it is and, now and then, the pinned target; all of it on suspicion. Pure.

Money is spent where it tells most. In calm times a part of the cases does, and the control arm need not be asked each
time. What looks bad is looked at with everything there is: on the next look the whole set, against both targets.
"""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.domain.case import Case, Origin
from watchdog.domain.run import Part, Run, RunStatus, Scope
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.pipeline.planned import LOOKED_AT
from watchdog.pipeline.suspicion import Suspicion
from watchdog.replay.rotation import part_of, round_length

#: Rounds that a baseline is made of, so that each case is known from more than a look or two.
ROUNDS_OF_A_BASELINE = 3
#: Looks that a baseline is made of unless it needs more.
LOOKS_OF_A_BASELINE = 20
#: Looks at which a suspicion is looked at with everything there is; one that lasts longer may last for ever.
CLOSER_LOOKS = 6


def scope_of(watch: Watch, looks: Sequence[Run], suspicion: Suspicion, *, referenced: bool) -> Scope:
    """What the next look asks.

    Args:
        watch: the watch.
        looks: its newest looks that have begun, oldest first; more than ``pinned_every`` of them if there are.
        suspicion: what they say.
        referenced: whether there is a baseline that pages.
    """
    closer = 0 < suspicion.looks <= CLOSER_LOOKS
    pinned = closer or suspicion.drifting or not referenced or _pinned_is_due(watch, looks)
    return Scope(part=None if closer else _part(watch, looks), pinned=pinned)


def _part(watch: Watch, looks: Sequence[Run]) -> Part | None:
    size, golden = watch.cases_per_look, watch.golden
    if size is None or golden is None or len(golden.cases) <= size:
        return None
    last = next((run.scope.part.turn for run in reversed(looks) if run.scope.part is not None), -1)
    return Part(turn=last + 1, size=size)


def _pinned_is_due(watch: Watch, looks: Sequence[Run]) -> bool:
    if watch.pinned_every == 1:
        return True
    finished = [run for run in looks if run.status is RunStatus.FINISHED]
    return not any(run.scope.pinned for run in finished[1 - watch.pinned_every :])


def asked_cases(watch: Watch, scope: Scope, cases: Sequence[Case]) -> list[Case]:
    """Those of the cases that a run asks: of the golden set its part, of traffic all that was sampled."""
    if scope.part is None or watch.golden is None:
        return list(cases)
    golden = [case for case in cases if case.origin is Origin.GOLDEN]
    seed = f"{watch.name}\n{watch.golden.name}"
    return [
        *part_of(golden, scope.part, seed=seed, tags=watch.tags),
        *(case for case in cases if case.origin is not Origin.GOLDEN),
    ]


def asked_roles(watch: Watch, scope: Scope) -> list[Role]:
    """The targets that a run asks."""
    return [role for role in LOOKED_AT if role in watch.targets and (scope.pinned or role is not Role.PINNED)]


def regular_scope(watch: Watch) -> Scope:
    """What a look in calm times asks at the most."""
    part = None if watch.cases_per_look is None else Part(turn=0, size=watch.cases_per_look)
    return Scope(part=part)


def cases_of(watch: Watch, scope: Scope) -> int:
    """Cases of the golden set that a look asks."""
    return len(asked_cases(watch, scope, watch.golden.cases)) if watch.golden else 0


def calls_of(watch: Watch, scope: Scope) -> int:
    """Calls to targets that a look makes at the most."""
    traffic = watch.traffic.per_run if watch.traffic else 0
    return (cases_of(watch, scope) + traffic) * len(asked_roles(watch, scope)) * watch.repeats


def looks_for_baseline(watch: Watch) -> int:
    """Looks from which a baseline knows every case, on both targets."""
    cases = len(watch.golden.cases) if watch.golden else 0
    rounds = round_length(cases, watch.cases_per_look) if watch.cases_per_look else 1
    least = ROUNDS_OF_A_BASELINE * rounds if rounds > 1 else watch.min_baseline_runs
    sparse = watch.pinned_every if Role.PINNED in watch.targets else 1
    return max(LOOKS_OF_A_BASELINE, least * sparse)
