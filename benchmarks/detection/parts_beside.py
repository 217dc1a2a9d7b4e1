"""Of the parts: what the judge's anchors say at an alarm, and what looking sooner does to the promise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.detection.counting import Figure, Row, generator, quantile, rate, scaled, share
from benchmarks.detection.desk import Desk, Page, watch_of
from benchmarks.detection.streams import Arm, Cases, Reference, World, simulate, step
from benchmarks.detection.watching import SMALLEST_DROP, A, panel_of
from watchdog.domain import metric as house
from watchdog.domain.alert import Cause
from watchdog.domain.metric import MetricKey

BEFORE, AFTER = 200, 240
#: Look again after ten minutes while the evidence is within e^6 of the alarm.
SOONER, WITHIN = 1 / 6, 6.0


def beside_rows(scale: float) -> Iterator[Row]:
    """Rows of the table of parts."""
    yield from _verdicts(scale)
    yield from _waking(scale)
    yield _two_estimands(scale)


def _verdicts(scale: float) -> Iterator[Row]:
    """One judge metric of 100 cases, 60 anchors graded daily and when in doubt; 5 points, from look 200."""
    truths = {
        "the judge moved": (Cause.JUDGE, {"both": step(BEFORE, 0.05)}, True),
        "the provider changed the model": (Cause.PROVIDER_MODEL, {"drop": step(BEFORE, 0.05)}, False),
        "both arms share the cause": (Cause.SHARED, {"both": step(BEFORE, 0.05)}, False),
        "judge and model, 5 points each": (
            Cause.JUDGE,
            {"both": step(BEFORE, 0.05), "drop": step(BEFORE, 0.05)},
            True,
        ),
    }
    for name, (cause, changed, judged) in truths.items():
        rng, watches = generator("verdicts", name), scaled(80, scale, 1)
        looks = BEFORE + (AFTER if scale >= 0.02 else 20)
        world = World(level=0.8, graded=True, shared=0.2, pinned=True, **changed)  # type: ignore[arg-type]
        runs = simulate(world, streams=watches, looks=looks, rng=rng)
        moved = step(BEFORE, 0.05 * 0.7 / 0.8) if judged else None
        frozen = World(cases=60, level=0.7, alike=0.3, graded=True, both=moved)
        anchors = simulate(frozen, streams=watches, looks=looks, rng=rng).current
        assert runs.pinned is not None
        assert runs.difference is not None
        arms = {
            house.Arm.CURRENT: runs.current,
            house.Arm.PINNED: runs.pinned,
            house.Arm.DIFFERENCE: runs.difference,
            house.Arm.ANCHORS: anchors,
        }
        told = [_told(arms, watch, looks, world.baseline) for watch in range(watches)]
        woken = [next((page for page in pages if page.name == "EvalDrift"), None) for pages in told]
        tickets = [next((page for page in pages if page.name == "JudgeDrift"), None) for pages in told]
        again = sum(max(0, sum(page.name == "JudgeDrift" for page in pages) - 1) for pages in told)
        figures: dict[str, Figure | str] = {
            "paged": share(sum(page is not None for page in woken), watches, "watches"),
            "right cause at the page": share(
                sum(page is not None and page.cause is cause for page in woken),
                sum(page is not None for page in woken),
                "pages",
            ),
            "told that the judge moved": share(sum(page is not None for page in tickets), watches, "watches"),
            "told again": f"{again} times",
        }
        bar, met = ("", None)
        if name == "the judge moved":
            bar = "judge named in >= 95 %"
            met = sum(page is not None for page in tickets) >= 0.95 * watches
        yield Row(what=f"anchors: {name}", figures=figures, bar=bar, met=met)


def _told(arms: dict[house.Arm, Arm], number: int, looks: int, runs: int) -> list[Page]:
    watch = watch_of(f"watch-{number}", ["judge"])
    series = {MetricKey(watch=watch.name, scorer="judge", arm=arm): (found, number) for arm, found in arms.items()}
    desk = Desk(watch, series, runs=runs, mean_runs=lambda _key: A, seed=number)
    return [page for look in range(looks) for page in desk.look(look) if look >= BEFORE]


def _waking(scale: float) -> Iterator[Row]:
    """Weather of 0.3, correlated 0.6 an hour apart, which is .92 ten minutes apart: looks that come sooner know less.

    Each stream keeps its own clock. ``at most``: looks in a row that may come sooner.
    """
    for at_most in (0, 3, 10**9):
        rng, streams = generator("waking", at_most), scaled(250, scale)
        hours = 8760 if scale >= 0.05 else 200
        rung, years, extra, _ = _wake(rng, streams, hours, at_most, drop_at=None)
        rng = generator("waking", at_most, "drop")
        dropped = scaled(120, scale)
        *_, late = _wake(rng, dropped, BEFORE + (1000 if scale >= 0.02 else 20), at_most, drop_at=BEFORE)
        word = {0: "hourly looks only", 3: "sooner while suspect, at most 3 in a row"}.get(
            at_most, "sooner while suspect"
        )
        figures: dict[str, Figure | str] = {
            "false alarms a metric-year": rate(rung, years),
            "extra looks": f"{extra:.1%}",
            "-5 points: median hours": quantile(late, 0.5),
            "90 % within": quantile(late, 0.9),
        }
        yield Row(what=f"waking up, {word}", figures=figures)


def _wake(
    rng: np.random.Generator, streams: int, hours: int, at_most: int, *, drop_at: int | None
) -> tuple[int, float, float, list[float]]:
    """Alarms, metric-years, share of extra looks, and hours from the drop to the first alarm."""
    world, correlation, weather_spread = World(), 0.6, 0.3
    cases = Cases(world, streams, rng)
    weather = rng.standard_normal(streams) * weather_spread
    rows = []
    for _ in range(world.baseline):
        weather = correlation * weather + np.sqrt(1 - correlation**2) * weather_spread * rng.standard_normal(streams)
        rows.append(cases.ask(weather))
    reference = Reference(rows, [None] * world.baseline, 1)
    panel = panel_of(
        Arm(*(np.array(column) for column in zip(*(reference.summary(row, None) for row in rows), strict=True))),  # type: ignore[arg-type]
        world.baseline,
        smallest_drop=SMALLEST_DROP,
    )
    clock, row_of_sooner = np.zeros(streams), np.zeros(streams, int)
    sooner = np.zeros(streams, bool)
    alarms, looks, extra = 0, 0, 0
    late = np.full(streams, np.inf)
    while clock.min() < hours:
        step_length = np.where(sooner, SOONER, 1.0)
        clock = clock + step_length
        kept = correlation**step_length
        weather = kept * weather + np.sqrt(1 - kept**2) * weather_spread * rng.standard_normal(streams)
        down = np.zeros(streams) if drop_at is None else (clock > drop_at) * 0.05
        x, variance, lost, n = reference.summary(cases.ask(weather, (down / world.level)[:, None]), None)
        evidence = panel.update(x, variance, rng.random(streams), lost, n)
        ringing = evidence >= A
        if drop_at is not None:
            late = np.where(ringing & (clock > drop_at) & np.isinf(late), clock - drop_at, late)
        counted = clock < hours
        alarms += int((ringing & counted).sum())
        looks += int(counted.sum())
        extra += int((sooner & counted).sum())
        panel.restart(ringing)
        suspect = ~ringing & (np.log(np.maximum(evidence, 1e-300)) > np.log(A) - WITHIN)
        row_of_sooner = np.where(suspect, row_of_sooner + 1, 0)
        sooner = suspect & (row_of_sooner <= at_most)
        if drop_at is not None and np.isfinite(late).all():
            break
    return alarms, streams * hours / 8760, extra / max(1, looks), late.tolist()


def _two_estimands(scale: float) -> Row:
    """Fifty inputs drawn from traffic whose inputs changed by +-15 points each, by 0 on average; twenty nights."""
    repetitions, cases, nights = scaled(2000, scale, 20), 50, 20
    rng, counts = generator("estimands"), {"answers as draws": 0, "inputs as draws": 0}
    for _ in range(repetitions):
        before = rng.uniform(0.2, 0.8, cases)
        after = before + rng.choice([-0.15, 0.15], cases)
        apart = (rng.binomial(nights, after) - rng.binomial(nights, before)) / nights
        sampling = (before * (1 - before) + after * (1 - after)) / nights
        for name, variance in (("answers as draws", sampling.mean()), ("inputs as draws", apart.var(ddof=1))):
            counts[name] += abs(apart.mean()) > 1.96 * np.sqrt(variance / cases)
    return Row(
        what="50 fixed inputs, 20 nights, nothing changed on average in traffic: p < 0.05, by what counts as a draw",
        figures={name: share(int(count), repetitions, "tests") for name, count in counts.items()},
    )
