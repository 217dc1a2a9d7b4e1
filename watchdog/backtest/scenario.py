"""What is done to a resampled history: drops, ramps, blips and a judge that moves."""

from __future__ import annotations

import zlib
from enum import StrEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from watchdog.backtest.history import Floats
from watchdog.backtest.pool import Pool

#: Looks after the baseline within which something happens, at random.
LEAD = 150
#: Looks within which it has to be found.
HORIZON = 300
#: Random numbers drawn at once.
_AT_ONCE = 4_000_000


class Kind(StrEnum):
    """What happens."""

    DROP = "drop"
    TAG = "tag"
    RAMP = "ramp"
    BLIP = "blip"
    JUDGE = "judge"


class Scenario(Struct, frozen=True, kw_only=True):
    """A share of the answers is broken from a random look on."""

    kind: Kind
    #: How far the mean score falls, at its lowest; of the cases of ``tag`` where there is one.
    drop: float
    #: Looks until a ramp is at its lowest, or that a blip lasts.
    looks: int = 0
    tag: str = ""

    def __str__(self) -> str:
        size = f"−{100 * self.drop:g} points"
        if self.kind is Kind.TAG:
            return f"{size} in {self.tag}"
        if self.kind is Kind.RAMP:
            return f"{size} over {self.looks} looks"
        if self.kind is Kind.BLIP:
            return f"{size} for {self.looks} look{'s' if self.looks > 1 else ''}"
        return f"judge {size}" if self.kind is Kind.JUDGE else size

    def strength(self, since: NDArray[np.int64]) -> Floats:
        """Share of the full drop, so many looks after its start (0 at the first bad look; negative before it)."""
        begun = since >= 0
        if self.kind is Kind.RAMP:
            return np.where(begun, np.minimum((since + 1) / self.looks, 1.0), 0.0)
        if self.kind is Kind.BLIP:
            begun &= since < self.looks
        return begun.astype(float)


class Streams(Struct, frozen=True, eq=False, kw_only=True):
    """Resampled histories of one metric. Arrays are (runs, streams), the baseline's runs first."""

    x: Floats
    variance: Floats
    n: Floats
    lost: Floats | None
    u: Floats
    #: Row of the first look that is not as it was, of each stream.
    onset: NDArray[np.int64]


def seeded(seed: int, *names: object) -> np.random.Generator:
    """Random numbers that belong to these names."""
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])


def resampled(pool: Pool, rng: np.random.Generator, looks: int, streams: int) -> tuple[Streams, NDArray[np.int64]]:
    """Calm histories of a baseline and so many looks; and which look of the pool each of their runs is."""
    drawn = pool.draw(rng, pool.baseline_runs + looks, streams)
    source, known = pool.looks[drawn], pool.history
    made = Streams(
        x=known.x[source],
        variance=known.variance[source],
        n=known.n[source],
        lost=None if known.lost is None else known.lost[source],
        u=rng.random(drawn.shape),
        onset=np.full(streams, len(drawn)),
    )
    return made, drawn


def chance_of(pool: Pool, scenario: Scenario, hit: NDArray[np.bool_]) -> float | None:
    """Chance with which an answer of the cases ``hit`` must break for the full drop; None when it cannot be."""
    among = pool.breakable[:, hit].sum(1)
    drop = scenario.drop
    if scenario.tag:  # the drop is that of the tag's own mean, of which these cases are only a share
        share = pool.shares[:, hit].sum(1).mean()
        drop *= float(share)
    level = float(among.mean()) if hit.any() else 0.0
    return drop / level if 0 < drop <= level else None


def injected(
    pool: Pool,
    scenario: Scenario,
    rng: np.random.Generator,
    *,
    chance: float,
    hit: NDArray[np.bool_],
    streams: int,
    repeats: int,
) -> Streams:
    """Resampled histories in which, from a random look on, each answer of the cases ``hit`` breaks by ``chance``.

    ``repeats``: answers of a case and look, each of which is broken by itself. The same random numbers break the same
    answers in another arm's pool of the same looks.
    """
    made, drawn = resampled(pool, rng, LEAD + HORIZON, streams)
    onset = pool.baseline_runs + rng.integers(0, LEAD, streams)
    strength = scenario.strength(np.arange(len(drawn))[:, None] - onset)
    rows, members = np.nonzero(strength)
    chances = chance * strength[rows, members]
    loss = np.empty(len(rows))
    breakable = np.ascontiguousarray(pool.breakable[:, hit])
    step = max(1, _AT_ONCE // max(1, breakable.shape[1] * repeats))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        broken = _broken(rng, chances[part], breakable.shape[1], repeats)
        loss[part] = np.einsum("ij,ij->i", breakable[drawn[rows[part], members[part]]], broken)
    x, lost = made.x.copy(), None if made.lost is None else made.lost.copy()
    x[rows, members] -= loss
    if lost is not None:
        lost[rows, members] += loss * made.n[rows, members]
    return Streams(x=x, variance=made.variance, n=made.n, lost=lost, u=made.u, onset=onset)


def _broken(rng: np.random.Generator, chances: Floats, cases: int, repeats: int) -> NDArray[np.float32]:
    """Share of the answers of each case that break, (looks, cases)."""
    dice = rng.random((len(chances), cases, repeats), dtype=np.float32) < chances[:, None, None]
    share: NDArray[np.float32] = dice.mean(2, dtype=np.float32)
    return share
