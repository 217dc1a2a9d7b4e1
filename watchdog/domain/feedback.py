"""What people say of an alert once it is over: was there anything to do, was there anything at all?"""

from __future__ import annotations

from msgspec import Struct


class Feedback(Struct, frozen=True, kw_only=True):
    """One person's word on one alert; a later word replaces it."""

    alert_id: str
    #: Unix time.
    at: float
    by: str
    #: Whether there was anything to do.
    actionable: bool
    #: Whether nothing was wrong at all: this is what counts against the false-alarm budget.
    false_alarm: bool = False
    note: str = ""
