"""What happens in the quarter: three real incidents, two outages, a provider that flaps, deploys, a judge's upgrade.

Times are looks (hours) since the beginning; everything is fixed but which watches are deployed to when.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from watchdog.domain.run import Change
from watchdog.domain.target import Role

DAY = 24
LOOKS = 90 * DAY
WATCHES = 20
CHECKS = ("check-0", "check-1", "check-2", "format", "not-refusal")
JUDGED = ("helpfulness", "faithfulness")
LATENCY = "answer-latency"
#: Watches of each provider.
PROVIDERS = {"north": range(10), "south": range(10, 17), "east": range(17, 20)}
#: Share of the calls that fail while a provider is down.
FAILING = 0.85


class Event(Struct, frozen=True, kw_only=True):
    """Something that somebody must be told of."""

    name: str
    begin: int
    end: int
    watches: frozenset[int]
    #: Metrics that drop, by so many points; none for an outage.
    metrics: tuple[str, ...] = ()
    points: float = 0.0
    #: Whether the pinned target drops as well.
    shared: bool = False
    provider: str = ""
    #: Looks at which the provider fails.
    down: frozenset[int] = frozenset()
    change: str = ""


def _outage(name: str, provider: str, begin: int, looks: int) -> Event:
    return Event(
        name=name,
        begin=begin,
        end=begin + looks,
        watches=frozenset(PROVIDERS[provider]),
        provider=provider,
        down=frozenset(range(begin, begin + looks)),
    )


#: Down for two looks, up for one, and so on for a day.
_FLAPS = frozenset(52 * DAY + look for look in range(DAY) if look % 3 < 2)

EVENTS = (
    Event(
        name="a prompt change costs one feature 8 points on three checks for two days",
        begin=20 * DAY + 9,
        end=22 * DAY + 9,
        watches=frozenset({3}),
        metrics=CHECKS[:3],
        points=0.08,
        change="prompt",
    ),
    Event(
        name="a provider silently changes one feature's model: 6 points on all checks for three days",
        begin=45 * DAY + 3,
        end=48 * DAY + 3,
        watches=frozenset({12}),
        metrics=CHECKS,
        points=0.06,
    ),
    Event(
        name="a provider's fleet degrades: 5 points on every score of ten features, both targets, for two days",
        begin=70 * DAY + 14,
        end=72 * DAY + 14,
        watches=frozenset(PROVIDERS["north"]),
        metrics=(*CHECKS, *JUDGED),
        points=0.05,
        shared=True,
        provider="north",
    ),
    _outage("an outage of three hours of a provider of seven features", "south", 30 * DAY + 11, 3),
    _outage("an outage of five hours of a provider of ten features", "north", 60 * DAY + 2, 5),
    Event(
        name="a provider of three features flaps for a day (two hours down, one up)",
        begin=min(_FLAPS),
        end=max(_FLAPS) + 1,
        watches=frozenset(PROVIDERS["east"]),
        provider="east",
        down=_FLAPS,
    ),
)

#: The judge of all watches is upgraded: from then on it marks everything down, its anchors too. Nobody's incident.
JUDGE_AT, JUDGE_DROP = 38 * DAY + 12, 0.04
DEPLOYS = 40


class Story(Struct, frozen=True):
    """The events, and deploys that do no harm."""

    deploys: dict[int, list[Change]]

    @classmethod
    def told(cls, rng: np.random.Generator) -> Story:
        """Which watch each harmless deploy hits, and when, is left to chance."""
        deploys: dict[int, list[Change]] = {}
        watches, looks = rng.integers(0, WATCHES, DEPLOYS), np.sort(rng.integers(0, LOOKS, DEPLOYS))
        for number, (watch, look) in enumerate(zip(watches, looks, strict=True)):
            deploys.setdefault(int(watch), []).append(_prompt(f"v{number}", f"v{number + 1}", int(look)))
        for event in EVENTS:
            if event.change:
                (watch,) = event.watches
                deploys.setdefault(watch, []).append(_prompt("good", "bad", event.begin))
        return cls(deploys)

    def changes(self, watch: int, look: int) -> list[Change]:
        """Changes of a watch that are known by then."""
        return [change for change in self.deploys.get(watch, ()) if change.at <= look * 3600.0]

    def down(self, look: int) -> set[str]:
        """Providers that fail at a look."""
        return {event.provider for event in EVENTS if look in event.down}


def provider_of(watch: int) -> str:
    """Who serves a watch."""
    return next(name for name, served in PROVIDERS.items() if watch in served)


def lost(name: str, look: int, *, shared: bool) -> np.ndarray:
    """Points that each watch loses on a metric; ``shared``: on both targets."""
    points = np.zeros((WATCHES, 1))
    for event in EVENTS:
        if event.shared is shared and name in event.metrics and event.begin <= look < event.end:
            points[sorted(event.watches)] = event.points
    if shared and name in JUDGED and look >= JUDGE_AT:
        points = np.maximum(points, JUDGE_DROP)
    return points


def _prompt(before: str, after: str, look: int) -> Change:
    return Change(what="prompt", role=Role.CURRENT, before=before, after=after, at=look * 3600.0)
