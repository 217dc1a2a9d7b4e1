"""What happens in the four weeks, and when. Times are in hours from the start; a look is taken every two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from watchdog.render.views import MarkerKind

#: Hours between two looks, and how many looks the story has.
EVERY_HOURS = 2
LOOKS = 28 * 24 // EVERY_HOURS

PINNED = "sim-1-2026-08"
UPDATED = "sim-1-2026-11"

#: The provider as it is on a good day. The alias ``sim-1`` is served by the dated model.
CALM: Mapping[str, Any] = {
    "models": {PINNED: {"quality": 0.93, "faults": {}}, UPDATED: {"quality": 0.72, "faults": {}}},
    "aliases": {"sim-1": PINNED},
}


class Scene(Struct, frozen=True, kw_only=True):
    """Something that happens before a look."""

    hour: int
    sentence: str
    #: Knobs of the simulator to turn.
    control: Mapping[str, Any] = field(default_factory=dict)
    #: What the operator does: ``freeze`` a baseline, ``pin`` the current target; nothing when empty.
    operator: str = ""
    #: Drawn as a mark of that kind in the charts; a span when ``until`` is given.
    mark: str = ""
    kind: MarkerKind = MarkerKind.CHANGE
    until: int | None = None

    @property
    def look(self) -> int:
        """Number of the look it happens before."""
        return self.hour // EVERY_HOURS


_OUTAGE: Mapping[str, Any] = {"models": {"*": {"faults": {"503": 1.0}}}}
_RECOVERED: Mapping[str, Any] = {"models": {"*": {"faults": {}}}}
_BLIP: Mapping[str, Any] = {"models": {"*": {"refusals": 0.5}}}
_BLIP_OVER: Mapping[str, Any] = {"models": {"*": {"refusals": 0.0}}}

SCENES: tuple[Scene, ...] = (
    Scene(hour=0, sentence="A watch is switched on. It looks every two hours: forty cases on pinned and on current."),
    Scene(
        hour=72,
        sentence="Three days are in; the team freezes them as the baseline.",
        operator="freeze",
        mark="baseline",
        kind=MarkerKind.NOTE,
    ),
    Scene(
        hour=206,
        sentence="The provider goes down: every call is answered 503.",
        control=_OUTAGE,
        mark="provider down",
        kind=MarkerKind.OUTAGE,
        until=214,
    ),
    Scene(hour=214, sentence="The provider is back.", control=_RECOVERED),
    Scene(
        hour=318,
        sentence="A blip: for one look half of the answers are refusals.",
        control=_BLIP,
        mark="blip",
        kind=MarkerKind.NOTE,
    ),
    Scene(hour=320, sentence="The blip is over.", control=_BLIP_OVER),
    Scene(
        hour=408,
        sentence="The provider silently serves another model under the same name.",
        control={"aliases": {"sim-1": UPDATED}},
        mark="silent update",
    ),
    Scene(
        hour=456,
        sentence=f"The on-call engineer does what the alert says: pins current to {PINNED}.",
        operator="pin",
        mark="pinned",
    ),
)
