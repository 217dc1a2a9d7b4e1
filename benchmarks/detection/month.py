"""A month of 50 watches with 8 metrics, everything at once, through the real detectors, correlation and alerts.

Hourly looks of 60 cases on current and pinned, five checks and three judge metrics (graded 1 to 5) a watch, anchors
judged in every look; 48 baseline looks; the budget is the default, one false alarm in 90 days over everything. Weather
(0.2 on the logit, correlated 0.3) and a daily wave (0.15) hit both arms; 15 % of the looks are partial, and those with
less than half of the cases are not admitted. Every watch has two outages of two looks (-30 points on both arms). On
day 10 the judge that all watches share is upgraded: -4 points on its metrics and on its anchors. On day 15 a prompt
change costs one watch 8 points on three checks; on day 20 the provider changes another watch's model, which nobody is
told: -6 points on all five checks.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from benchmarks.detection.counting import Figure, Row, Table, generator, rate, scaled, short
from benchmarks.detection.streams import Arm, World, simulate
from benchmarks.detection.watching import baseline, observation
from watchdog.alert.stage import reconcile
from watchdog.correlate.situation import Judge, Reference, Situation
from watchdog.correlate.stage import correlate
from watchdog.detect.admission import admit
from watchdog.detect.budget import divide, paging_metrics
from watchdog.detect.psr import DetectorState, PsrDetector
from watchdog.domain import metric as house
from watchdog.domain.alert import Alert, AlertState, Cause, Severity
from watchdog.domain.baseline import BaselineStatus
from watchdog.domain.case import CheckSpec, GoldenSet
from watchdog.domain.detection import Signal
from watchdog.domain.metric import Admission, Better, Layer, MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import FalseAlarmBudget, Owner, Schedule, ScorerPlan, Watch

DAY, HOUR = 24, 3600.0
CHECKS = tuple(f"check-{i}" for i in range(5))
JUDGED = tuple(f"judge-{i}" for i in range(3))
JUDGE_AT, PROMPT_AT, MODEL_AT = 10 * DAY, 15 * DAY, 20 * DAY
PROMPT_DROP, MODEL_DROP, JUDGE_DROP = 0.08, 0.06, 0.04
BASELINE, CASES = 48, 60
WEATHER = {"cases": CASES, "baseline": BASELINE, "shared": 0.2, "correlation": 0.3, "season": 0.15, "partial": 0.15}


class Page(NamedTuple):
    """An alert that left the house."""

    watch: int
    metric: str
    look: int
    name: str
    severity: str
    cause: Cause
    #: What the detector said was its reason.
    evidence: str


@dataclass
class Month:
    """Everything that was measured of all watches: arms by (watch, metric, arm)."""

    watches: int
    looks: int
    arms: dict[tuple[int, str, house.Arm], tuple[Arm, int]] = field(default_factory=dict)


def table(scale: float) -> Table:
    """Pages, false pages, delays and attributions."""
    assert __doc__ is not None
    note = __doc__.split("\n\n", 1)[1].strip()
    return Table(name="month", title="a month of 50 watches", rows=_rows(scale), note=note, columns=False)


def _rows(scale: float) -> Iterator[Row]:
    watches, looks = scaled(50, scale), 30 * DAY if scale >= 0.05 else 22 * DAY
    month = measure(watches, looks)
    pages = [page for watch in range(watches) for page in walk(month, watch)]
    woken = [page for page in pages if page.severity == Severity.PAGE]
    right = [page for page in woken if _real(page)]
    false = [page for page in woken if not _real(page)]
    first: dict[tuple[int, str], Page] = {}
    for page in right:
        first.setdefault((page.watch, page.metric), page)
    metrics = 8 * watches
    by_time = Counter(page.look for page in false)
    yield Row(what="pages", figures={"measured": str(len(woken))})
    allowed = looks * HOUR / (90 * 86_400)
    figure = rate(len(false), looks / (30 * DAY), "months")
    bar = f"<= {allowed:.2f} expected of {metrics} metrics"
    yield Row(what="false pages a month", figures={"measured": figure}, bar=bar, met=len(false) <= 1)
    moved = sum(JUDGE_AT <= page.look < JUDGE_AT + 5 * DAY and page.metric in JUDGED for page in false)
    yield Row(
        what="of these: by the judge's upgrade; most in one look",
        figures={"measured": f"{moved}; {max(by_time.values(), default=0)}"},
    )
    for watch, at, name, cause, concerned in (
        (0, PROMPT_AT, f"prompt change, -{PROMPT_DROP * 100:.0f} points", Cause.OURS, CHECKS[:3]),
        (1, MODEL_AT, f"silent model change, -{MODEL_DROP * 100:.0f} points", Cause.PROVIDER_MODEL, CHECKS),
    ):
        found = [first[watch, metric] for metric in concerned if (watch, metric) in first]
        delays = sorted(page.look - at + 1 for page in found)
        correct = sum(page.cause is cause for page in found)
        figures: dict[str, Figure | str] = {
            "metrics paged": f"{len(found)} of {len(concerned)}",
            "looks to each": ", ".join(map(short, delays)),
            "right cause": f"{correct} of {len(found)}",
        }
        yield Row(what=name, figures=figures, bar="all, right cause", met=correct == len(found) == len(concerned))
    tickets = Counter(page.name for page in pages if page.severity == Severity.TICKET)
    judge = [page.look - JUDGE_AT + 1 for page in pages if page.name == "JudgeDrift" and page.look >= JUDGE_AT]
    said = {page.watch for page in pages if page.name == "JudgeDrift" and page.look >= JUDGE_AT}
    figures = {
        "watches told": f"{len(said)} of {watches}",
        "looks to each metric (median)": short(float(np.median(judge))) if judge else "never",
    }
    yield Row(what="judge's upgrade, as a ticket", figures=figures, bar="all", met=len(said) == watches)
    listed = ", ".join(f"{count} {name}" for name, count in tickets.most_common()) or "none"
    yield Row(what="tickets", figures={"measured": listed})
    wrong = ", ".join(
        f"{count} {cause.value.split(':')[0]}" for cause, count in Counter(p.cause for p in false).items()
    )
    yield Row(what="causes that false pages gave", figures={"measured": wrong or "no false page"})


def measure(watches: int, looks: int) -> Month:
    """Simulate every arm of every metric."""
    month, rng = Month(watches, looks), generator("month")
    outages = np.zeros((looks + 2, watches))
    for watch in range(watches):
        for at in rng.integers(0, looks, 2):
            outages[at : at + 2, watch] = 0.3
    for name in (*CHECKS, *JUDGED):
        judged = name in JUDGED

        def both(look: int, judged: bool = judged) -> np.ndarray:
            moved = JUDGE_DROP if judged and look >= JUDGE_AT else 0.0
            return np.maximum(outages[look], moved)[:, None]

        def drop(look: int, name: str = name) -> np.ndarray:
            lost = np.zeros((watches, 1))
            lost[0] = PROMPT_DROP if name in CHECKS[:3] and look >= PROMPT_AT else 0.0
            lost[1] = MODEL_DROP if name in CHECKS and look >= MODEL_AT else 0.0
            return lost

        level = 0.8 if judged else float(rng.choice([0.85, 0.9, 0.95, 0.98]))
        world = World(level=level, graded=judged, pinned=True, both=both, drop=drop, **WEATHER)  # type: ignore[arg-type]
        runs = simulate(world, streams=watches, looks=looks, rng=rng)
        assert runs.pinned is not None
        assert runs.difference is not None
        arms = {house.Arm.CURRENT: runs.current, house.Arm.PINNED: runs.pinned, house.Arm.DIFFERENCE: runs.difference}
        if judged:
            frozen = World(
                cases=CASES, level=0.7, alike=0.6, graded=True, baseline=BASELINE, both=_moved(JUDGE_DROP * 0.7 / 0.8)
            )
            arms[house.Arm.ANCHORS] = simulate(frozen, streams=watches, looks=looks, rng=rng).current
        for watch in range(watches):
            for arm, series in arms.items():
                month.arms[watch, name, arm] = series, watch
    return month


def walk(month: Month, number: int) -> list[Page]:
    """One watch, look by look: detectors, correlation, alerts."""
    watch = _watch(f"watch-{number:02d}")
    shares = divide(
        FalseAlarmBudget(),
        (metric for n in range(month.watches) for metric in paging_metrics(_watch(f"watch-{n:02d}"), HOUR)),
    )
    detectors, states = {}, {}
    for (owner, name, arm), (series, stream) in month.arms.items():
        if owner != number:
            continue
        key = MetricKey(watch=watch.name, scorer=name, arm=arm)
        test = PsrDetector(
            mean_runs_to_false_alarm=shares.mean_runs_to_false_alarm(key), smallest_drop=watch.smallest_drop
        )
        detectors[key], states[key] = (test, series, stream), test.start(baseline(series, stream, BASELINE, key))
    pages: list[Page] = []
    open_alerts: list[Alert] = []
    ties = random.Random(number)
    for look in range(month.looks):
        at = look * HOUR
        signals, missing = _signals(detectors, states, look, at, ties)
        situation = Situation(
            watch=watch,
            at=at,
            signals=signals,
            not_observed=missing,
            changes=_changes(number, look),
            baseline=Reference(version=1, status=BaselineStatus.LOCKED),
            judges={name: Judge(provider="judges", model="judge") for name in JUDGED},
        )
        transitions = reconcile(correlate(situation), open_alerts, at)
        open_alerts = [each.alert for each in transitions if each.alert.state is not AlertState.RESOLVED]
        for each in transitions:
            if each.notifies and each.alert.state is AlertState.FIRING:
                said = each.alert.labels
                evidence = each.alert.annotations.get("evidence", "")
                metric = said.get("metric", "")
                pages.append(
                    Page(number, metric, look, said["alertname"], said["severity"], each.alert.cause, evidence)
                )
    return pages


def _signals(
    detectors: dict[MetricKey, tuple[PsrDetector, Arm, int]],
    states: dict[MetricKey, DetectorState],
    look: int,
    at: float,
    ties: random.Random,
) -> tuple[list[Signal], dict[MetricKey, str]]:
    signals, missing, run = [], {}, BASELINE + look
    for key, (test, series, stream) in detectors.items():
        verdict = admit(scored=int(series.n[run, stream]), planned=CASES, errors=0, floor=0.5)
        if verdict.admission is not Admission.ADMITTED:
            missing[key] = verdict.reason
            continue
        states[key], signal = test.update(states[key], observation(series, stream, run, ties.random(), key, at))
        signals.append(signal)
    return signals, missing


def _watch(name: str) -> Watch:
    targets = {
        role: Target(role=role, provider="models", model=f"model-{role}") for role in (Role.CURRENT, Role.PINNED)
    }
    scorers = tuple(
        ScorerPlan(name=scorer, spec=CheckSpec(name=scorer), better=Better.HIGHER, layer=Layer.QUALITY)
        for scorer in (*CHECKS, *JUDGED)
    )
    return Watch(
        name=name,
        feature=name,
        owner=Owner(team="bench"),
        targets=targets,
        scorers=scorers,
        golden=GoldenSet(name=name, version="1", cases=(), digest=""),
        schedule=Schedule(every=HOUR),
    )


def _changes(watch: int, look: int) -> list[Change]:
    """What is known: the prompt change, and changes on other watches that did no harm."""
    if watch == 0 and look >= PROMPT_AT:
        return [Change(what="prompt", role=Role.CURRENT, before="a", after="b", at=PROMPT_AT * HOUR)]
    if watch % 5 == 1 and look >= 5 * DAY:
        return [Change(what="prompt", role=Role.CURRENT, before="a", after="b", at=5 * DAY * HOUR)]
    return []


def _moved(points: float):  # noqa: ANN202
    return lambda look: points if look >= JUDGE_AT else 0.0


def _real(page: Page) -> bool:
    if page.watch == 0 and page.metric in CHECKS[:3]:
        return page.look >= PROMPT_AT
    return page.watch == 1 and page.metric in CHECKS and page.look >= MODEL_AT
