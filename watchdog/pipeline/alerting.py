"""Alerts and incidents between the store and the decisions about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from watchdog.alert.look import Outcome, Standing, concluded
from watchdog.alert.stage import given_up
from watchdog.domain.alert import HOUSE, Alert, AlertState, Transition
from watchdog.domain.policy import Policy
from watchdog.pipeline.news import Channels
from watchdog.store.store import Session

#: Seconds for which a closed incident is still looked at: it may come back.
LATELY = 86400.0


def standing_of(session: Session, watch: str, now: float) -> Standing:
    """What stands before a look at a watch."""
    session.alerts.lock()
    elsewhere = [alert for alert in session.alerts.firing() if alert.labels.get("watch") != watch]
    return Standing(
        open_alerts=session.alerts.open(watch),
        elsewhere=elsewhere,
        incidents=session.alerts.live_incidents(now - LATELY),
        silences=session.silences.ending_after(now),
    )


def keep_alerts(session: Session, watch: str, outcome: Outcome, channels: Channels) -> None:
    """Keep what was decided, and a row for each message."""
    session.alerts.save_incidents(outcome.incidents)
    # The house's own alerts belong to no incident: people are told of each.
    session.alerts.save(watch, outcome.transitions, channels.alerts if watch == HOUSE else channels.machines)
    for telling in outcome.tellings:
        session.alerts.enqueue(telling.id, telling.alert, [telling.channel], telling.at)


def conclude(
    session: Session, watch: str, transitions: Sequence[Transition], channels: Channels, policy: Policy, now: float
) -> Outcome:
    """Transitions that no look made (by hand, given up) into the store, with what they do to incidents."""
    session.alerts.lock()
    ended = {transition.alert.id for transition in transitions}
    standing = Standing(
        elsewhere=[alert for alert in session.alerts.firing() if alert.id not in ended],
        incidents=session.alerts.live_incidents(now - LATELY),
        silences=session.silences.ending_after(now),
    )
    outcome = concluded(watch, transitions, standing, policy=policy, every=0.0, now=now, audiences=channels.people)
    keep_alerts(session, watch, outcome, channels)
    return outcome


def give_up(
    session: Session, watches: Collection[str], channels: Channels, policies: Mapping[str, Policy], now: float
) -> list[Alert]:
    """End what no look will end; returns the alerts that somebody had been told of.

    Incidents are settled too: those that were held open are closed in time, and what a silence held back and lasts is
    told. ``policies``: by watch; how long nothing may be heard of an alert.
    """
    found: list[Alert] = []
    for alert in session.alerts.all_open():
        if session.alerts.watch_of(alert.id) == HOUSE:
            continue  # its chores end them
        policy = policies.get(alert.labels.get("watch", ""), Policy())
        ended = given_up([alert], watches, now, policy.forget_after)
        if ended:
            conclude(session, alert.labels.get("watch", ""), ended, channels, policy, now)
            found += [each.alert for each in ended if each.before is AlertState.FIRING]
    conclude(session, HOUSE, (), channels, Policy(), now)
    return found
