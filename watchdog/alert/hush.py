"""May an alert be told now, or is it silenced? A pure decision with a named reason, for each channel by itself.

What begins under a silence is held back; what lasts is told when the silence is over; what is over by then is told to
nobody. An end is told whatever is silent: it wakes nobody, and a page that stayed open would go on escalating.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.silence import Silence, SilenceKind


class Hush(StrEnum):
    """Why an alert may leave, or may not."""

    FREE = "no silence is about it"
    END = "an end is told whatever is silent"
    TOLD = "it was told before it was silenced"
    ACKNOWLEDGED = "somebody is at it: it is not told again"
    AFTERWARDS = "it was held back by a silence, and lasts"
    SILENCED = "silenced"
    MAINTENANCE = "in a maintenance window"
    NEVER = "it was over before its silence was: nobody was told, nobody is"


_HELD = frozenset({Hush.SILENCED, Hush.MAINTENANCE})


class Verdict(Struct, frozen=True, kw_only=True):
    """What is done about one alert on one channel."""

    reason: Hush
    #: The silence that holds it back, or did; the one that ends last.
    silence: Silence | None = None

    @property
    def leaves(self) -> bool:
        """Whether it may be told now."""
        return self.reason not in _HELD and self.reason not in {Hush.NEVER, Hush.ACKNOWLEDGED}

    @property
    def held(self) -> bool:
        """Whether it waits for the end of a silence."""
        return self.reason in _HELD


def hush(
    alert: Alert,
    silences: Iterable[Silence],
    now: float,
    *,
    decided_at: float,
    over: bool = False,
    told: bool = False,
    acknowledged: bool = False,
    channel: str = "",
) -> Verdict:
    """Whether an alert may be told at Unix time ``now``.

    Args:
        alert: as it was when ``decided_at`` it was decided that somebody is told.
        silences: those that may matter, whatever they are about.
        now: Unix time.
        decided_at: Unix time.
        over: whether the episode has ended since.
        told: whether the channel knows of it already.
        acknowledged: whether somebody is at it, who would now be told once more.
        channel: silences that were read from it are its own business.
    """
    if alert.state is AlertState.RESOLVED:
        return Verdict(reason=Hush.END)
    if acknowledged:
        return Verdict(reason=Hush.ACKNOWLEDGED)
    silence = standing(alert, (s for s in silences if not s.source or s.source != channel), decided_at, now)
    if silence is None:
        return Verdict(reason=Hush.FREE)
    if told:
        return Verdict(reason=Hush.TOLD, silence=silence)
    if over:
        return Verdict(reason=Hush.NEVER, silence=silence)
    if not silence.holds(now):
        return Verdict(reason=Hush.AFTERWARDS, silence=silence)
    reason = Hush.MAINTENANCE if silence.kind is SilenceKind.MAINTENANCE else Hush.SILENCED
    return Verdict(reason=reason, silence=silence)


def standing(alert: Alert, silences: Iterable[Silence], first: float, last: float) -> Silence | None:
    """The silence about an alert that held at any time from ``first`` to ``last``; of several the one that ends last.

    Unix times; with ``first`` = ``last`` = now, what silences it now.
    """
    mine = [silence for silence in silences if silence.held_between(first, last) and silence.takes(alert.matched)]
    return max(mine, key=lambda silence: (silence.ends_at, silence.id), default=None)
