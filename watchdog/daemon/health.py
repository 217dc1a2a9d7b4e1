"""Is the daemon doing its work? Pure: named troubles from what is known now. Silence never looks like health."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from watchdog.domain.run import RunStatus


class Looked(Struct, frozen=True, kw_only=True):
    """A look that came to an end, well or not."""

    watch: str
    status: RunStatus
    #: Seconds it took, and Unix time of its end.
    seconds: float
    ended_at: float
    #: Why it did not finish; empty when it did.
    error: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """How the looks of one watch stand. All times are Unix seconds."""

    watch: str
    #: When the next look is planned.
    next_look: float
    #: By when a look must have finished: two planned times after the last one that did (or after the start).
    overdue_at: float
    #: Since when a look is under way; None when there is none.
    looking_since: float | None = None
    #: Seconds by which the newest look began after its planned time; None before the first.
    lag: float | None = None
    last: Looked | None = None


class Trouble(Struct, frozen=True, kw_only=True):
    """One reason why the daemon is not ready."""

    #: ``daemon``, ``scheduler``, ``store`` or ``watch NAME``.
    part: str
    reason: str

    def __str__(self) -> str:
        return f"{self.part}: {self.reason}"


def troubles(
    *, phase: str, scheduling: bool, store_error: str | None, standings: Iterable[Standing], now: float
) -> list[Trouble]:
    """What keeps the daemon from being ready; empty when nothing does.

    ``phase`` is empty while the daemon runs, else what it does instead (``starting``, ``stopping``).
    """
    found = [Trouble(part="daemon", reason=phase)] if phase else []
    if not phase and not scheduling:
        found.append(Trouble(part="scheduler", reason="not running"))
    if store_error is not None:
        found.append(Trouble(part="store", reason=store_error))
    return found + [late for standing in standings for late in _late(standing, now)]


def _late(standing: Standing, now: float) -> list[Trouble]:
    if now < standing.overdue_at:
        return []
    late = now - standing.overdue_at
    reason = f"no look has finished in time (overdue for {late:.0f} s)"
    if standing.looking_since is not None:
        reason += f"; one is under way for {now - standing.looking_since:.0f} s"
    if standing.last is not None and standing.last.error:
        reason += f"; the last one: {standing.last.error}"
    return [Trouble(part=f"watch {standing.watch}", reason=reason)]
