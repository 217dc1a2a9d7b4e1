"""How a gate is to be held."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from watchdog.domain.measure import Measure
from watchdog.domain.watch import Watch

#: Answers of a case whose past scores vary, for each answer of another.
FLIPPING = 3


class GateOptions(Struct, frozen=True, kw_only=True):
    """The rules of one gate; all but the limits are part of its name."""

    #: The drop that is still acceptable, in score units.
    margin: float
    #: Error rate of each side: a candidate at the margin passes, or an equal one fails.
    alpha: float = 0.05
    #: Looks at which it may stop; 1 asks everything.
    looks: int = 5
    #: Answers a case and arm, and of the cases whose scores varied in the past.
    repeats: int = 1
    repeats_flipping: int = 1
    #: How much more is acceptable: 0.2 is 20 % more.
    budgets: Mapping[Measure, float] = field(default_factory=dict)
    #: Share of the cases that may be lost to failing calls or scorers.
    most_lost: float = 0.1
    #: Cases that a tag needs to be looked at by itself.
    least_tag: int = 10
    seed: int | None = None
    #: The baseline against itself.
    self_test: bool = False
    #: US dollars and calls at the most.
    max_cost: float | None = None
    max_calls: int | None = None
    #: Take the baseline's answers from the newest look that is at most so old (seconds).
    baseline_from_look: float | None = None
    #: Take baseline answers of earlier gates that are at most so old (seconds).
    cache: float | None = None


def usual_options(watch: Watch) -> GateOptions:
    """The rules of a gate when nobody says otherwise."""
    return GateOptions(margin=watch.smallest_drop, repeats=watch.repeats, repeats_flipping=FLIPPING * watch.repeats)
