"""Rotating parts of 400 cases against a fixed 40, at the same money.

Hourly looks of 40 answers, or all 400 cases every ten hours; independent answers; A is a tenth of a false alarm in a
year of whichever looks. Hours (median, then 90 %) from a change after 200 hours to the alarm, within 1,500: 5 points
over all cases; 25 points on a tag of 80 cases (5 over all); 16 cases that carry no tag break completely (about 4 over
all), others in each stream. *While suspect* the whole set is asked; *answers* counts what that costs while nothing
changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from msgspec import Struct

from benchmarks.detection.counting import Figure, Row, Table, generator, quantile, rate, scaled, share, short
from benchmarks.detection.streams import HOURLY_YEAR, Arm, Cases, Floats, Reference, World
from benchmarks.detection.watching import A, panel_of
from watchdog.detect.psr import SUSPECT_WITHIN
from watchdog.domain.case import Case
from watchdog.domain.run import Part
from watchdog.replay.rotation import part_of
from watchdog.stats.turns import doubt, out_of_sample

WORLD = World(cases=400)
PART, TAGGED, BROKEN = 40, 80, 16
BEFORE, HORIZON = 200, 1500
GOLDEN = [Case(id=str(i), tags=("billing",) if i < TAGGED else ()) for i in range(WORLD.cases)]


class Design(Struct, frozen=True, kw_only=True):
    """Which cases are asked, and when."""

    name: str
    rotating: bool = False
    whole: bool = False
    baseline: int = 20
    grows: bool = False
    hours: int = 1


DESIGNS = (
    Design(name="fixed 40, hourly"),
    Design(name="rotating 40 of 400, hourly, 20 baseline looks", rotating=True),
    Design(name="rotating 40 of 400, hourly, 100 baseline looks", rotating=True, baseline=100),
    Design(name="the same, the whole set while suspect", rotating=True, baseline=100, grows=True),
    Design(name="all 400 every ten hours", whole=True, hours=10),
)


def table(scale: float) -> Table:
    """One row a design."""
    assert __doc__ is not None
    return Table(name="rotation", title="cases a look", rows=_rows(scale), note=__doc__.split("\n\n", 1)[1].strip())


def _rows(scale: float) -> Iterator[Row]:
    for design in DESIGNS:
        streams = scaled(125, scale)
        hours = HOURLY_YEAR if scale >= 0.05 else 100
        rung, answers, _ = _watch(design, "calm", streams, hours)
        years = streams * hours / HOURLY_YEAR
        figures: dict[str, Figure | str] = {
            "false alarms a metric-year": rate(rung, years),
            "answers an hour": short(answers),
        }
        for change, title in (("all", "5 points, all"), ("tag", "25 points, a tag"), ("broken", "16 cases break")):
            _, _, late = _watch(design, change, scaled(120, scale), BEFORE + (HORIZON if scale >= 0.02 else 60))
            found = share(sum(map(math.isfinite, late)), len(late)).value
            text = f"{short(quantile(late, 0.5).value)}, {short(quantile(late, 0.9).value)}"
            figures[title] = text + (f" ({found:.0%} found)" if found < 1 else "")
        yield Row(what=design.name, figures=figures)


def _watch(design: Design, change: str, streams: int, hours: int) -> tuple[int, float, list[float]]:
    """Alarms, answers an hour, and hours from the change to the first alarm."""
    rng = generator("rotation", design.name, change)
    cases, asked = Cases(WORLD, streams, rng), _parts(100 if design.rotating else 1)
    everything = np.ones(WORLD.cases, bool)

    def part(run: int) -> np.ndarray:
        return everything if design.whole else asked[run % len(asked) if design.rotating else 0]

    rows = [cases.ask() for _ in range(design.baseline)]
    masks = [np.broadcast_to(part(run), rows[0].shape) for run in range(design.baseline)]
    reference = Reference(rows, list(masks), 1)
    seen = design.baseline * (PART / WORLD.cases if design.rotating else 1)
    unsure, wider = doubt(seen, design.baseline), out_of_sample(seen, design.baseline)
    first = [reference.summary(row, mask) for row, mask in zip(rows, masks, strict=True)]
    x, variance, lost, n = (np.array(column) for column in zip(*first, strict=True))
    mean_runs = A / design.hours
    panel = panel_of(Arm(x * wider, variance * unsure, lost, n), design.baseline, mean_runs=mean_runs)
    suspect_from = math.log(mean_runs) - min(SUSPECT_WITHIN, math.log(mean_runs) / 2)
    lower = _lost(change, streams, rng)
    suspect, late = np.zeros(streams, bool), np.full(streams, np.inf)
    alarms, answers = 0, 0.0
    for look in range(hours // design.hours):
        hour = (look + 1) * design.hours
        mask = np.broadcast_to(part(design.baseline + look), cases.logits.shape)
        if design.grows:
            mask = mask | suspect[:, None]
        changed = change != "calm" and hour > BEFORE
        x, variance, lost, n = reference.summary(cases.ask(None, lower if changed else 0.0), mask)
        evidence = panel.update(x, variance * unsure, rng.random(streams), lost, n)
        ringing = evidence >= mean_runs
        alarms += int(ringing.sum())
        answers += float(n.mean())
        if changed:
            late = np.where(ringing & np.isinf(late), hour - BEFORE, late)
            if np.isfinite(late).all():
                break
        panel.restart(ringing)
        suspect = ~ringing & (np.log(np.maximum(evidence, 1e-300)) > suspect_from)
    return alarms, answers / hours, late.tolist()


@lru_cache
def _parts(turns: int) -> list[np.ndarray]:
    """Masks of so many turns."""
    parts = [part_of(GOLDEN, Part(turn=turn, size=PART), seed="bench", tags=["billing"]) for turn in range(turns)]
    return [np.isin(np.arange(WORLD.cases), [int(case.id) for case in part]) for part in parts]


def _lost(change: str, streams: int, rng: np.random.Generator) -> Floats:
    lost = np.zeros((streams, WORLD.cases))
    if change == "all":
        lost[:] = 0.05 / WORLD.level
    elif change == "tag":
        lost[:, :TAGGED] = 0.25 / WORLD.level
    elif change == "broken":
        for stream in range(streams):
            lost[stream, rng.choice(np.arange(TAGGED, WORLD.cases), BROKEN, replace=False)] = 1.0
    return lost
