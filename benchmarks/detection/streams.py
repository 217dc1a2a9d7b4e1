"""Simulated looks: the same cases asked again and again, on up to two targets, scored alike.

A case passes with a chance of its own; weather (provider load, a judge's mood) moves all chances of a look together
on the logit scale. A drop makes an answer that would have scored lose everything, with the chance that makes the mean
fall by so many points. Many *streams* (one stream = one metric of one watch) run side by side; arrays are
(looks, streams), the baseline's looks first. Each look is summarised as `watchdog.stats.paired` does it, for all
streams at once; a test holds the two against each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import expit

from watchdog.stats.paired import SHRINKAGE
from watchdog.stats.scatter import LOOKS, MOST

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
#: Points lost (0.05 = 5 points) at a look after the baseline, from 0; of each stream apart as (streams, 1).
Drop = Callable[[int], "float | Floats"]

#: Where the four steps of a grade from 1 to 5 lie on the logit scale (proportional odds).
GRADES = (1.5, 0.5, -0.5, -1.5)
HOURLY_YEAR = 8760


class World(Struct, frozen=True, kw_only=True):
    """What a metric is like while nothing, or something, goes wrong."""

    cases: int = 100
    repeats: int = 1
    #: Mean score, and how alike the cases are (small: most of them always pass or always fail).
    level: float = 0.9
    alike: float = 2.0
    graded: bool = False
    baseline: int = 20
    #: Standard deviation on the logit of weather that both targets share, and of weather of each its own.
    shared: float = 0.0
    own: float = 0.0
    #: Correlation of neighbouring looks' weather, and its distribution: normal, heavy (t with 2 degrees), skewed.
    correlation: float = 0.0
    shape: str = "normal"
    #: Amplitude on the logit and period in looks of a daily wave.
    season: float = 0.0
    period: int = 24
    #: Chance that a look is partial; then 20 to 90 % of the cases are scored.
    partial: float = 0.0
    #: Or the share of the cases scored at each run of each stream, (runs, streams).
    scored: Floats | None = None
    #: What the current target loses, and what both lose (a moved judge, a broken harness).
    drop: Drop | None = None
    both: Drop | None = None
    #: Share of the cases that the drop concerns (its points are those of the cases concerned).
    concerned: float = 1.0
    #: Simulate the pinned target too.
    pinned: bool = False


class Arm(NamedTuple):
    """Summaries of one arm, or of the difference of two: (looks, streams) each, the baseline's looks first."""

    x: Floats
    variance: Floats
    #: Score lost over the n cases; None for differences.
    lost: Floats | None
    n: Floats

    def part(self, looks: slice, streams: slice | list[int] = slice(None)) -> Arm:
        """Some of the looks of some of the streams."""
        columns = (None if array is None else array[looks][:, streams] for array in self)
        return Arm(*columns)  # type: ignore[arg-type]


class Runs(Struct, frozen=True, kw_only=True):
    """What a simulation gives."""

    world: World
    current: Arm
    #: Mean score of the current target.
    level: Floats
    pinned: Arm | None = None
    difference: Arm | None = None
    #: The current target on the cases that a drop concerns, and on the others.
    tags: tuple[Arm, Arm] | None = None

    @property
    def streams(self) -> int:
        return int(self.level.shape[1])

    @property
    def looks(self) -> int:
        """Looks after the baseline."""
        return len(self.level) - self.world.baseline

    @property
    def years(self) -> float:
        """Metric-years of hourly looks after the baseline."""
        return self.streams * self.looks / HOURLY_YEAR


class Cases:
    """The cases of many streams and how they answer."""

    def __init__(self, world: World, streams: int, rng: np.random.Generator) -> None:
        self.world, self._rng = world, rng
        concentration = (world.level * world.alike, (1 - world.level) * world.alike)
        chances = np.clip(rng.beta(*concentration, (streams, world.cases)), 1e-4, 1 - 1e-4)
        logits = np.log(chances / (1 - chances))
        self._steps = np.array(GRADES if world.graded else (0.0,), np.float32)
        low, high = np.full(streams, -30.0), np.full(streams, 30.0)
        for _ in range(40):  # every stream's true mean becomes the level: drops are comparable
            middle = (low + high) / 2
            over = self._mean(logits + middle[:, None]) > world.level
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        self.logits: Singles = (logits + low[:, None]).astype(np.float32)
        self.chances: Singles = _logistic(self.logits)

    def _mean(self, logits: Floats) -> Floats:
        mean: Floats = np.mean([_logistic(logits + step) for step in self._steps], axis=(0, 2))
        return mean

    def ask(self, weather: Floats | None = None, lost: float | Floats = 0.0) -> Singles:
        """Scores (streams, cases), the mean over the repeats. ``lost``: share of the score that is lost, by case."""
        answers = [self._once(weather, lost) for _ in range(self.world.repeats)]
        return answers[0] if len(answers) == 1 else np.mean(answers, axis=0, dtype=np.float32)

    def _once(self, weather: Floats | None, lost: float | Floats) -> Singles:
        draws = self._rng.random(self.logits.shape, dtype=np.float32)
        logits = self.logits if weather is None else self.logits + weather.astype(np.float32)[:, None]
        if not self.world.graded:
            chances = self.chances if weather is None else _logistic(logits)
            if np.any(lost):
                chances = chances * (1 - np.asarray(lost, np.float32))
            return draws < chances  # type: ignore[return-value]  # pass or fail; counting them is what takes the time
        latent = np.log(draws + np.float32(1e-9)) - np.log1p(-draws)
        scores = np.mean([latent < logits + step for step in self._steps], axis=0, dtype=np.float32)
        if np.any(lost):
            scores *= self._rng.random(scores.shape, dtype=np.float32) >= np.asarray(lost, np.float32)
        return scores


@dataclass
class Weather:
    """An AR(1) effect of each stream, on the logit."""

    spread: float
    correlation: float
    shape: str
    streams: int
    rng: np.random.Generator
    _now: Floats | None = field(default=None, init=False)

    def next(self) -> Floats | None:
        """The next look's effect; None where there is no weather."""
        if self.spread == 0:
            return None
        fresh = self.spread * self._fresh()
        past = self.correlation
        self._now = fresh if self._now is None else past * self._now + np.sqrt(1 - past**2) * fresh
        return self._now

    def _fresh(self) -> Floats:
        if self.shape == "heavy":
            return self.rng.standard_t(2, self.streams)
        if self.shape == "skewed":
            return 1 - self.rng.exponential(1, self.streams)
        return self.rng.standard_normal(self.streams)


class Reference:
    """What the baseline's looks say of each case of each stream: means, and shrunk variances of one answer."""

    def __init__(self, scores: list[Singles], masks: list[NDArray[np.bool_] | None], repeats: int) -> None:
        total, squares, count = (np.zeros(scores[0].shape, np.float64) for _ in range(3))
        for score, mask in zip(scores, masks, strict=True):
            seen = np.ones(score.shape, bool) if mask is None else mask
            total += score * seen
            squares += np.square(score, dtype=np.float64) * seen
            count += seen
        known = np.maximum(count, 1)
        #: Cases that were never scored have no mean: they count as the others.
        self.means = np.where(count > 0, total / known, (total.sum(1) / count.sum(1))[:, None])
        around = repeats * np.maximum(squares - count * self.means**2, 0.0)
        freedom = np.maximum(count - 1, 0)
        pooled = (around.sum(1) / np.maximum(freedom.sum(1), 1))[:, None]
        self.variances = (around + SHRINKAGE * pooled) / (freedom + SHRINKAGE) / repeats
        self._sum_of_means, self._sum_of_variances = self.means.sum(1), self.variances.sum(1)

    def summary(self, scores: Singles, mask: NDArray[np.bool_] | None) -> tuple[Floats, Floats, Floats, Floats]:
        """x, its sampling variance, score lost and cases, of each stream."""
        cases = scores.shape[1]
        if mask is None:
            total, n = _added_up(scores), np.full(len(scores), float(cases))
            return (total - self._sum_of_means) / n, self._sum_of_variances / n**2, n - total, n
        n = mask.sum(1).astype(float)
        total = _added_up(scores * mask)
        expected = np.einsum("rn,rn->r", self.means, mask)
        return (total - expected) / n, np.einsum("rn,rn->r", self.variances, mask) / n**2, n - total, n


class Control:
    """How the pinned target scatters lately, of each stream: `watchdog.stats.scatter` for all at once."""

    def __init__(self, variances: Floats) -> None:
        self._variances = variances
        self._looks: deque[tuple[Singles, NDArray[np.bool_] | None]] = deque(maxlen=LOOKS)

    def scatter(self) -> Floats:
        """Times by which variance has grown, (streams)."""
        squares, expected = (np.zeros(len(self._variances)) for _ in range(2))
        before, seen = np.zeros(self._variances.shape), np.zeros(self._variances.shape, bool)
        for scores, mask in self._looks:
            now = np.ones(seen.shape, bool) if mask is None else mask
            pairs = now & seen
            squares += np.einsum("rn,rn->r", (scores - before) ** 2, pairs)
            expected += 2 * np.einsum("rn,rn->r", self._variances, pairs)
            before, seen = np.where(now, scores, before), now | seen
        looks = len(self._looks)
        calm = (LOOKS - looks) / max(looks, 1) * expected
        grown = np.divide(squares + calm, expected + calm, out=np.ones(len(expected)), where=expected > 0)
        times: Floats = np.clip(grown, 1.0, MOST)
        return times

    def add(self, scores: Singles, mask: NDArray[np.bool_] | None) -> None:
        """One more look."""
        self._looks.append((scores.astype(np.float32), mask))


def simulate(world: World, *, streams: int, looks: int, rng: np.random.Generator, tags: bool = False) -> Runs:
    """So many looks after the baseline, of so many streams. ``tags``: also the concerned cases and the others apart."""
    cases = Cases(world, streams, rng)
    shared, own, own_pinned = (
        Weather(spread, world.correlation, world.shape, streams, rng) for spread in (world.shared, world.own, world.own)
    )
    concerned = (np.arange(world.cases) < round(world.concerned * world.cases)).astype(np.float64)
    columns = {"current": slice(None)}
    if tags:
        split = int(concerned.sum())
        columns |= {"concerned": slice(split), "others": slice(split, None)}
    rows: dict[str, list[tuple[Floats, ...]]] = {name: [] for name in (*columns, "pinned", "difference")}
    references: dict[str, Reference] = {}
    kept: list[tuple[Singles, Singles | None, NDArray[np.bool_] | None]] = []
    pinned: Control | None = None

    def summarise(scores: Singles, control: Singles | None, mask: NDArray[np.bool_] | None) -> None:
        for name, some in columns.items():
            part = None if mask is None else mask[:, some]
            rows[name].append(references[name].summary(scores[:, some], part))
        if control is not None:
            rows["pinned"].append(references["pinned"].summary(control, mask))
            x, variance, lost, n = references["difference"].summary(_apart(scores, control), mask)
            if pinned is not None:
                variance = variance * pinned.scatter()
                pinned.add(control, mask)
            rows["difference"].append((x, variance, lost, n))

    for t in range(world.baseline + looks):
        look, both = t - world.baseline, shared.next()
        wave = world.season * np.sin(2 * np.pi * t / world.period) if world.season else 0.0
        lost_by_both = world.both(look) / world.level if world.both and look >= 0 else 0.0
        lost = concerned * (world.drop(look) / world.level) if world.drop and look >= 0 else 0.0
        scores = cases.ask(_together(both, own.next(), wave, streams), 1 - (1 - lost_by_both) * (1 - lost))
        control = None
        if world.pinned:
            control = cases.ask(_together(both, own_pinned.next(), wave, streams), lost_by_both)
        mask = _mask(world, t, streams, rng)
        if look < 0:
            kept.append((scores, control, mask))
        else:
            summarise(scores, control, mask)
        if look == -1:
            current, controls, masks = (list(column) for column in zip(*kept, strict=True))
            for name, some in columns.items():
                parts = [None if m is None else m[:, some] for m in masks]
                references[name] = Reference([s[:, some] for s in current], parts, world.repeats)
            if world.pinned:
                references["pinned"] = Reference(controls, masks, world.repeats)
                apart = [_apart(s, c) for s, c in zip(current, controls, strict=True)]
                references["difference"] = Reference(apart, masks, world.repeats)
            for past in kept:
                summarise(*past)
            kept = []
            if world.pinned:
                pinned = Control(references["pinned"].variances)
    arms = {name: _arm(found, counted=name != "difference") for name, found in rows.items() if found}
    assert arms["current"].lost is not None
    return Runs(
        world=world,
        current=arms["current"],
        level=1 - arms["current"].lost / arms["current"].n,
        pinned=arms.get("pinned"),
        difference=arms.get("difference"),
        tags=(arms["concerned"], arms["others"]) if tags else None,
    )


def step(at: int, points: float, until: int | None = None) -> Drop:
    """A drop that comes at once and stays, or goes again."""
    return lambda look: points if at <= look and (until is None or look < until) else 0.0


def ramp(at: int, points: float, length: int) -> Drop:
    """A drop that grows over so many looks."""
    return lambda look: points * min(1.0, max(0, look - at + 1) / length)


def blips(every: int, length: int, points: float) -> Drop:
    """So many bad looks at the end of every period."""
    return lambda look: points if look % every >= every - length else 0.0


def _together(shared: Floats | None, own: Floats | None, wave: float, streams: int) -> Floats | None:
    if shared is None and own is None and not wave:
        return None
    effects = [np.full(streams, wave), *(effect for effect in (shared, own) if effect is not None)]
    return np.sum(effects, axis=0)


def _mask(world: World, run: int, streams: int, rng: np.random.Generator) -> NDArray[np.bool_] | None:
    if world.scored is not None:
        share = world.scored[run]
    elif world.partial:
        share = np.where(rng.random(streams) < world.partial, rng.uniform(0.2, 0.9, streams), 1.0)
    else:
        return None
    mask: NDArray[np.bool_] = rng.random((streams, world.cases), dtype=np.float32) < share[:, None]
    mask[:, 0] = True
    return mask


def _arm(rows: list[tuple[Floats, ...]], *, counted: bool) -> Arm:
    x, variance, lost, n = (np.array(column) for column in zip(*rows, strict=True))
    return Arm(x, variance, lost if counted else None, n)


def _added_up(scores: Singles) -> Floats:
    total: Floats = np.count_nonzero(scores, axis=1) if scores.dtype == bool else scores.sum(1, dtype=np.float64)
    return total.astype(np.float64, copy=False)


def _apart(scores: Singles, control: Singles) -> Singles:
    difference: Singles = scores.astype(np.float32) - control
    return difference


def _logistic(values: NDArray[np.floating]) -> Singles:
    result: Singles = expit(values).astype(np.float32, copy=False)
    return result
