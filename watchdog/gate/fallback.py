"""Would the fallback hold? A gate with the fallback as the candidate, against what the current target answers.

The current target's answers are those of the newest look where there is one: a verification costs half as much, and
can be made while the current target is down, which is when somebody wants to know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.app.build import App
from watchdog.domain.gate import GateReport, GateVerdict
from watchdog.domain.target import Role
from watchdog.domain.verification import FallbackVerdict, Verification
from watchdog.errors import NotMeasured, UsageError, WatchdogError
from watchdog.gate.candidate import Contender
from watchdog.gate.control import from_look
from watchdog.gate.gate import Gate, contest
from watchdog.gate.options import GateOptions, usual_options
from watchdog.pipeline.built import BuiltWatch
from watchdog.pipeline.measuring import Progress
from watchdog.text.log import Log

_log = Log(__name__)

#: Seconds that the look may be old whose answers stand for the current target's.
FRESH = 14 * 86400.0
#: Share of the fallback's calls that must fail for it to be out of order, whatever its answers are like.
_BROKEN = 0.5
#: Calls from which that can be said.
_LEAST_CALLS = 3


def judged(report: GateReport) -> tuple[FallbackVerdict, tuple[str, ...]]:
    """The verdict on the fallback, and why. Pure."""
    fallback = report.candidate
    if fallback.calls >= _LEAST_CALLS and fallback.errors > _BROKEN * fallback.calls:
        failed = f"{fallback.model} of {fallback.provider} failed in {fallback.errors} of {fallback.calls} calls"
        return FallbackVerdict.DOES_NOT_HOLD, (failed,)
    if report.verdict is GateVerdict.PASS:
        return FallbackVerdict.HOLDS, (f"worse by less than {100 * report.margin:g} points on every metric",)
    if report.verdict is GateVerdict.REGRESSION:
        return FallbackVerdict.DOES_NOT_HOLD, report.reasons
    return FallbackVerdict.CANNOT_TELL, report.reasons


async def verify_fallback(
    app: App,
    name: str,
    *,
    drop: float | None = None,
    stop: asyncio.Event | None = None,
    progress: Progress | None = None,
) -> tuple[Verification, GateReport] | None:
    """Ask the fallback the golden set, compare, and remember the verdict; None when it was stopped on the way.

    ``drop``: what is acceptable while the fallback answers, in score units; the watch's ``fallback_drop`` if None.

    Raises:
        UsageError: the watch has no fallback.
    """
    watch = app.watch(name)
    if Role.FALLBACK not in watch.targets:
        raise UsageError(f"{name} has no fallback target; add 'fallback:' to it, with what production fails over to")
    current, fallback = watch.targets[Role.CURRENT], watch.targets[Role.FALLBACK]
    built = contest(
        app, name, Contender(target=current, source="current"), Contender(target=fallback, source="fallback")
    )
    arms = {
        Role.CURRENT: Contender(target=current, source="current"),
        Role.CANDIDATE: Contender(target=fallback, source="fallback"),
    }
    options = replace(usual_options(watch), margin=drop or watch.fallback_drop)
    options = await asyncio.to_thread(_from_look_if_any, app, built, options)
    report = await Gate(app, built, arms, options, stop=stop, progress=progress).hold()
    if report is None:
        return None
    verdict, reasons = judged(report)
    verification = Verification(
        id=report.id, watch=name, at=report.at, verdict=verdict, target=fallback.digest, reasons=reasons
    )

    def write() -> None:
        with app.store.begin() as session:
            session.verifications.save(verification)

    await asyncio.to_thread(write)
    return verification, report


async def verify_fallbacks(app: App, names: Iterable[str], stop: asyncio.Event) -> None:
    """Verify one after the other; what goes wrong with one is logged and keeps no other from its turn."""
    for name in names:
        if stop.is_set():
            return
        try:
            await verify_fallback(app, name, stop=stop)
        except WatchdogError as error:
            _log.warning("a fallback was not verified", action="verify-failed", watch=name, error=str(error))


def _from_look_if_any(app: App, built: BuiltWatch, options: GateOptions) -> GateOptions:
    try:
        from_look(app, built, app.clock.now() - FRESH)
    except NotMeasured:
        return options
    return replace(options, baseline_from_look=FRESH)
