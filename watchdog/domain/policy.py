"""Policy: what wakes whom, as data. A watch has one, from ``policy:`` of watchdog.yaml and its vertical there."""

from __future__ import annotations

from msgspec import Struct

from watchdog.domain.alert import Severity

DAY = 86400.0


class Policy(Struct, frozen=True, kw_only=True):
    """How severe a claim is, how long it must hold, and what belongs together.

    Drops are in score units (0.05 = 5 points), times in seconds.
    """

    #: A drop of at least this much pages however slowly it came.
    urgent_drop: float = 0.05
    #: A smaller one pages as well, unless it began this long ago: what took days to show can wait for the morning.
    slow_after: float = 3 * DAY
    #: A drop of at least this much, seen by at least half of the metrics that may page (two or more), is a SEV1.
    sev1_drop: float = 0.25
    #: Of the cases that the pinned target passes at a look, the share that current must fail to page at once.
    mass_failure: float = 0.5
    #: A drop that grew by this factor since it was told is told again.
    worse_by: float = 1.5
    #: What is promised of answers' 95 % quantile of latency; None: nothing.
    latency_slo: float | None = None
    #: Multiple of it that pages; between it and this it is a ticket.
    latency_page: float = 3.0
    #: Costs of an answer, as a multiple of the baseline's: up to the first nothing is worth a word, from the second on
    #: it pages.
    cost_expected: float = 1.0
    cost_page: float = 5.0
    #: The least severity of a drift that is no rule of thumb.
    severity_floor: Severity = Severity.INFO
    #: How long a claim must hold before it leaves the house. A SEV1 and a mass failure wait for nothing.
    hold: float = 0.0
    #: Evidence that began this much apart, or one and a half looks if that is more, is of one incident.
    join_within: float = 600.0
    #: An incident that comes back this soon, or within three looks if that is more, is the same one.
    reopen_within: float = 3600.0
    #: An alert of which no look had anything to say for this long is given up, and says so.
    forget_after: float = 7 * DAY
