"""The shipped golden sets as data, and their checks as scorers."""

import asyncio
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchdog.domain.case import Case
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.target import Role
from watchdog.score import checks
from watchdog.score.check import Check
from watchdog.score.checks.combined import Not

SETS = Path(__file__).parents[3] / "golden_sets"

CHECKS: dict[str, type[Check]] = {
    kind.__dataclass_fields__["name"].default: kind
    for module in pkgutil.iter_modules(checks.__path__)
    for _, kind in inspect.getmembers(importlib.import_module(f"{checks.__name__}.{module.name}"), inspect.isclass)
    if issubclass(kind, Check) and not inspect.isabstract(kind)
}


def build(form: str | dict[str, Any]) -> Any:
    """A check from its short form, exactly as in watchdog.yaml."""
    name, arguments = (form, {}) if isinstance(form, str) else next(iter(form.items()))
    if name not in CHECKS and name.startswith("not-"):
        return Not(inner=build({name.removeprefix("not-"): arguments}))
    kind = CHECKS[name]
    return kind(**(arguments if isinstance(arguments, dict) else {kind.scalar: arguments}))


def failing(row: dict[str, Any], answer: str) -> list[str]:
    """What the row's own checks have against an answer: failed or unscored."""
    case = Case(id=row["id"], expected=row.get("expected"), contexts=tuple(row.get("contexts", ())))
    key = ResponseKey(run_id="r", role=Role.CURRENT, case_id=row["id"])
    response = Response(key=key, status=CallStatus.ANSWERED, text=answer, finish_reason="stop")

    async def scores():
        return [await build(form).score(case, response) for form in row["checks"]]

    return [f"{form}: {score.reason}" for form, score in zip(row["checks"], asyncio.run(scores()), strict=True)
            if score.outcome.value != "passed"]  # fmt: skip


@pytest.fixture
def objections() -> Callable[[dict[str, Any], str], list[str]]:
    return failing


@pytest.fixture
def rows() -> Callable[[str], list[dict[str, Any]]]:
    def read(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (SETS / name / "cases.jsonl").read_text(encoding="utf-8").splitlines()]

    return read


@pytest.fixture
def folder() -> Callable[[str], Path]:
    return SETS.joinpath
