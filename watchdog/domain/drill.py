"""Drills: does the page really arrive? What was injected, what came of it, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from watchdog.domain.alert import Alert

#: Label that everything a drill sends carries, and its value.
DRILL, TRUE = "drill", "true"


class DrillKind(StrEnum):
    """What is injected."""

    PROVIDER_DOWN = "provider-down"
    QUALITY_DROP = "quality-drop"
    SILENT_MODEL_UPDATE = "silent-model-update"
    JUDGE_DOWN = "judge-down"
    ALERTMANAGER_DOWN = "alertmanager-down"
    SLOW_RAMP = "slow-ramp"


class DrillOutcome(StrEnum):
    """How a drill ended."""

    PASSED = "passed"
    NOT_DETECTED = "not detected"
    #: Detected, and somebody who had to be told was not.
    NOT_DELIVERED = "not delivered"
    #: The shadow copy rang before anything was injected: nothing follows from what it did after.
    NOT_CALM = "not calm"
    INTERRUPTED = "interrupted"

    @property
    def exit_code(self) -> int:
        """What the command returns to the shell."""
        return {"passed": 0, "not detected": 1, "not delivered": 1, "not calm": 4, "interrupted": 4}[self.value]


class Told(Struct, frozen=True, kw_only=True):
    """What became of the alert on one channel."""

    channel: str
    #: Seconds from the decision until the channel took it; None when it did not.
    seconds: float | None
    #: Seconds from the decision until the receiver had passed it on, where it passes on and says so.
    passed_on: float | None = None
    #: Seconds from the decision that it is over until the channel took that.
    closed: float | None = None
    #: Why it did not take it, or why it had nothing to do.
    note: str = ""
    #: Whether the alert is any of the channel's business.
    wanted: bool = True
    #: Whom the receiver passes it on to, as far as it says.
    receivers: tuple[str, ...] = ()

    @property
    def reached(self) -> float | None:
        """Seconds until somebody could know; None when nobody could."""
        return self.seconds if self.passed_on is None else self.passed_on


class Drill(Struct, frozen=True, kw_only=True):
    """One drill."""

    id: str
    kind: DrillKind
    watch: str
    #: Unix times.
    started_at: float
    finished_at: float | None = None
    #: None while it goes on.
    outcome: DrillOutcome | None = None
    #: Why, in one sentence.
    reason: str = ""
    #: What was injected, in words.
    injected: str = ""
    #: Looks from the injection to the alarm, and seconds by the watch's timetable, the look itself included.
    looks: int | None = None
    detect_seconds: float | None = None
    #: Seconds from the injection until the first channel had told somebody.
    page_seconds: float | None = None
    #: What rang.
    labels: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    cause: str = ""
    told: tuple[Told, ...] = ()
    #: Whether drills have a route of their own where the receiver tells its routes; None when it does not.
    own_route: bool | None = None
    #: Answers asked for because none were stored, and their price in US dollars; None when it is unknown.
    asked: int = 0
    cost: float | None = 0.0
    #: Alerts that were sent and not yet closed; the next drill closes what an interrupted one left.
    open: tuple[Alert, ...] = ()
    #: Process that runs it.
    owner: str = ""


class DrillPlan(Struct, frozen=True, kw_only=True):
    """How often which drills must pass (``drills`` in watchdog.yaml)."""

    #: Seconds.
    every: float
    kinds: tuple[DrillKind, ...]
