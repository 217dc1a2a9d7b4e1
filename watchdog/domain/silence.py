"""What people say about alerts: be quiet for a while, and somebody is at it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct


class Matcher(Struct, frozen=True):
    """One condition on one label, as Alertmanager has it."""

    label: str
    #: ``=``, ``!=``, ``=~`` or ``!~``; regular expressions match the whole value.
    sign: str
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.sign}"{escaped}"'

    def takes(self, value: str) -> bool:
        """Whether a label of that value is matched."""
        if self.sign in {"=", "!="}:
            return (value == self.value) == (self.sign == "=")
        return bool(re.fullmatch(self.value, value)) == (self.sign == "=~")


#: Unix time from which on nothing has a date: the year 10000.
FOR_EVER = 253_402_300_800.0


class SilenceKind(StrEnum):
    """Why it is to be quiet."""

    SILENCE = "silence"
    #: Work on the feature that was announced: what it breaks is expected.
    MAINTENANCE = "maintenance window"


class Silence(Struct, frozen=True, kw_only=True):
    """From when to when nobody is to be told of alerts with such labels. Looks and decisions go on."""

    id: str
    kind: SilenceKind
    #: All of them must match.
    matchers: tuple[Matcher, ...]
    #: Unix times; it holds from the first up to, and without, the second.
    starts_at: float
    ends_at: float
    by: str
    because: str
    #: Channel that it was read from; empty when it was made here.
    source: str = ""
    #: Who ended it before its time; empty when nobody did.
    ended_by: str = ""

    @property
    def said(self) -> str:
        """In words: what, until when, by whom and why."""
        what = "in a maintenance window" if self.kind is SilenceKind.MAINTENANCE else "silenced"
        where = f" in {self.source}" if self.source else ""
        until = "for ever"
        if self.ends_at < FOR_EVER:
            until = f"until {datetime.fromtimestamp(max(0.0, self.ends_at), UTC):%Y-%m-%d %H:%M} UTC"
        return f"{what}{where} {until} by {self.by or 'nobody named'}: {self.because or 'no reason given'}"

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether it is about an alert of these labels; a label that is missing is the empty text."""
        return all(matcher.takes(labels.get(matcher.label, "")) for matcher in self.matchers)

    def holds(self, at: float) -> bool:
        """Whether it holds at a Unix time."""
        return self.starts_at <= at < self.ends_at

    def held_between(self, first: float, last: float) -> bool:
        """Whether it held at any time from ``first`` to ``last``."""
        return self.starts_at <= last and self.ends_at > max(self.starts_at, first)


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """Somebody is at an alert."""

    alert_id: str
    by: str
    #: Unix time.
    at: float
    #: Channel that says so; empty when it was said here.
    source: str = ""
