"""A month of 50 watches with 8 metrics, everything at once, through the real detectors, correlation and alerts.

Hourly looks of 60 cases on current and pinned, five checks and three judge metrics (graded 1 to 5) a watch, anchors
graded daily and when in doubt; 48 baseline looks; the budget is the default, one false alarm in 90 days over
everything. Weather (0.2 on the logit, correlated 0.3) and a daily wave (0.15) hit both arms; 15 % of the looks are
partial, and those with less than half of the cases are not admitted. Every watch has two outages of two looks (-30
points on both arms). On day 10 the judge that all watches share is upgraded: -4 points on its metrics and on its
anchors. On day 15 a prompt change costs one watch 8 points on three checks; on day 20 the provider changes another
watch's model, which nobody is told: -6 points on all five checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from benchmarks.detection.counting import Figure, Row, Table, generator, rate, scaled, short
from benchmarks.detection.desk import HOUR, Desk, Page, watch_of
from benchmarks.detection.streams import Arm, Drop, World, simulate
from watchdog.detect.budget import divide, paging_metrics
from watchdog.domain import metric as house
from watchdog.domain.alert import Cause, Severity
from watchdog.domain.metric import MetricKey
from watchdog.domain.run import Change
from watchdog.domain.target import Role
from watchdog.domain.watch import FalseAlarmBudget

CHECKS = tuple(f"check-{i}" for i in range(5))
JUDGED = tuple(f"judge-{i}" for i in range(3))
#: Days of the month.
JUDGE_ON, PROMPT_ON, MODEL_ON = 10, 15, 20
PROMPT_DROP, MODEL_DROP, JUDGE_DROP = 0.08, 0.06, 0.04
BASELINE = 48
WORLD = World(cases=60, baseline=BASELINE, shared=0.2, correlation=0.3, season=0.15, pinned=True)


class Times(NamedTuple):
    """Looks at which things happen, for so many looks a day."""

    day: int = 24

    @property
    def judge(self) -> int:
        return JUDGE_ON * self.day

    @property
    def prompt(self) -> int:
        return PROMPT_ON * self.day

    @property
    def model(self) -> int:
        return MODEL_ON * self.day

    @property
    def looks(self) -> int:
        return 30 * self.day


Series = dict[MetricKey, tuple[Arm, int]]


def table(scale: float) -> Table:
    """Pages, false pages, delays and attributions."""
    assert __doc__ is not None
    note = __doc__.split("\n\n", 1)[1].strip()
    return Table(name="month", title="a month of 50 watches", rows=_rows(scale), note=note, columns=False)


def _rows(scale: float) -> Iterator[Row]:
    watches, times = scaled(50, scale, 2), Times() if scale >= 0.02 else Times(day=2)
    looks = times.looks
    names = [f"watch-{number:02d}" for number in range(watches)]
    known = [watch_of(name, (*CHECKS, *JUDGED)) for name in names]
    shares = divide(FalseAlarmBudget(), (metric for watch in known for metric in paging_metrics(watch, HOUR)))
    pages: list[Page] = []
    for number, (watch, series) in enumerate(zip(known, measure(names, times), strict=True)):
        desk = Desk(watch, series, runs=BASELINE, mean_runs=shares.mean_runs_to_false_alarm, seed=number)
        for look in range(looks):
            pages += desk.look(look, _changes(number, look, times))
    woken = [page for page in pages if page.severity == Severity.PAGE]
    right = [page for page in woken if _real(page, times)]
    false = [page for page in woken if not _real(page, times)]
    first: dict[tuple[str, str], Page] = {}
    for page in right:
        first.setdefault((page.watch, page.metric), page)
    metrics = 8 * watches
    by_time = Counter(page.look for page in false)
    yield Row(what="pages", figures={"measured": str(len(woken))})
    allowed = 720 * HOUR / (90 * 86_400)
    figure = rate(len(false), 1.0, "months")
    bar = f"<= {allowed:.2f} expected of {metrics} metrics"
    yield Row(what="false pages a month", figures={"measured": figure}, bar=bar, met=len(false) <= 1)
    moved = sum(times.judge <= page.look < times.judge + 5 * times.day and page.metric in JUDGED for page in false)
    yield Row(
        what="of these: by the judge's upgrade; most in one look",
        figures={"measured": f"{moved}; {max(by_time.values(), default=0)}"},
    )
    for where, at, name, cause, concerned in (
        (names[0], times.prompt, f"prompt change, -{PROMPT_DROP * 100:.0f} points", Cause.OURS, CHECKS[:3]),
        (names[1], times.model, f"silent model change, -{MODEL_DROP * 100:.0f} points", Cause.PROVIDER_MODEL, CHECKS),
    ):
        found = [first[where, metric] for metric in concerned if (where, metric) in first]
        delays = sorted(page.look - at + 1 for page in found)
        correct = sum(page.cause is cause for page in found)
        figures: dict[str, Figure | str] = {
            "metrics paged": f"{len(found)} of {len(concerned)}",
            "looks to each": ", ".join(map(short, delays)),
            "right cause": f"{correct} of {len(found)}",
        }
        yield Row(what=name, figures=figures, bar="all, right cause", met=correct == len(found) == len(concerned))
    tickets = Counter(page.name for page in pages if page.severity == Severity.TICKET)
    judge: dict[tuple[str, str], int] = {}
    for page in pages:
        if page.name == "JudgeDrift" and page.look >= times.judge:
            judge.setdefault((page.watch, page.metric), page.look - times.judge + 1)
    figures = {
        "metrics told": f"{len(judge)} of {len(JUDGED) * watches}",
        "looks to the first (median)": short(float(np.median(list(judge.values())))) if judge else "never",
    }
    good = len(judge) == len(JUDGED) * watches
    yield Row(what="judge's upgrade, as a ticket", figures=figures, bar="all", met=good)
    listed = ", ".join(f"{count} {name}" for name, count in tickets.most_common()) or "none"
    yield Row(what="tickets", figures={"measured": listed})
    wrong = ", ".join(
        f"{count} {cause.value.split(':')[0]}" for cause, count in Counter(p.cause for p in false).items()
    )
    yield Row(what="causes that false pages gave", figures={"measured": wrong or "no false page"})


def measure(names: list[str], times: Times) -> list[Series]:
    """Every arm of every metric of each watch."""
    looks = times.looks
    watches, rng = len(names), generator("month")
    found: list[Series] = [{} for _ in names]
    outages = np.zeros((looks, watches))
    for watch in range(watches):
        for at in rng.integers(0, looks - 1, 2):
            outages[at : at + 2, watch] = 0.3
    partial = rng.random((BASELINE + looks, watches)) < 0.15
    scored = np.where(partial, rng.uniform(0.2, 0.9, partial.shape), 1.0)
    for name in (*CHECKS, *JUDGED):
        judged = name in JUDGED
        level = 0.8 if judged else float(rng.choice([0.85, 0.9, 0.95, 0.98]))
        world = replace(
            WORLD,
            level=level,
            graded=judged,
            scored=scored,
            drop=_real_drops(name, watches, times),
            both=_outages_and_judge(outages, JUDGE_DROP if judged else 0.0, times),
        )
        runs = simulate(world, streams=watches, looks=looks, rng=rng)
        assert runs.pinned is not None
        assert runs.difference is not None
        arms = {house.Arm.CURRENT: runs.current, house.Arm.PINNED: runs.pinned, house.Arm.DIFFERENCE: runs.difference}
        if judged:  # the judge marks down what it marks, whoever answered
            lower = _outages_and_judge(np.zeros((looks, watches)), JUDGE_DROP * 0.7 / level, times)
            frozen = World(cases=60, level=0.7, alike=0.3, graded=True, baseline=BASELINE, both=lower)
            arms[house.Arm.ANCHORS] = simulate(frozen, streams=watches, looks=looks, rng=rng).current
        for stream, watch in enumerate(names):
            found[stream] |= {MetricKey(watch=watch, scorer=name, arm=arm): (arms[arm], stream) for arm in arms}
    return found


def _real_drops(name: str, watches: int, times: Times) -> Drop:
    def drop(look: int) -> np.ndarray:
        lost = np.zeros((watches, 1))
        lost[0] = PROMPT_DROP if name in CHECKS[:3] and look >= times.prompt else 0.0
        lost[1] = MODEL_DROP if name in CHECKS and look >= times.model else 0.0
        return lost

    return drop


def _outages_and_judge(outages: np.ndarray, points: float, times: Times) -> Drop:
    return lambda look: np.maximum(outages[look], points if look >= times.judge else 0.0)[:, None]


def _changes(watch: int, look: int, times: Times) -> list[Change]:
    """What is known: the prompt change, and changes on other watches that did no harm."""
    if watch == 0 and look >= times.prompt:
        return [Change(what="prompt", role=Role.CURRENT, before="a", after="b", at=times.prompt * HOUR)]
    if watch % 5 == 1 and look >= 5 * times.day:
        return [Change(what="prompt", role=Role.CURRENT, before="a", after="b", at=5 * times.day * HOUR)]
    return []


def _real(page: Page, times: Times) -> bool:
    if page.watch == "watch-00" and page.metric in CHECKS[:3]:
        return page.look >= times.prompt
    return page.watch == "watch-01" and page.metric in CHECKS and page.look >= times.model
