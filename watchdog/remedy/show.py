"""What answers: what is asked for, what really answered, what changed since the last good look, what was done."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.domain.action import Action
from watchdog.domain.digest import canonical
from watchdog.domain.run import RunStatus, Subject
from watchdog.domain.target import Role
from watchdog.pipeline.subject import changes_since, subject_of
from watchdog.remedy.plan import last_good

#: Actions that are shown, the newest.
_ACTIONS = 5


class TargetView(Struct, frozen=True, kw_only=True):
    """One target of a watch."""

    role: str
    provider: str
    model: str
    #: Who really answered at the newest look, and its fingerprints.
    served: tuple[str, ...]
    fingerprints: tuple[str, ...]
    #: Prompt file and the beginning of its digest.
    prompt: str
    parameters: str


class GoodLook(Struct, frozen=True, kw_only=True):
    """The newest run at which all was well."""

    run_id: str
    #: Unix time.
    at: float


class ModelView(Struct, frozen=True, kw_only=True):
    """The targets of a watch."""

    watch: str
    targets: tuple[TargetView, ...]
    last_good: GoodLook | None
    changes: tuple[str, ...]
    actions: tuple[Action, ...]


def model_view(app: App, name: str) -> ModelView:
    """Everything of a watch; creates no run."""
    watch, good = app.watch(name), last_good(app, name)
    with app.store.read() as session:
        looks = session.runs.of_watch(name, statuses=[RunStatus.FINISHED], last=1)
        actions = session.actions.all(name, last=_ACTIONS)
    seen = looks[-1].subject if looks else Subject()
    ours = subject_of(watch, ())
    now = replace(ours, served_models=seen.served_models, fingerprints=seen.fingerprints)
    return ModelView(
        watch=name,
        targets=tuple(
            TargetView(
                role=role.value,
                provider=target.provider,
                model=target.model,
                served=seen.served_models.get(role, ()),
                fingerprints=seen.fingerprints.get(role, ()),
                prompt=f"{target.prompt.name} ({target.prompt.digest[:8]})" if target.prompt else "-",
                parameters=canonical(dict(target.parameters)) if target.parameters else "-",
            )
            for role in (Role.CURRENT, Role.PINNED, Role.FALLBACK)
            if (target := watch.targets.get(role)) is not None
        ),
        last_good=GoodLook(run_id=good.id, at=good.planned_for) if good else None,
        changes=tuple(map(str, changes_since([good.subject], now, app.clock.now()))) if good else (),
        actions=tuple(actions),
    )
