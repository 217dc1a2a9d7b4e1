"""Cron lines as cron reads them, as fields that the scheduler reads.

The scheduler counts weekdays from Monday = 0 where cron counts from Sunday = 0, and it wants day of month *and* weekday
where cron takes either. So weekdays are handed on by name, and a line that restricts both is refused.
"""

from __future__ import annotations

import re

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_WEEKDAY = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def cron_fields(line: str) -> dict[str, str]:
    """Keyword arguments (minute, hour, day, month, day_of_week) of APScheduler's CronTrigger.

    Raises:
        ValueError: the line is not a cron line, or asks for something that cannot be had.
    """
    words = _SHORTHANDS.get(line.strip().lower(), line).split()
    if len(words) != len(_FIELDS):
        raise ValueError(f"a cron line has five fields (minute hour day month weekday), this one has {len(words)}")
    fields = dict(zip(_FIELDS, words, strict=True))
    if fields["day"] != "*" and fields["day_of_week"] != "*":
        raise ValueError("day of month and weekday together mean 'either' in cron; write two watches instead")
    fields["day_of_week"] = _weekdays(fields["day_of_week"])
    return fields


def _weekdays(field: str) -> str:
    """Weekdays by name, Sunday first; ``*`` as it is."""
    if field == "*":
        return field
    days = {day % 7 for part in field.split(",") for day in _span(part)}
    return ",".join(_WEEKDAYS[day] for day in sorted(days))


def _span(part: str) -> range:
    match = _WEEKDAY.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not a weekday; write 0-6 (0 is Sunday) or mon-fri")
    step = int(match["step"] or 1)
    if step == 0:
        raise ValueError(f"the step of {part!r} must be at least 1")
    if match["first"] == "*":
        if match["last"]:
            raise ValueError(f"{part!r} is not a weekday; write 0-6 (0 is Sunday) or mon-fri")
        return range(0, 7, step)
    first = _weekday(match["first"])
    last = _weekday(match["last"]) if match["last"] else 6 if match["step"] else first
    if last < first:  # fri-mon, sat-sun
        last += 7
    return range(first, last + 1, step)


def _weekday(word: str) -> int:
    if word.isdecimal() and int(word) <= 7:
        return int(word)  # 7 is Sunday too; the caller counts modulo 7
    if word.lower() in _WEEKDAYS:
        return _WEEKDAYS.index(word.lower())
    raise ValueError(f"{word!r} is not a weekday; write 0-6 (0 is Sunday) or mon-fri")
