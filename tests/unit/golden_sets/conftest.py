"""The shipped golden sets and judges, read as the product reads them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.catalog import VOCABULARY
from watchdog.domain.case import Case, CheckSpec
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.score import Score
from watchdog.domain.target import Role
from watchdog.protocols import Scorer
from watchdog.score.checks.combined import CaseChecks
from watchdog.settings.parts import Parts
from watchdog.settings.scorers import case_check_reader
from watchdog.workspace.golden import GoldenFiles, load_golden

TOP = Path(__file__).parents[3]
PARTS = Parts(VOCABULARY)


def build(spec: CheckSpec) -> Scorer:
    return PARTS.build("scorer", spec.name, spec.arguments, build=build)


CASE_CHECKS = CaseChecks(build=build)


def scored(case: Case, answer: str) -> Score:
    """What the case's own checks say of an answer, all of them together."""
    key = ResponseKey(run_id="r", role=Role.CURRENT, case_id=case.id)
    response = Response(key=key, status=CallStatus.ANSWERED, text=answer, finish_reason="stop")
    return asyncio.run(CASE_CHECKS.score(case, response))


@pytest.fixture
def score() -> Callable[[Case, str], Score]:
    return scored


@pytest.fixture
def golden() -> Callable[[str], GoldenFiles]:
    def read(name: str) -> GoldenFiles:
        return load_golden(TOP / "golden_sets" / name, f"golden_sets/{name}", case_check_reader(PARTS)).checked()

    return read


@pytest.fixture
def top() -> Path:
    return TOP
