"""Everything that the claims of one look do to alerts and incidents, and what people are told. Pure.

claims --severity--> graded --worse--> claims --reconcile--> transitions --group--> incidents --tell--> messages
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from watchdog.alert.hush import standing as silenced_by
from watchdog.alert.incident import Windows, group
from watchdog.alert.severity import graded
from watchdog.alert.stage import reconcile
from watchdog.alert.story import Telling, tell
from watchdog.alert.worse import worsened
from watchdog.domain.alert import Alert, Audience, Condition, Incident, Transition
from watchdog.domain.policy import Policy
from watchdog.domain.silence import Silence


class Standing(Struct, frozen=True, kw_only=True):
    """What stands before a look."""

    #: Pending and firing alerts of the watch.
    open_alerts: Sequence[Alert] = ()
    #: Firing alerts of other watches.
    elsewhere: Sequence[Alert] = ()
    #: Incidents of any watch that are open, or closed not long ago.
    incidents: Sequence[Incident] = ()
    #: Silences that hold now, or will.
    silences: Sequence[Silence] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """What follows: new or changed alerts and incidents, and messages."""

    transitions: tuple[Transition, ...] = ()
    incidents: tuple[Incident, ...] = ()
    tellings: tuple[Telling, ...] = ()


def alerts_of_look(
    watch: str,
    conditions: Sequence[Condition],
    standing: Standing,
    *,
    policy: Policy,
    every: float,
    at: float,
    now: float,
    audiences: Sequence[Audience] = (),
) -> Outcome:
    """What the claims of a watch at the look of Unix time ``at``, decided at ``now``, do.

    ``every``: seconds between two looks of the watch; 0 when that is not known.
    """
    # What nobody is told of wakes nobody, and is no reason to wake nobody here.
    told = [alert for alert in standing.elsewhere if silenced_by(alert, standing.silences, now, now) is None]
    claims = graded(conditions, policy, at, told)
    claims += worsened(claims, standing.open_alerts, policy)
    transitions = reconcile(claims, standing.open_alerts, now)
    return concluded(watch, transitions, standing, policy=policy, every=every, now=now, audiences=audiences)


def concluded(
    watch: str,
    transitions: Sequence[Transition],
    standing: Standing,
    *,
    policy: Policy,
    every: float,
    now: float,
    audiences: Sequence[Audience] = (),
) -> Outcome:
    """What transitions do to incidents, and what people are told of that. ``every`` as above."""
    windows = Windows.of(policy, every)
    grouping = group(watch, transitions, standing.incidents, now, windows=windows, elsewhere=standing.elsewhere)
    grouping, tellings = tell(
        grouping,
        standing.incidents,
        standing.elsewhere,
        audiences,
        now,
        standing.silences,
        worse_by=policy.worse_by,
    )
    return Outcome(transitions=grouping.transitions, incidents=grouping.incidents, tellings=tuple(tellings))
