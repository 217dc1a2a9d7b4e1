"""Actions: what somebody did to a feature through us, and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class ActionKind(StrEnum):
    """What can be done."""

    PIN = "pin"
    ROLL_BACK = "rollback"
    FAIL_OVER = "failover"
    DISABLE = "disable"
    ENABLE = "enable"


class Action(Struct, frozen=True, kw_only=True):
    """Something that was done, or tried."""

    id: str
    watch: str
    kind: ActionKind
    #: Unix time.
    at: float
    #: A person's name, and the reason in that person's words.
    by: str
    because: str
    #: What it changes, as it was and as it is (``{"current.model": "gpt-x"}``).
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    #: What came of it, one sentence.
    outcome: str = ""
    done: bool = True
