"""Does a look count? An outage must never look like drift, nor a handful of cases like all of them."""

from __future__ import annotations

from typing import NamedTuple

from watchdog.domain.metric import Admission

#: Cases below which no look counts, unless fewer are planned.
LEAST_CASES = 10
#: Cases of a tag below which its metric shows little but noise.
LEAST_TAGGED = 20
#: Share of the cases lost to a failing provider or tool from which the rest is no fair sample.
MOST_ERRORS = 0.2
#: Share of the cases below which a look says nothing at all.
HARDLY_ANYTHING = 0.2


class Verdict(NamedTuple):
    """Whether a look counts, and if not, why."""

    admission: Admission
    reason: str = ""


def admit(*, scored: int, planned: int, errors: int, floor: float) -> Verdict:
    """Verdict on a look at which ``scored`` of ``planned`` cases have a score and ``errors`` were lost to failures."""
    if planned == 0:
        return Verdict(Admission.VOID, "no case was planned")
    enough = scored >= max(min(LEAST_CASES, planned), floor * planned)
    if errors >= MOST_ERRORS * planned:
        reason = f"{errors} of {planned} cases were lost to failed calls"
        return Verdict(Admission.PARTIAL if enough else Admission.VOID, reason)
    if enough:
        return Verdict(Admission.ADMITTED)
    reason = f"only {scored} of {planned} cases were scored"
    return Verdict(Admission.VOID if scored < HARDLY_ANYTHING * planned else Admission.PARTIAL, reason)
