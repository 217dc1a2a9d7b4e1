"""What the detectors of other kinds of metrics promise, counted: python benchmarks/kinds.py [NAME...] [--scale S].

Every function is one table row: seeded, a number of repetitions in proportion to ``scale``, counts in a dict. The
tests in tests/statistical/test_kinds.py hold the promises at scale 1; docs/statistics.md quotes a larger scale.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
from scipy.special import betaincinv, gammaincinv

from watchdog.stats import burn, rare, season
from watchdog.stats.betting import NOTHING, evidence
from watchdog.stats.betting import update as bet
from watchdog.stats.evalues import changed, e_bh
from watchdog.stats.logratio import CUT
from watchdog.stats.panel import PredictivePanel
from watchdog.stats.ppi import mean_with_judge

A = 87_600.0
YEAR = 8760


def share(hits: int, trials: int) -> list[float]:
    """A share with its exact 95 % interval."""
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, 0.025))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 0.975))
    return [hits / trials, low, high]


def rate(alarms: int, years: float) -> list[float]:
    """Alarms a year with the exact 95 % interval of a Poisson count."""
    low = 0.0 if alarms == 0 else float(gammaincinv(alarms, 0.025))
    return [alarms / years, low / years, float(gammaincinv(alarms + 1, 0.975)) / years]


def delays(first: np.ndarray, looks: int) -> dict[str, float]:
    """Median and 90 % point of the looks to the first alarm (0: none), and the share that was found."""
    found = np.where(first == 0, looks + 1, first)
    return {
        "median": float(np.median(found)),
        "p90": float(np.quantile(found, 0.9)),
        "found": float(np.mean(first > 0)),
    }


# -- latency, length, cost ---------------------------------------------------------------------------------------------


def _answers(rng: np.random.Generator, base: np.ndarray, weather: np.ndarray, tail: float) -> np.ndarray:
    """Logarithms of (streams, cases) latencies: lognormal, one in fifty with a Pareto tail on top."""
    values = base + weather[:, None] + rng.normal(0, 0.35, base.shape)
    hanging = rng.random(base.shape) < 0.02
    return values + hanging * rng.exponential(1 / tail, base.shape)  # log of a Pareto variable of that index


def _log_ratio_streams(
    rng: np.random.Generator, *, streams: int, looks: int, baseline: int, rise: float = 0.0, after: int = 0
) -> tuple[int, np.ndarray]:
    """Alarms, and looks from the rise to the first one, of pSR on cut log-ratios; 40 cases, weather AR(.6) of 5 %."""
    base = rng.normal(0, 0.8, (streams, 40))
    weather = np.zeros(streams)

    def look(extra: float) -> np.ndarray:
        nonlocal weather
        weather = 0.6 * weather + 0.8 * rng.normal(0, 0.05, streams)
        return _answers(rng, base, weather, 1.2) + extra

    first = np.array([look(0.0) for _ in range(baseline)])
    medians = np.median(first, axis=0)
    cut = np.clip(first - medians, -CUT, CUT)
    variance = cut.var(0, ddof=1).sum(1) / base.shape[1] ** 2
    panel = PredictivePanel(
        -cut.mean(2), np.broadcast_to(variance, (baseline, streams)), mean_runs=A, smallest_drop=np.log(1.15), keen=True
    )
    alarms, found = 0, np.zeros(streams, int)
    for t in range(looks):
        z = np.clip(look(np.log1p(rise) if t >= after else 0.0) - medians, -CUT, CUT)
        rang = panel.update(-z.mean(1), variance, rng.random(streams)) >= A
        alarms += int(rang.sum())
        if t >= after:
            found = np.where((found == 0) & rang, t - after + 1, found)
        panel.restart(rang)
    return alarms, found


def latency_false_alarms(scale: float = 1.0, baseline: int = 20) -> dict[str, object]:
    """One year of hourly looks each; the smallest rise that matters, which also has to be reached, is left out."""
    streams = int(30 * scale)
    alarms, _ = _log_ratio_streams(
        np.random.default_rng(7001 + baseline), streams=streams, looks=YEAR, baseline=baseline
    )
    return {"years": streams, "baseline": baseline, "alarms": alarms, "a year": rate(alarms, streams)}


def latency_delay(scale: float = 1.0, rise: float = 0.2, baseline: int = 20) -> dict[str, object]:
    """All answers take longer from the thirtieth look on."""
    streams = int(200 * scale)
    rng = np.random.default_rng(7002)
    _, found = _log_ratio_streams(rng, streams=streams, looks=330, baseline=baseline, rise=rise, after=30)
    return {"streams": streams, "rise": rise, **delays(found, 300)}


# -- rare failures -----------------------------------------------------------------------------------------------------


def rare_false_alarms(scale: float = 1.0, mean_runs: float = 100.0) -> dict[str, object]:
    """Mean looks to a false alarm at a small A: at the limit itself, and at the true rate of 20 looks of 100."""
    lives = int(200 * scale)
    rng = np.random.default_rng(7101)
    found: dict[str, object] = {"A": mean_runs, "lives": lives}
    for name in ("at the limit", "behind a baseline"):
        total = alarms = 0
        for _ in range(lives):
            state = rare.start(int(rng.binomial(2000, 0.002)), 2000)
            true = state.rate if name == "at the limit" else 0.002
            for k in rng.binomial(100, true, int(5 * mean_runs)):
                total += 1
                state = rare.update(state, int(k), 100)
                if state.evidence >= mean_runs:
                    alarms += 1
                    break
        found[name] = {"alarms": alarms, "looks for each": total / max(alarms, 1)}
    return found


def rare_delay(scale: float = 1.0, factor: float = 5.0, failing: float = 0.002, looks: int = 20) -> dict[str, object]:
    """Looks of 100 answers to an alarm at A, after the failure rate rose; pSR on the same streams beside it."""
    lives = int(150 * scale)
    rng = np.random.default_rng(7102)
    before = rng.binomial(100, failing, (looks, lives))
    after = rng.binomial(100, min(1.0, factor * failing), (1000, lives))
    first = np.zeros(lives, int)
    for life in range(lives):
        state = rare.start(int(before[:, life].sum()), 100 * looks)
        for t, k in enumerate(after[:, life].tolist(), start=1):
            state = rare.update(state, k, 100)
            if state.evidence >= A:
                first[life] = t
                break
    variance = np.full(lives, failing * (1 - failing) / 100)
    counted = np.full((looks, lives), 100)
    sampling = np.broadcast_to(variance, before.shape)
    panel = PredictivePanel(-before / 100, sampling, before, counted, mean_runs=A, smallest_drop=0.001, keen=True)
    second = np.zeros(lives, int)
    for t, k in enumerate(after, start=1):
        rang = panel.update(-k / 100, variance, rng.random(lives), lost=k, n=np.full(lives, 100)) >= A
        second = np.where((second == 0) & rang, t, second)
    return {"factor": factor, "baseline looks": looks, "e-detector": delays(first, 1000), "pSR": delays(second, 1000)}


# -- burn rates --------------------------------------------------------------------------------------------------------


def burn_false_alarms(scale: float = 1.0, bad: float = 0.02, noise: float = 0.3) -> dict[str, object]:
    """Episodes in a year of hourly looks of 50 answers while the objective of 97 % is kept; weather sd on the logit."""
    years = max(2, int(4 * scale))
    rng = np.random.default_rng(7201)
    episodes = looks_burning = 0
    for _ in range(years):
        weather = np.zeros(YEAR)
        for t in range(1, YEAR):
            weather[t] = 0.6 * weather[t - 1] + 0.8 * rng.normal(0, noise)
        logit = np.log(bad / (1 - bad)) + weather
        k = rng.binomial(50, 1 / (1 + np.exp(-logit)))
        was = False
        for t in range(6, YEAR):
            part = slice(max(0, t - 336), t)
            now = burn.burning(k[part].tolist(), [50] * (t - part.start), 0.97) is not None
            episodes += now and not was
            looks_burning += now
            was = now
    return {"years": years, "bad": bad, "a year": rate(episodes, years), "share of looks": looks_burning / years / YEAR}


def burn_delay(scale: float = 1.0, bad: float = 0.2) -> dict[str, object]:
    """Looks of 50 answers until a window burns, after two good weeks of 2 % bad answers."""
    lives = int(100 * scale)
    rng = np.random.default_rng(7202)
    first = np.zeros(lives, int)
    for life in range(lives):
        k = np.concatenate((rng.binomial(50, 0.02, 336), rng.binomial(50, bad, 400)))
        for t in range(1, 401):
            if burn.burning(k[t : 336 + t].tolist(), [50] * 336, 0.97) is not None:
                first[life] = t
                break
    return {"bad": bad, **delays(first, 400)}


# -- cases -------------------------------------------------------------------------------------------------------------

DIFFICULTIES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "most always pass": lambda rng, n: np.clip(rng.beta(1.8, 0.2, n), 1e-3, 1 - 1e-3),
    "all alike, .9": lambda _rng, n: np.full(n, 0.9),
    "nine sure, one coin": lambda _rng, n: np.where(np.arange(n) % 10, 0.999, 0.5),
    "two sure, one at .8": lambda _rng, n: np.where(np.arange(n) % 3, 0.999, 0.8),
}


def cases(scale: float = 1.0, kind: str = "most always pass", count: int = 100, baseline: int = 8) -> dict[str, object]:
    """Wrong picks among cases of which five began to fail nine times in ten, six looks ago; weather .3 on the logit."""
    worlds = int(100 * scale)
    rng = np.random.default_rng(7301)
    wrong, hits, nothing = [], 0, 0
    for _ in range(worlds):
        chance = DIFFICULTIES[kind](rng, count)
        logit = np.log(chance / (1 - chance)) + rng.normal(0, 0.3, baseline + 30)[:, None]
        passed = (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(float)
        means, answers = passed[:baseline].mean(0), np.full(count, baseline)
        nothing += not e_bh(changed(means, answers, passed[baseline:]).e_value.tolist())
        moved = rng.permutation(np.flatnonzero(chance > 0.6))[:5]
        passed[-6:, moved] = rng.random((6, len(moved))) < 0.1
        picks = set(e_bh(changed(means, answers, passed[baseline:]).e_value.tolist()))
        wrong.append(len(picks - set(moved.tolist())) / max(len(picks), 1))
        hits += len(picks & set(moved.tolist()))
    return {
        "worlds": worlds,
        "kind": kind,
        "baseline": baseline,
        "wrong share": [float(np.mean(wrong)), float(1.96 * np.std(wrong) / np.sqrt(worlds))],
        "found": hits / (5 * worlds),
        "picks where nothing moved": share(worlds - nothing, worlds),
    }


# -- time of day and of week -------------------------------------------------------------------------------------------


def _wave(hours: np.ndarray) -> np.ndarray:
    """A working day: office hours are harder by some points, weekends easier."""
    day, week = hours % 24, hours % 168
    return np.where((day >= 9) & (day < 17) & (week < 120), -0.05, 0.0) + 0.02 * np.sin(2 * np.pi * hours / 168)


def _seasonal(
    scale: float, *, looks: int, drop: float, weeks: int, fitted: bool, seed: int
) -> tuple[int, int, np.ndarray]:
    """Streams, alarms and looks to the first; 50 new inputs a look at .85, sd of a look .05."""
    streams = max(4, int(20 * scale))
    rng = np.random.default_rng(seed)
    runs = weeks * 168
    hours = np.arange(runs + looks)
    x = 0.85 + _wave(hours)[:, None] + rng.normal(0, 0.05, (len(hours), streams))
    x[runs:] -= drop
    if fitted:
        for stream in range(streams):
            found = season.fit((hours[:runs] * 3600.0).tolist(), x[:runs, stream].tolist())
            week = np.array([found.at(hour * 3600.0) for hour in range(168)])
            x[:, stream] -= week[hours % 168]
    variance = np.full(streams, 0.05**2)
    panel = PredictivePanel(x[:runs], np.broadcast_to(variance, (runs, streams)), mean_runs=A, keen=True)
    alarms, first = 0, np.zeros(streams, int)
    for t in range(looks):
        rang = panel.update(x[runs + t], variance, rng.random(streams)) >= A
        first = np.where((first == 0) & rang, t + 1, first)
        alarms += int(rang.sum())
        panel.restart(rang)
    return streams, alarms, first


def season_false_alarms(scale: float = 1.0, *, fitted: bool = True, weeks: int = 4) -> dict[str, object]:
    """A year of hourly looks at traffic with a working day in it."""
    streams, alarms, _ = _seasonal(scale, looks=YEAR, drop=0.0, weeks=weeks, fitted=fitted, seed=7401)
    return {"years": streams, "weeks": weeks, "fitted": fitted, "a year": rate(alarms, streams)}


def season_delay(scale: float = 1.0, *, fitted: bool = True, drop: float = 0.05) -> dict[str, object]:
    """Looks until a drop is found."""
    _, _, first = _seasonal(10 * scale, looks=300, drop=drop, weeks=4, fitted=fitted, seed=7402)
    return {"drop": drop, "fitted": fitted, **delays(first, 300)}


# -- the rest ----------------------------------------------------------------------------------------------------------


def ppi(scale: float = 1.0, labels: int = 60) -> dict[str, object]:
    """Coverage of the 90 % interval of a mean of .7, with a judge that is biased by some points."""
    rounds = int(1000 * scale)
    rng = np.random.default_rng(7501)
    covered, width, alone = 0, 0.0, 0.0
    for _ in range(rounds):
        truth = (rng.random(1500) < 0.7).astype(float)
        judge = np.clip(0.2 + 0.65 * truth + rng.normal(0, 0.2, 1500), 0, 1)
        found = mean_with_judge(truth[:labels], judge[:labels], judge[labels:])
        covered += found.low <= 0.7 <= found.high
        width += found.high - found.low
        alone += 2 * 1.645 * truth[:labels].std(ddof=1) / np.sqrt(labels)
    return {"labels": labels, "coverage": share(covered, rounds), "width to that of the labels alone": width / alone}


def second_opinion(scale: float = 1.0, mean_runs: float = 100.0) -> dict[str, object]:
    """Betting current against pinned under weather that both share: looks for each false alarm at a small A."""
    looks = int(6000 * scale)
    rng, sums, alarms = np.random.default_rng(7601), NOTHING, 0
    for _ in range(looks):
        chance = np.clip(rng.beta(1.8, 0.2, 60) + rng.normal(0, 0.1), 0, 1)
        current, pinned = (rng.random((2, 60)) < chance).astype(float)
        sums = bet(sums, current, pinned)
        if evidence(sums) >= mean_runs:
            alarms, sums = alarms + 1, NOTHING
    return {"A": mean_runs, "alarms": alarms, "looks for each": looks / max(alarms, 1)}


ROWS: dict[str, Callable[[float], dict[str, object]]] = {
    "latency, false alarms, baseline 8": lambda scale: latency_false_alarms(scale, 8),
    "latency, false alarms, baseline 20": latency_false_alarms,
    "latency, +20 %": latency_delay,
    "latency, +20 %, baseline 8": lambda scale: latency_delay(scale, 0.2, 8),
    "latency, +50 %": lambda scale: latency_delay(scale, 0.5),
    "rare, false alarms": rare_false_alarms,
    "rare, x5, baseline 20": rare_delay,
    "rare, x20, baseline 20": lambda scale: rare_delay(scale, 20.0),
    "rare, x5, baseline 100": lambda scale: rare_delay(scale, 5.0, looks=100),
    "burn, objective kept, 2 % bad": burn_false_alarms,
    "burn, objective just kept, 3 % bad": lambda scale: burn_false_alarms(scale, 0.03, 0.0),
    "burn, 20 % bad": burn_delay,
    "burn, 8 % bad": lambda scale: burn_delay(scale, 0.08),
    "burn, 5 % bad": lambda scale: burn_delay(scale, 0.05),
    **{
        f"cases, {kind}, baseline {runs}": (lambda scale, kind=kind, runs=runs: cases(scale, kind, 100, runs))
        for kind in DIFFICULTIES
        for runs in (8, 20)
    },
    "season, false alarms": season_false_alarms,
    "season, false alarms, left in": lambda scale: season_false_alarms(scale, fitted=False),
    "season, 5 points": season_delay,
    "season, 5 points, left in": lambda scale: season_delay(scale, fitted=False),
    "ppi": ppi,
    "second opinion": second_opinion,
}


def main() -> None:
    """Print the rows that were asked for, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"beginnings of: {'; '.join(ROWS)}")
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    for name, row in ROWS.items():
        if not given.rows or any(name.startswith(wanted) for wanted in given.rows):
            begun = time.monotonic()
            found = row(given.scale)
            print(json.dumps({"row": name, **found, "seconds": round(time.monotonic() - begun, 1)}), flush=True)


if __name__ == "__main__":
    main()
