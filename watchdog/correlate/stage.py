"""What one look at a watch means: every claim it can make, whether it holds, and the suspected cause."""

from __future__ import annotations

from watchdog.correlate.infra import infra_conditions
from watchdog.correlate.mass import mass_failure
from watchdog.correlate.model import model_conditions
from watchdog.correlate.situation import Situation
from watchdog.domain.alert import Condition


def correlate(situation: Situation) -> list[Condition]:
    """All claims of the watch at this look, infrastructure first. Pure.

    A claim that does not hold is there too, as CLEAR: only that resolves an alert. What could not be seen is UNKNOWN,
    which neither fires nor resolves. So an outage looks neither like drift nor like recovery.
    """
    return [*infra_conditions(situation), *mass_failure(situation), *model_conditions(situation)]
