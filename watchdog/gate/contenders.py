"""Who is held against whom."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from watchdog.app.build import App
from watchdog.domain.target import Role
from watchdog.errors import UsageError
from watchdog.gate.candidate import Contender, at_revision, read_candidate

_GIT = "git:"


def contenders(
    app: App,
    watch: str,
    *,
    candidate: Path | None,
    against: str,
    self_test: bool,
    config: Path,
    environ: Mapping[str, str],
) -> dict[Role, Contender]:
    """The baseline (role ``current``) and the candidate of a gate.

    Args:
        app: the workspace's.
        watch: name of the watch.
        candidate: file of the candidate; None: the workspace's own current target.
        against: ``current``, ``pinned`` or ``git:REVISION``.
        self_test: hold the baseline against itself.
        config: watchdog.yaml, as the user named it.
        environ: for the other revision's watchdog.yaml.

    Raises:
        UsageError: nothing would be compared with anything.
        InvalidInput: something in the files is wrong.
    """
    baseline = _baseline(app, watch, against, config, environ)
    if self_test:
        if candidate is not None:
            raise UsageError("--aa holds the baseline against itself; leave --candidate out")
        return {Role.CURRENT: baseline, Role.CANDIDATE: baseline}
    current = app.watch(watch).targets[Role.CURRENT]
    if candidate is not None:
        challenger = read_candidate(
            candidate,
            current,
            folder=app.settings.folder,
            providers=app.settings.providers,
            golden=app.joined.golden.get(watch),
        )
    elif against == Role.CURRENT.value:
        raise UsageError("give --candidate FILE, or --against git:main to hold this checkout against another revision")
    else:
        challenger = Contender(target=current, source="current")
    return {Role.CURRENT: baseline, Role.CANDIDATE: challenger}


def _baseline(app: App, watch: str, against: str, config: Path, environ: Mapping[str, str]) -> Contender:
    if against.startswith(_GIT):
        return at_revision(against.removeprefix(_GIT), watch, config=config, environ=environ)
    targets = app.watch(watch).targets
    if against not in (Role.CURRENT.value, Role.PINNED.value):
        raise UsageError(f"--against is current, pinned or git:REVISION, not {against!r}")
    role = Role(against)
    if role not in targets:
        raise UsageError(f"{watch} has no {against} target; give it one, or leave --against out")
    return Contender(target=targets[role], source=against)
