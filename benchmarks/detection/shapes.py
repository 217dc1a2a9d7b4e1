"""Beyond steps: blips, ramps, tags, moved judges, slow answers, endings, the gate, and one arithmetic.

Settings as for the promise (S1 where nothing else is said). Blips come weekly for half a year; a moved judge lowers
current and pinned by 5 points; a ramp is -5 points over so many hourly runs. *Endings*: half of the drifts in
independent runs, half under correlated weather. The gate has 400 pass/fail cases and a margin of 3 points.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec.structs import replace

from benchmarks.detection.counting import Figure, Row, Table, generator, quantile, rate, scaled, share
from benchmarks.detection.streams import HOURLY_YEAR, Arm, Drop, World, blips, ramp, simulate, step
from benchmarks.detection.watching import (
    A,
    alarms,
    delays,
    detector,
    first_alarms,
    panel_of,
    signals,
)
from watchdog.domain.detection import Level
from watchdog.stats.gate import Verdict, decide
from watchdog.stats.logratio import CUT

BEFORE = 200
WEEK = 168


def table(scale: float) -> Table:
    """Rows of all kinds."""
    assert __doc__ is not None
    parts = (_blips, _judge, _ramps, _tags, _latency, _endings, _gate, _one_arithmetic)
    rows = (row for part in parts for row in part(scale))
    note = __doc__.split("\n\n", 1)[1].strip()
    return Table(name="shapes", title="beyond steps", rows=rows, note=note, columns=False)


def _blips(scale: float) -> list[Row]:
    rows = []
    for points in (0.3, 0.6):
        rng, streams, looks = generator("blips", points), scaled(120, scale), 26 * WEEK if scale >= 0.05 else 2 * WEEK
        world = World(drop=blips(WEEK, 2, points))
        runs = simulate(world, streams=streams, looks=looks, rng=rng)
        rung = alarms(runs.current, world.baseline, rng.random((looks, streams)))
        figure = share(len(rung), streams * looks // WEEK, "blips")
        what = f"blip of 2 runs, -{points * 100:.0f} points: alarms each"
        rows.append(Row(what=what, figures={"measured": figure}, bar="<= 0.01", met=figure.value <= 0.01))
    return rows


def _judge(scale: float) -> list[Row]:
    """What is promised is 400 / A, so that a few streams hardly ever show anything: there are many."""
    rows, promised = [], 400 / 87_600
    for points, said in ((0.05, "judge moves both arms by 5 points"), (0.0, "the same streams, judge left alone")):
        rng, streams, looks = generator("judge"), scaled(600, scale), BEFORE + 400
        world = World(shared=0.2, pinned=True, both=step(BEFORE, points))
        runs = simulate(world, streams=streams, looks=looks, rng=rng)
        assert runs.difference is not None
        late = delays(first_alarms(runs.difference, world.baseline, rng.random((looks, streams))), BEFORE)
        rang = share(sum(math.isfinite(delay) for delay in late), len(late), "streams")
        what = f"{said}: current - pinned rings within 400 runs"
        rows.append(Row(what=what, figures={"measured": rang}, bar="<= .0046", met=rang.value <= promised))
    return rows


def _ramps(scale: float) -> list[Row]:
    rows = []
    for length, baseline, full, q, most in ((1344, 20, 150, 0.5, 450), (8760, 200, 80, 0.9, 3000)):
        rng, streams = generator("ramp", length), scaled(full, scale)
        looks = BEFORE + (round(length * 1.5) if scale >= 0.05 else 100)
        world = World(baseline=baseline, drop=ramp(BEFORE, 0.05, length))
        runs = simulate(world, streams=streams, looks=looks, rng=rng)
        late = delays(first_alarms(runs.current, baseline, rng.random((looks, streams))), BEFORE)
        figures: dict[str, Figure | str] = {
            "median runs": quantile(late, 0.5),
            "90 % within": quantile(late, 0.9),
            "found": share(sum(math.isfinite(delay) for delay in late), len(late), "streams"),
        }
        word = "median" if q == 0.5 else "90 %"
        what = f"-5 points over {length:,} runs, {baseline} baseline runs"
        bar = f"{word} <= {most:,}"
        rows.append(Row(what=what, figures=figures, bar=bar, met=quantile(late, q).value <= most))
    return rows


def _tags(scale: float) -> list[Row]:
    rng, streams, looks = generator("tags"), scaled(150, scale), BEFORE + 300
    world = World(drop=step(BEFORE, 0.10), concerned=0.2)
    runs = simulate(world, streams=streams, looks=looks, rng=rng, tags=True)
    assert runs.tags is not None
    ties = rng.random((looks, streams))
    hit, spared = (delays(first_alarms(arm, world.baseline, ties, mean_runs=5 * A), BEFORE) for arm in runs.tags)
    wrong = share(sum(math.isfinite(delay) for delay in spared), len(spared), "streams")
    median = quantile(hit, 0.5)
    figures: dict[str, Figure | str] = {
        "median runs": median,
        "90 % within": quantile(hit, 0.9),
        "found": share(sum(math.isfinite(delay) for delay in hit), len(hit), "streams"),
        "measured": wrong,
    }
    what = "-10 points in a tag of 20 cases (A x 5): the tag's delay; the other 80 ring (measured)"
    return [Row(what=what, figures=figures, bar="median <= 18; <= 1 %", met=median.value <= 18 and wrong.value <= 0.01)]


def _latency(scale: float) -> list[Row]:
    """Lognormal answers, 2 % with a Pareto(1.5) tail, 50 cases: cut log-ratios to each case's own baseline median."""

    def series(slower: Drop, streams: int, looks: int, rng: np.random.Generator) -> Arm:
        cases, baseline = 50, 20
        typical = rng.normal(0.0, 0.5, (streams, cases))
        seconds = np.empty((baseline + looks, streams, cases), np.float32)
        for t in range(baseline + looks):
            log_seconds = typical + rng.normal(0.0, 0.4, (streams, cases))
            stuck = rng.random((streams, cases)) < 0.02
            log_seconds[stuck] += np.log(rng.pareto(1.5, int(stuck.sum())) + 1) + 1
            seconds[t] = log_seconds + (math.log1p(slower(t - baseline)) if t >= baseline else 0.0)
        ratio = np.clip(seconds - np.median(seconds[:baseline], axis=0), -CUT, CUT)
        spread = ratio[:baseline].var(0, ddof=1).sum(1) / cases**2
        x = -ratio.mean(2, dtype=np.float64)
        return Arm(x, np.broadcast_to(spread, x.shape), None, np.full(x.shape, float(cases)))

    rng, streams, smallest = generator("latency"), scaled(150, scale), math.log(1.15)
    looks = 1460 if scale >= 0.05 else 200
    count = 0
    parts = 20 if scale >= 0.05 else 1
    for _ in range(parts):  # a year in parts: all cases of all runs are kept for the medians
        arm = series(lambda _look: 0.0, streams // 2, looks, rng)
        count += len(alarms(arm, 20, rng.random((looks, streams // 2)), smallest_drop=smallest))
    calm = rate(count, parts * (streams // 2) * looks / HOURLY_YEAR)
    slowed = series(step(BEFORE, 0.20), streams, BEFORE + 150, rng)
    late = delays(first_alarms(slowed, 20, rng.random((BEFORE + 150, streams)), smallest_drop=smallest), BEFORE)
    median = quantile(late, 0.5)
    what = "latency: false alarms a metric-year; +20 % found"
    figures: dict[str, Figure | str] = {
        "measured": calm,
        "median runs": median,
        "90 % within": quantile(late, 0.9),
        "found": share(sum(math.isfinite(delay) for delay in late), len(late), "streams"),
    }
    return [Row(what=what, figures=figures, bar="<= 0.1; median <= 20", met=calm.value <= 0.1 and median.value <= 20)]


def _endings(scale: float) -> list[Row]:
    """A week after the alarm: while still down, and half-way back; is what is left found again?"""
    rows = []
    for points, back in ((0.02, 0.0), (0.05, 0.0), (0.10, 0.0), (0.05, 0.5), (0.10, 0.5)):
        early = lost = of = 0
        for name, base in (("iid", World()), ("AR", World(shared=0.3, correlation=0.6))):
            rng, streams = generator("ending", name, points, back), scaled(75, scale, 1)
            until = 1200 if points < 0.05 and scale >= 0.05 else 300
            looks = until + (4 * WEEK if back else WEEK)
            drop = _half_back(points, back, BEFORE, until)
            runs = simulate(replace(base, drop=drop), streams=streams, looks=looks, rng=rng)
            ties = rng.random((looks, streams))
            for stream in range(streams):
                levels = list(signals(runs.current, stream, base.baseline, ties, test=detector()))
                begun = next((i for i in range(BEFORE, until) if levels[i].level is Level.DRIFT), None)
                if begun is None:
                    continue
                of += 1
                watched = levels[until:] if back else levels[begun : begun + WEEK]
                ended = any(signal.reason == "recovered" for signal in watched)
                early += ended
                lost += bool(back) and levels[-1].level is not Level.DRIFT
        week = share(early, of, "drifts")
        if back:
            what = f"half-way back from -{points * 100:.0f}: resolved within four weeks; lost at their end"
            gone = share(lost, of, "drifts")
            figures: dict[str, Figure | str] = {"measured": week, "lost": gone}
            rows.append(Row(what=what, figures=figures, bar="none lost", met=gone.value <= 0.01))
        else:
            what = f"still down by {points * 100:.0f}: resolved within a week of the alarm"
            rows.append(Row(what=what, figures={"measured": week}, bar="<= 1 %", met=week.value <= 0.01))
    return rows


def _half_back(points: float, back: float, at: int, until: int) -> Drop:
    return lambda look: 0.0 if look < at else points if look < until or not back else points * (1 - back)


def _gate(scale: float) -> list[Row]:
    """400 cases, margin 3 points, alpha 0.05; naive peeking is the same t test at each of five looks."""
    repetitions, rng = scaled(2000, scale, 20), generator("gate")

    def verdicts(delta: float, looks: int) -> tuple[int, float, int]:
        passed, used, naive = 0, 0, 0
        for _ in range(repetitions):
            before = np.clip(rng.beta(1.8, 0.2, 400), 1e-4, 1 - 1e-4)
            apart = (rng.random(400) < before * (1 + delta / 0.9)).astype(float) - (rng.random(400) < before)
            decision = decide(apart.tolist(), margin=0.03, looks=looks)
            passed += decision.verdict is Verdict.PASS
            used += decision.units
            naive += any(
                apart[:n].mean() - 1.645 * apart[:n].std(ddof=1) / math.sqrt(n) > -0.03 for n in range(80, 401, 80)
            )
        return passed, used / repetitions, naive

    error, _, peeking = verdicts(-0.03, 5)
    early, units, _ = verdicts(0.0, 5)
    fixed, _, _ = verdicts(0.0, 1)
    wrong, kept, whole = (share(count, repetitions, "gates") for count in (error, early, fixed))
    guard = share(peeking, repetitions, "gates")
    loss = whole.value - kept.value
    noise = 2 * math.sqrt(0.5 / repetitions)
    return [
        Row(
            what=f"gate at the margin passes (naive peeking: {guard})",
            figures={"measured": wrong},
            bar="<= 0.06",
            met=wrong.value <= 0.06,
        ),
        Row(
            what=f"gate, no change: passes with {units:.0f} of 400 cases used (all at once: {whole})",
            figures={"measured": kept},
            bar="<= 4 points less",
            met=loss <= 0.04 + (noise if scale < 1 else 0.0),
        ),
    ]


def _one_arithmetic(scale: float) -> list[Row]:
    rng, streams, looks = generator("one arithmetic"), scaled(40, scale), 600
    world = World(shared=0.3, correlation=0.6, partial=0.1, drop=step(400, 0.03))
    runs = simulate(world, streams=streams, looks=looks, rng=rng)
    ties, arm, b = rng.random((looks, streams)), runs.current, world.baseline
    assert arm.lost is not None
    panel = panel_of(arm, b)
    many = np.array(
        [panel.update(arm.x[t], arm.variance[t], ties[t - b], arm.lost[t], arm.n[t]) for t in range(b, b + looks)]
    )
    apart = 0
    for stream in range(streams):
        for look, signal in enumerate(signals(arm, stream, b, ties, test=detector())):
            apart += (signal.statistic >= math.log(A)) != (many[look, stream] >= A)
            if signal.level is Level.DRIFT or apart:
                break
    what = f"scalar and vectorised detector disagree, of {streams} streams of {looks} looks"
    return [Row(what=what, figures={"measured": str(apart)}, bar="0", met=apart == 0)]
