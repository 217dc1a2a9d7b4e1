"""The candidate and the baseline: where each comes from.

A candidate is a file. A prompt file (.md, .txt, .j2, or YAML with ``user``) replaces the prompt of the current target;
a YAML file with any of ``provider``, ``model``, ``prompt`` and ``parameters`` replaces these; ``parameters`` are
merged, and a parameter of null is taken away.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Collection, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field

from watchdog.app.join import Joined, join
from watchdog.domain.target import Prompt, Role, Target
from watchdog.errors import InvalidInput, Problem, UsageError
from watchdog.text.documents.fit import Name, Shape, Text, fit
from watchdog.text.documents.problems import Loaded, Problems, Reference
from watchdog.text.documents.reading import read_text, shown
from watchdog.text.documents.suggest import did_you_mean
from watchdog.text.documents.yaml_nodes import parse_yaml
from watchdog.workspace.files import Workspace
from watchdog.workspace.git import git
from watchdog.workspace.golden import GoldenFiles
from watchdog.workspace.prompts import load_prompt

_PROMPT_KEYS = frozenset({"user", "system"})


class Contender(Struct, frozen=True, kw_only=True):
    """A target and where it comes from."""

    target: Target
    #: In words: ``current``, ``git:main``, a file.
    source: str


class CandidateShape(Shape):
    """What a candidate changes about the current target."""

    provider: Name | None = None
    model: Text | None = None
    prompt: Text | None = Field(None, description="a prompt file, found like those of watchdog.yaml")
    parameters: dict[str, Any] | None = None


def read_candidate(
    path: Path, current: Target, *, folder: Path, providers: Collection[str], golden: GoldenFiles | None = None
) -> Contender:
    """The candidate that a file describes; what it does not mention is the current target's.

    Raises:
        InvalidInput: something in it is wrong; every problem at once.
    """
    source = shown(path)
    prompt: Prompt | None
    if path.suffix.lower() not in {".yaml", ".yml", ".json"}:
        prompt = _prompt_for(path, source, folder, golden)
        return Contender(target=replace(current, role=Role.CANDIDATE, prompt=prompt), source=source)
    problems = Problems(source)
    text = read_text(path, problems)
    root = None if text is None else parse_yaml(text, problems)
    if root is not None and isinstance(root.value, Mapping) and _PROMPT_KEYS & root.mapping.keys():
        prompt = _prompt_for(path, source, folder, golden)
        return Contender(target=replace(current, role=Role.CANDIDATE, prompt=prompt), source=source)
    shape = None if root is None else fit(CandidateShape, root, problems)
    if shape is None or root is None:
        raise InvalidInput(problems.found)
    if shape.provider is not None and shape.provider not in providers:
        hint = did_you_mean(shape.provider, providers)
        problems.add(
            f"there is no provider {shape.provider!r}", at=root.line_of("provider"), field="provider", hint=hint
        )
    if not shape.model_fields_set:
        problems.add("changes nothing", at=root, hint="write model:, prompt:, parameters: or provider:")
    found = list(problems.found)
    prompt = current.prompt
    if shape.prompt is not None:
        workspace = Workspace(folder, read_check=lambda *_: None, providers=providers)
        prompt = workspace.prompt(Reference(shape.prompt, source, root.line_of("prompt"), "prompt"), golden)
        found += workspace.problems
    if found:
        raise InvalidInput(found)
    return Contender(
        target=replace(
            current,
            role=Role.CANDIDATE,
            provider=shape.provider or current.provider,
            model=shape.model or current.model,
            prompt=prompt,
            parameters=_merged(current.parameters, shape.parameters or {}),
        ),
        source=source,
    )


def _prompt_for(path: Path, source: str, folder: Path, golden: GoldenFiles | None) -> Prompt:
    loaded = load_prompt(path, source)
    if loaded.value is not None and golden is not None:
        workspace = Workspace(folder, read_check=lambda *_: None, providers=())
        workspace.prompt(Reference(str(path.absolute()), source), golden)
        loaded = Loaded(loaded.value, tuple(workspace.problems))
    return loaded.checked()


def _merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**before, **changes}.items() if value is not None}


def at_revision(revision: str, watch: str, *, config: Path, environ: Mapping[str, str]) -> Contender:
    """The current target of a watch as another revision of the repository has it, prompt and all.

    Raises:
        UsageError: there is no such revision, the workspace is in no repository, or it had no such watch then.
        InvalidInput: the workspace of that revision has problems.
    """
    folder = (config if config.is_dir() else config.parent).absolute()
    if not revision or revision.startswith("-"):
        raise UsageError(f"{revision!r} is no revision; write --against git:main")
    prefix = _git(folder, "rev-parse", "--show-prefix").decode().strip()
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    if not commit:
        raise UsageError(f"git knows no revision {revision!r}; in CI, fetch it first (fetch-depth: 0)")
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    archive = _git(top, "archive", "--format=tar", f"{commit}:{prefix}" if prefix else commit)
    with tempfile.TemporaryDirectory(prefix="eval-watchdog-") as there:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(there, filter="data")
        name = config.name if not config.is_dir() else ""
        path = Path(there) / name if name else Path(there)
        joined = _then(join(path, environ, secrets_required=False), revision)
        if watch not in joined.watches:
            raise UsageError(f"there is no watch {watch!r} at {revision}; name a revision that has it")
        target = joined.watches[watch].targets[Role.CURRENT]
        if target.prompt is not None:  # the folder it was read from is gone in a moment
            name = target.prompt.name.removeprefix(f"{there}/")
            target = replace(target, prompt=replace(target.prompt, name=f"{revision}:{name}"))
    return Contender(target=target, source=f"git:{revision} ({commit[:12]})")


def _then(loaded: Loaded[Joined], revision: str) -> Joined:
    if loaded.problems or loaded.value is None:
        problems = [replace(problem, file=f"{revision}:{Path(problem.file).name}") for problem in loaded.problems]
        raise InvalidInput(problems or [Problem(file=revision, message="has no watchdog.yaml there")])
    return loaded.value


def _git(folder: Path, *arguments: str) -> bytes:
    return git(folder, *arguments, needed_for="--against git:")
