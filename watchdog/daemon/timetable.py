"""When a watch looks. Time itself is passed in; the scheduler is handed the same trigger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from watchdog.domain.watch import Schedule
from watchdog.errors import UsageError
from watchdog.text.cron import cron_fields

#: The smallest step of time that the scheduler knows.
_INSTANT = timedelta(microseconds=1)


def moment(seconds: float) -> datetime:
    """Unix time as the scheduler wants it."""
    return datetime.fromtimestamp(seconds, tz=UTC)


class Timetable:
    """The planned times of one watch.

    Raises:
        UsageError: the cron line or the time zone is not understood, or its time never comes.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._every = schedule.every
        #: What the scheduler goes by. The random delay is not its business: it would add up from look to look.
        self.trigger: Any = None
        if schedule.cron is not None:
            self.trigger = _cron(schedule.cron, schedule.timezone)
        elif schedule.every is not None and schedule.every > 0:
            self.trigger = IntervalTrigger(seconds=schedule.every, timezone=UTC)
        else:
            raise UsageError("a schedule needs an interval above 0 s, or a cron line")

    def after(self, time: float) -> float:
        """The first planned time after ``time``; of an interval, ``time`` itself being one."""
        if self._every is not None and self.schedule.cron is None:
            return time + self._every
        # No earlier time is named to the trigger: in the hour that comes twice it would take that one for its own next.
        upcoming = self.trigger.get_next_fire_time(None, moment(time) + _INSTANT)
        if upcoming is None:
            raise UsageError(f"the time of {str(self.schedule)!r} never comes")
        return float(upcoming.timestamp())

    def first(self, last: float | None, now: float) -> float:
        """When to look first after a start.

        An interval goes on counting from the ``last`` planned look, so that a daemon which is restarted often still
        looks; without one it begins at once. A cron line waits for its time.
        """
        if self.schedule.cron is not None:
            return self.after(now)
        # A look "in the future" is one of a clock that was wrong then.
        return now if last is None else max(now, self.after(min(last, now)))

    def between(self, start: float, end: float, limit: int) -> list[float]:
        """Planned times after ``start`` up to ``end``; only the oldest ``limit``."""

        def times() -> Any:
            time = self.after(start)
            while time <= end:
                yield time
                time = self.after(time)

        return list(islice(times(), limit))


def _cron(line: str, timezone: str) -> Any:
    try:
        return CronTrigger(**cron_fields(line), timezone=ZoneInfo(timezone))
    except ZoneInfoNotFoundError as error:
        raise UsageError(f"there is no time zone {timezone!r}; write one like Europe/Berlin") from error
    except ValueError as error:
        raise UsageError(f"the cron line {line!r} is not understood: {error}") from error
