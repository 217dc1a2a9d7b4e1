"""A workspace: opens what watchdog.yaml names, each file once, and gathers what is wrong with all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

from watchdog.domain.target import Prompt
from watchdog.errors import Problem
from watchdog.text.documents.problems import Loaded, Reference
from watchdog.text.documents.reading import is_there, shown
from watchdog.text.documents.short_form import CheckReader
from watchdog.text.documents.suggest import did_you_mean
from watchdog.workspace.golden import GoldenFiles, load_golden
from watchdog.workspace.judges import JudgeFiles, load_judge
from watchdog.workspace.locate import locate, names
from watchdog.workspace.prompts import load_prompt, variables_of
from watchdog.workspace.runbooks import Runbook, load_runbook

T = TypeVar("T")

_WORDS = {"golden_sets": "golden set", "judges": "judge", "prompts": "prompt file", "runbooks": "runbook"}


class Workspace:
    """The folder of watchdog.yaml. Every method gives None and notes problems for what cannot be used."""

    def __init__(self, folder: Path, *, read_check: CheckReader, providers: Collection[str]) -> None:
        self.folder = folder
        self._read_check = read_check
        self._providers = providers
        self._loaded: dict[Path, Loaded[object]] = {}
        self._problems: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found wrong so far, each once."""
        return tuple(dict.fromkeys(self._problems))

    def golden(self, reference: Reference) -> GoldenFiles | None:
        """The golden set of that path or name."""
        path = self._find("golden_sets", reference)
        if path is None:
            return None
        return self._load(path, lambda shown: load_golden(path, shown, self._read_check))

    def judge(self, reference: Reference, *, provider: str | None = None) -> JudgeFiles | None:
        """The judge of that path or name; ``provider`` is used instead of the one in its file."""
        path = self._find("judges", reference)
        judge = None if path is None else self._load(path, lambda shown: load_judge(path, shown))
        if judge is not None and provider is None and judge.provider not in self._providers:
            hint = (
                f"{did_you_mean(judge.provider, self._providers)}; declare it in watchdog.yaml, or use the judge with"
            )
            self._problems.append(
                reference.problem(
                    f"the judge {judge.name!r} asks the provider {judge.provider!r}, which there is not",
                    f"{hint} {{use: {judge.name}, provider: ...}}",
                )
            )
        return judge

    def prompt(self, reference: Reference, golden: GoldenFiles | None = None) -> Prompt | None:
        """The prompt of that path; every case of ``golden`` must give the variables it asks for."""
        path = self.folder / reference.path
        if not is_there(path):
            self._problems.append(reference.problem(f"there is no prompt file {reference.path!r}"))
            return None
        before = len(self.problems)
        prompt = self._load(path, lambda shown: load_prompt(path, shown))
        if prompt is not None and golden is not None and len(self.problems) == before:
            self._problems += _missing_variables(prompt, golden, reference)
        return prompt

    def runbook(self, reference: Reference) -> Runbook | None:
        """The runbook of that path or name, which must say something; an address is taken at its word."""
        if reference.path.startswith(("http://", "https://")):
            return None
        path = self._find("runbooks", reference)
        return None if path is None else self._load(path, lambda shown: load_runbook(path, shown))

    def _find(self, kind: str, reference: Reference) -> Path | None:
        path = locate(kind, reference.path, self.folder)
        if path is None:
            hint = did_you_mean(Path(reference.path).name, names(kind, self.folder))
            self._problems.append(reference.problem(f"there is no {_WORDS[kind]} {reference.path!r}", hint))
        return path

    def _load(self, path: Path, load: Callable[[str], Loaded[T]]) -> T | None:
        if path not in self._loaded:
            loaded = load(shown(path))
            self._loaded[path] = Loaded(loaded.value, loaded.problems)
            self._problems += loaded.problems
        value: T | None = self._loaded[path].value  # type: ignore[assignment]
        return value


def _missing_variables(prompt: Prompt, golden: GoldenFiles, reference: Reference) -> Iterable[Problem]:
    for variable in sorted(variables_of(prompt)):
        without = [case.id for case in golden.golden_set.cases if variable not in case.variables]
        if without:
            more = f" and {len(without) - 1} more" if len(without) > 1 else ""
            yield reference.problem(
                f"the prompt asks for {{{{ {variable} }}}}, which case {without[0]!r}{more} of "
                f"{golden.golden_set.name!r} does not give"
            )
