"""What a remedy would change: worked out and shown before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from watchdog.app.build import App
from watchdog.domain.action import ActionKind
from watchdog.domain.run import Run, RunStatus, Subject
from watchdog.domain.target import Role, Target
from watchdog.errors import UnknownName, UsageError
from watchdog.pipeline.good_runs import LOOKED_BACK, good_runs
from watchdog.pipeline.subject import subject_of
from watchdog.remedy.edit import with_value, written
from watchdog.remedy.past import parameters_of_digest, prompt_of_digest

_PROVIDER, _PARAMETERS = "current.provider", "current.parameters"


class Remedy(Struct, frozen=True, kw_only=True):
    """Something that can be done, and all that it would change."""

    kind: ActionKind
    watch: str
    feature: str
    #: What production uses afterwards; empty where that does not change.
    provider: str = ""
    model: str = ""
    #: What is changed, as it is and as it would be, by its place (``current.model``).
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    #: New content of files.
    files: Mapping[Path, str] = field(default_factory=dict)
    #: The user's program that changes production; empty when there is none.
    hook: tuple[str, ...] = ()
    #: What is left to a person, one sentence each.
    remarks: tuple[str, ...] = ()


def pin(app: App, name: str, *, role: Role = Role.CURRENT, model: str | None = None) -> Remedy:
    """Let a target ask a named model: the pinned one's unless another is named.

    Raises:
        UsageError: there is no such target, nothing would change, or watchdog.yaml cannot be changed safely.
    """
    watch = app.watch(name)
    target = _target(app, name, role)
    pinned = watch.targets.get(Role.PINNED)
    provider = target.provider
    if model is None:
        if pinned is None or role is Role.PINNED:
            raise UsageError(f"name the model to pin {name}'s {role} to: --model NAME")
        provider, model = pinned.provider, pinned.model
    before = {f"{role}.provider": target.provider, f"{role}.model": target.model}
    after = {f"{role}.provider": provider, f"{role}.model": model}
    remarks = [_rebaseline(name)] if role is Role.PINNED else []
    return _remedy(app, name, ActionKind.PIN, before, after, remarks=remarks, production=role is Role.CURRENT)


def fail_over(app: App, name: str) -> Remedy:
    """Let current ask the fallback's model of the fallback's provider.

    Raises:
        UsageError: there is no fallback, or as for ``pin``.
    """
    current, fallback = _target(app, name, Role.CURRENT), _target(app, name, Role.FALLBACK)
    before = {"current.provider": current.provider, "current.model": current.model}
    after = {"current.provider": fallback.provider, "current.model": fallback.model}
    edits: dict[str, Mapping[str, Any]] = {}
    plans = app.settings.watches[name].targets
    ours, theirs = plans[Role.CURRENT].prompt, plans[Role.FALLBACK].prompt
    if ours is not None and theirs is not None:
        before["current.prompt"], after["current.prompt"] = ours.path, theirs.path
    if dict(current.parameters) != dict(fallback.parameters):
        edits[_PARAMETERS] = fallback.parameters
        before[_PARAMETERS], after[_PARAMETERS] = written(current.parameters), written(fallback.parameters)
    return _remedy(app, name, ActionKind.FAIL_OVER, before, after, edits=edits)


def roll_back(app: App, name: str, *, to: str | None = None) -> Remedy:
    """Let current be what it was at the last good look: provider and model, and prompt and parameters as git has them.

    ``to``: id of the run to go back to.

    Raises:
        UsageError: no good look is known, nothing has changed since, another remedy gave current another provider
            since, that of then is no more, or git does not know the prompt of then.
        UnknownName: there is no such run.
    """
    watch, then = app.watch(name), _good(app, name, to)
    was, now = then.subject, subject_of(watch, ())
    current = _target(app, name, Role.CURRENT)
    _no_remedy_since(app, name, then)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    files: dict[Path, str] = {}
    edits: dict[str, Mapping[str, Any]] = {}
    remarks: list[str] = []
    if was.provider and was.provider != now.provider:
        _still_there(app, was.provider, then)
        before[_PROVIDER], after[_PROVIDER] = now.provider, was.provider
    elif not was.same_provider(now):
        said = f"{now.provider} is not where it was then: put its address back by hand (git log -p watchdog.yaml)"
        remarks.append(said)
    if was.model != now.model:
        before["current.model"], after["current.model"] = now.model, was.model
    if was.prompt != now.prompt:
        reference = app.settings.watches[name].targets[Role.CURRENT].prompt
        if reference is None or not was.prompt:
            remarks.append("there was no prompt file then, or there is none now: put that back by hand")
        else:
            path = app.settings.folder / reference.path
            revision, text = prompt_of_digest(path, was.prompt)
            files[path] = text
            before["current.prompt"], after["current.prompt"] = now.prompt, f"{was.prompt} ({revision[:12]})"
            shared = watch.targets.get(Role.PINNED)
            if shared is not None and shared.prompt is not None and shared.prompt.digest == now.prompt:
                remarks.append("the pinned target uses the same prompt file and goes back with it")
    if was.parameters != now.parameters:
        found = parameters_of_digest(app.settings.path, name, was.parameters)
        if found is None:
            remarks.append(
                f"parameters of {name}'s current changed since, too, and git does not know those of then: find them by "
                f"'git log -p -- {app.settings.path.name}' and put them back by hand; they have digest {was.parameters}"
            )
        else:
            revision, edits[_PARAMETERS] = found
            before[_PARAMETERS] = written(current.parameters)
            after[_PARAMETERS] = f"{written(found[1])}{f' ({revision[:12]})' if revision else ''}"
    if not after and not remarks:
        served = was.served_models.get(Role.CURRENT, ())
        raise UsageError(
            f"provider, prompt, model and parameters of {name} are as at the last good look ({then.id}); if the served "
            f"model is not ({', '.join(served) or 'unknown'}), 'eval-watchdog model pin {name}' is what you want"
        )
    kind = ActionKind.ROLL_BACK
    return _remedy(
        app, name, kind, before, after, files=files, edits=edits, remarks=remarks, model=was.model or current.model
    )


def switch(app: App, name: str, *, on: bool) -> Remedy:
    """Let the user's hook switch a feature off, or on again.

    Raises:
        UsageError: there is no such hook.
    """
    kind = ActionKind.ENABLE if on else ActionKind.DISABLE
    if kind.value not in app.settings.hooks:
        raise UsageError(
            f"there is no '{kind}' hook in watchdog.yaml; give hooks: {{ {kind}: 'your-flag-tool {kind} FEATURE' }} so "
            "that there is something to run"
        )
    states = ("off", "on") if on else ("on", "off")
    return _remedy(app, name, kind, {"feature": states[0]}, {"feature": states[1]})


def last_good(app: App, name: str) -> Run | None:
    """The newest run at which all was well."""
    watch = app.watch(name)
    with app.store.read() as session:
        baseline = session.baselines.current(name)
        looks = session.runs.of_watch(name, statuses=[RunStatus.FINISHED], last=LOOKED_BACK)
        good = good_runs(session, watch, baseline, looks)
    return good[-1] if good else None


def _good(app: App, name: str, to: str | None) -> Run:
    if to is None:
        found = last_good(app, name)
        if found is None:
            raise UsageError(
                f"no good look of {name} is known; name the run to go back to: --to RUN (see 'scores {name}')"
            )
        return found
    with app.store.read() as session:
        runs = [run for run in session.runs.of_watch(name) if run.id == to or (len(to) >= 6 and run.id.startswith(to))]
    if len(runs) != 1:
        raise UnknownName(f"there is no run {to!r} of {name}; 'eval-watchdog scores {name} --since 7d' lists them")
    if runs[0].subject == Subject():
        raise UsageError(f"run {to} does not say what it measured; name another one")
    return runs[0]


def _no_remedy_since(app: App, name: str, then: Run) -> None:
    """What was done on purpose since, a failover most of all, is no change to be rolled back with the others."""
    with app.store.read() as session:
        actions = session.actions.all(name)
    since = then.planned_for if then.started_at is None else then.started_at
    moves = [action for action in actions if action.done and action.at >= since and _PROVIDER in action.before]
    if not moves:
        return
    first = moves[-1]  # newest first
    was, now = first.before[_PROVIDER], _target(app, name, Role.CURRENT).provider
    if was == now:
        return
    pinned = app.watch(name).targets.get(Role.PINNED)
    undo = f"set current.provider of {name} back to {was} in watchdog.yaml"
    if pinned is not None and pinned.provider == was:
        undo = f"undo that by 'eval-watchdog model pin {name}'"
    raise UsageError(
        f"current of {name} asks {now} since a {first.kind} by {first.by}, and run {then.id} asked {was} before: its "
        f"model may not be known there; {undo} first"
    )


def _still_there(app: App, provider: str, then: Run) -> None:
    if provider not in app.settings.providers:
        raise UsageError(
            f"run {then.id} asked {provider}, which is no provider of watchdog.yaml any more; put it back there first "
            "(git log -p watchdog.yaml)"
        )


def _target(app: App, name: str, role: Role) -> Target:
    target = app.watch(name).targets.get(role)
    if target is None:
        raise UsageError(f"{name} has no {role} target; add '{role}:' to it in watchdog.yaml first")
    return target


def _rebaseline(name: str) -> str:
    return f"an instrument changes: make looks, then 'eval-watchdog baseline freeze {name} --because ...'"


def _remedy(
    app: App,
    name: str,
    kind: ActionKind,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    files: Mapping[Path, str] | None = None,
    edits: Mapping[str, Mapping[str, Any]] | None = None,
    remarks: list[str] | None = None,
    model: str = "",
    production: bool = True,
) -> Remedy:
    changed = [place for place in after if before[place] != after[place]]
    if not changed and not remarks:
        raise UsageError(
            f"{name} is that already: {', '.join(f'{place} is {value}' for place, value in after.items())}"
        )
    text = app.settings.path.read_text(encoding="utf-8")
    edited = text
    for place in changed:
        role, _, what = place.partition(".")
        if what in ("model", "provider") or (what == "prompt" and kind is ActionKind.FAIL_OVER):
            edited = with_value(edited, ("watches", name, role, what), after[place])
    notes = list(remarks or [])
    for place, value in (edits or {}).items():
        try:
            edited = with_value(edited, ("watches", name, *place.split(".")), value)
        except UsageError as error:
            changed.remove(place)
            here = f"{place.rpartition('.')[2]}: {written(value)}"
            notes.append(f"{str(error).partition(';')[0]}: write '{here}' under {place.partition('.')[0]} by hand")
    changes = dict(files or {})
    if edited != text:
        changes[app.settings.path] = edited
    hook = app.settings.hooks.get(kind.value, ()) if production else ()
    if production and hook and edits:
        notes.append(f"the '{kind}' hook is not told of parameters: see to those of production yourself")
    if production and not hook:
        notes.append(f"production is not touched: there is no '{kind}' hook in watchdog.yaml; change it there yourself")
    return Remedy(
        kind=kind,
        watch=name,
        feature=app.watch(name).feature,
        provider=after.get("current.provider", ""),
        model=after.get("current.model", model),
        before={place: before[place] for place in changed},
        after={place: after[place] for place in changed},
        files=changes,
        hook=hook,
        remarks=tuple(notes),
    )
