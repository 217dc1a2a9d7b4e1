"""Joining watchdog.yaml with the files it names; what is wrong with all of them is told together."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from watchdog.catalog import VOCABULARY
from watchdog.domain.watch import Watch
from watchdog.settings.load import load
from watchdog.settings.scorers import case_check_reader
from watchdog.settings.values import JudgeReference, Settings, WatchPlan
from watchdog.text.documents.problems import Loaded
from watchdog.workspace.files import Workspace
from watchdog.workspace.golden import GoldenFiles
from watchdog.workspace.judges import JudgeFiles
from watchdog.workspace.runbooks import Runbook


class Joined(Struct, frozen=True, kw_only=True):
    """Settings with everything they name."""

    settings: Settings
    watches: Mapping[str, Watch]
    #: Files of the golden set of each watch that has one.
    golden: Mapping[str, GoldenFiles]
    #: Judges of each watch by the metric they feed, as the watch uses them.
    judges: Mapping[str, Mapping[str, JudgeFiles]]
    #: Runbook of each watch that has one in a file.
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)


def join(path: Path, environ: Mapping[str, str], *, secrets_required: bool = True) -> Loaded[Joined]:
    """Read a workspace. Nothing is raised for anything that is in its files: see ``Loaded.checked``."""
    folder = str((path if path.is_dir() else path.parent).absolute())
    if folder not in sys.path:
        sys.path.append(folder)  # parts of the user's own lie beside watchdog.yaml; behind everything that is installed
    loaded = load(path, VOCABULARY, environ, secrets_required=secrets_required)
    settings = loaded.value
    if settings is None:
        return Loaded(None, loaded.problems)
    workspace = Workspace(
        settings.folder, read_check=case_check_reader(settings.parts), providers=settings.providers.keys()
    )
    endpoints = {name: provider.endpoint for name, provider in settings.providers.items()}
    watches: dict[str, Watch] = {}
    golden: dict[str, GoldenFiles] = {}
    judges: dict[str, dict[str, JudgeFiles]] = {}
    runbooks: dict[str, Runbook] = {}
    for name, plan in settings.watches.items():
        files = workspace.golden(plan.golden) if plan.golden else None
        if files is not None:
            golden[name] = files
        watches[name] = replace(
            _watch(plan, workspace, files), endpoints=endpoints, runbook_base_url=settings.runbook_base_url
        )
        judges[name] = {use.metric: judge for use in plan.judges if (judge := _judge(use, workspace)) is not None}
        text = workspace.runbook(plan.runbook) if plan.runbook is not None else None
        if text is not None:
            runbooks[name] = text
    joined = Joined(settings=settings, watches=watches, golden=golden, judges=judges, runbooks=runbooks)
    return Loaded(joined, (*loaded.problems, *workspace.problems))


def _watch(plan: WatchPlan, workspace: Workspace, files: GoldenFiles | None) -> Watch:
    prompts = {
        role: prompt
        for role, target in plan.targets.items()
        if target.prompt is not None and (prompt := workspace.prompt(target.prompt, files)) is not None
    }
    return plan.watch(golden=files.golden_set if files else None, prompts=prompts)


def _judge(use: JudgeReference, workspace: Workspace) -> JudgeFiles | None:
    judge = workspace.judge(use.judge, provider=use.provider)
    if judge is None:
        return None
    return judge.used_with(provider=use.provider, model=use.model, parameters=use.parameters)
