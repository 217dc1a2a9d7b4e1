import math
import random

import pytest

from watchdog.domain.alert import AlertState, AlertType, Severity
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.run import RunStatus
from watchdog.domain.score import Outcome
from watchdog.render.views import (
    AlertView,
    FlippedCaseView,
    Marker,
    MarkerKind,
    MetricRow,
    MetricSeriesView,
    OutcomeRow,
    ReportView,
    RunRow,
    RunView,
    ScoreChange,
    StoryLine,
    Tone,
)

HOSTILE = "<script>alert('x')</script>\x1b[31m\u202e<img src=http://evil.example/x onerror=alert(1)>"
START = 1_788_000_000.0


def series_view(name="case-checks", looks=48):
    rng = random.Random(1)
    level = [0.9 + rng.gauss(0, 0.01) for _ in range(looks)]
    level[10:13] = [None] * 3
    return MetricSeriesView(
        name=name,
        times=tuple(START + 7200 * index for index in range(looks)),
        level=tuple(level),
        pinned=tuple(0.91 for _ in range(looks)),
        band=(0.87, 0.95),
        baseline=0.91,
        evidence=tuple(math.sin(index) - 2 for index in range(looks)),
        threshold=9.1,
        markers=(
            Marker(at=START + 7200 * 30, kind=MarkerKind.FIRED, label=f"fired {name}"),
            Marker(at=START + 7200 * 10, until=START + 7200 * 13, kind=MarkerKind.OUTAGE, label="503"),
            Marker(at=START + 7200 * 30.2, kind=MarkerKind.CHANGE, label="served model"),
        ),
        now=MetricRow(metric=name, arm=Arm.CURRENT, level=Level.CALM, score=0.9, n=40, planned=40),
    )


@pytest.fixture
def series():
    return series_view


@pytest.fixture
def run_view():
    counts = {Outcome.PASSED: 31, Outcome.FAILED: 5, Outcome.ERROR: 2, Outcome.UNSCORED: 1, Outcome.SKIPPED: 7}
    return RunView(
        watch="support_reply",
        run_id="01JD",
        at=START,
        status=RunStatus.FINISHED,
        outcomes=tuple(
            OutcomeRow(role=role, scorer="judge:helpfulness", counts=counts | {Outcome.NOT_RUN: 3}, level=0.861)
            for role in ("pinned", "current")
        ),
        metrics=(
            MetricRow(
                metric="json-fields",
                arm=Arm.CURRENT,
                level=Level.DRIFT,
                score=0.725,
                n=38,
                planned=40,
                effect=-0.155,
                interval=(-0.21, -0.09),
                evidence=12.4,
                threshold=9.1,
                reason="evidence",
            ),
            MetricRow(metric="json-fields", arm=Arm.DIFFERENCE, level=Level.LEARNING, planned=40, reason="3 of 8 runs"),
        ),
        duration=4.2,
        cost=None,
        unpriced=3,
        served_models={"current": ("sim-1-2026-11",)},
        problems=("2 answers were lost",),
    )


@pytest.fixture
def report_view():
    return ReportView(
        title="support_reply",
        verdict=f"Worse {HOSTILE}",
        tone=Tone.WORSE,
        generated_at=START + 400_000,
        facts={"Looks": "48", HOSTILE: HOSTILE},
        story=tuple(StoryLine(at=START, sentence=f"{tone} {HOSTILE}", tone=tone) for tone in Tone),
        metrics=(series_view(HOSTILE), series_view("is-json")),
        alerts=tuple(
            AlertView(
                name="ModelDrift",
                alert_type=AlertType.MODEL,
                severity=Severity.PAGE,
                state=state,
                starts_at=START,
                fired_at=START,
                resolved_at=START,
                labels={"feature": HOSTILE},
                annotations={"summary": HOSTILE, "next_command": "eval-watchdog scores x"},
                cause=HOSTILE,
                reason="evidence",
            )
            for state in AlertState
        ),
        flipped=(
            FlippedCaseView(
                case_id=HOSTILE,
                input=HOSTILE,
                before="It is 30 days.",
                after=f"It is 14 days. {HOSTILE}",
                scores=(
                    ScoreChange(scorer="equals", before=1.0, after=0.0, reason=HOSTILE),
                    ScoreChange(scorer="judge", before=0.67, after=None),
                ),
                tags=(HOSTILE,),
                after_model=HOSTILE,
            ),
        ),
        flipped_left_out=2,
        runs=(
            RunRow(at=START, run_id="r", status=RunStatus.FINISHED, counts={Outcome.PASSED: 40}, cost=0.0123),
            RunRow(at=START, run_id="s", status=RunStatus.FAILED, counts={Outcome.ERROR: 40}, note=HOSTILE),
        ),
        guarantees=(HOSTILE,),
    )


@pytest.fixture
def hostile():
    return HOSTILE
