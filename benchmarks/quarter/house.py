"""Twenty desks, one house: alerts and incidents of every watch side by side, and who hears of what."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.detection.desk import HOUR, Desk
from benchmarks.quarter.measured import BASELINE, CASES, Series
from benchmarks.quarter.story import CHECKS, DAY, FAILING, JUDGED, LOOKS, Story, provider_of
from watchdog.alert.look import Outcome, Standing, alerts_of_look
from watchdog.alert.story import Telling
from watchdog.correlate.situation import ProviderHealth
from watchdog.correlate.stage import correlate
from watchdog.detect.budget import divide, paging_metrics
from watchdog.domain.alert import Alert, AlertState, Audience, Incident
from watchdog.domain.case import CheckSpec, GoldenSet
from watchdog.domain.measure import Measure
from watchdog.domain.metric import Better, Layer
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import FalseAlarmBudget, MeasurePlan, Owner, Schedule, ScorerPlan, Watch
from watchdog.errors import ErrorKind
from watchdog.generate.tree import GROUP_BY, GROUP_BY_OF_INCIDENTS

PAGER = Audience(channel="pager", severities=("sev1", "page"))
CHAT = Audience(channel="chat", severities=("sev1", "page", "ticket"))
_LATELY = 86_400.0


class Heard(NamedTuple):
    """A message to people."""

    look: int
    watch: int
    incident: str
    telling: Telling


class Grouped(NamedTuple):
    """A notification that Alertmanager's pager route would send: its group's set of firing alerts changed."""

    look: int
    group: tuple[str, ...]
    opens: bool


class Quarter(NamedTuple):
    """All that was heard."""

    heard: list[Heard]
    grouped: list[Grouped]
    incidents: dict[str, Incident]
    #: Watches whose alerts were members, by incident.
    members: dict[str, set[int]]


def watch_of(number: int) -> Watch:
    """One of the twenty: five checks, two judged metrics, and the latency."""
    provider = provider_of(number)
    name = f"watch-{number:02d}"
    targets = {
        role: Target(role=role, provider=provider, model=f"model-{role}") for role in (Role.CURRENT, Role.PINNED)
    }
    layers = {"format": Layer.BEHAVIORAL, "not-refusal": Layer.BEHAVIORAL}
    plans = tuple(
        ScorerPlan(
            name=scorer, spec=CheckSpec(name=scorer), better=Better.HIGHER, layer=layers.get(scorer, Layer.QUALITY)
        )
        for scorer in (*CHECKS, *JUDGED)
    )
    return Watch(
        name=name,
        feature=name,
        owner=Owner(team=f"team-{number % 2}", vertical="retail"),
        targets=targets,
        scorers=plans,
        measures=(MeasurePlan.of(Measure.LATENCY),),
        golden=GoldenSet(name=name, version="1", cases=(), digest=""),
        schedule=Schedule(every=HOUR),
    )


def play(watches: Sequence[Watch], series: Sequence[Series], story: Story, seed: int) -> Quarter:
    """The whole quarter, look by look, watch by watch."""
    shares = divide(FalseAlarmBudget(), (metric for watch in watches for metric in paging_metrics(watch, HOUR)))
    desks = [
        Desk(watch, own, runs=BASELINE, mean_runs=shares.mean_runs_to_false_alarm, seed=1000 * seed + number)
        for number, (watch, own) in enumerate(zip(watches, series, strict=True))
    ]
    opened: list[dict[str, Alert]] = [{} for _ in watches]
    quarter = Quarter([], [], {}, {})
    live: dict[str, Incident] = {}
    groups: dict[tuple[str, ...], frozenset[str]] = {}
    for look in range(LOOKS):
        if look % (15 * DAY) == 0:
            print(f"day {look // DAY}: {len(quarter.incidents)} incidents so far", file=sys.stderr)
        down = story.down(look)
        for number, desk in enumerate(desks):
            now = look * HOUR + 60.0 + number  # each at its own second of the hour
            live = {
                name: each for name, each in live.items() if each.closed_at is None or now - each.closed_at < _LATELY
            }
            outcome = alerts_of_look(
                desk.watch.name,
                correlate(desk.situation(look, story.changes(number, look), _health(desk.watch, down))),
                Standing(
                    open_alerts=list(opened[number].values()),
                    elsewhere=[
                        alert
                        for other, alerts in enumerate(opened)
                        if other != number
                        for alert in alerts.values()
                        if alert.state is AlertState.FIRING
                    ],
                    incidents=list(live.values()),
                ),
                policy=desk.watch.policy,
                every=HOUR,
                at=look * HOUR,
                now=now,
                audiences=(PAGER, CHAT),
            )
            opened[number] = {
                each.alert.id: each.alert for each in outcome.transitions if each.alert.state is not AlertState.RESOLVED
            }
            live |= {incident.id: incident for incident in outcome.incidents}
            _note(quarter, outcome, look, number)
        quarter.grouped.extend(_alertmanager(groups, opened, look))
    return quarter


def _note(quarter: Quarter, outcome: Outcome, look: int, number: int) -> None:
    quarter.incidents.update({incident.id: incident for incident in outcome.incidents})
    for transition in outcome.transitions:
        if transition.alert.incident_id:
            quarter.members.setdefault(transition.alert.incident_id, set()).add(number)
    quarter.heard.extend(Heard(look, number, each.alert.incident_id, each) for each in outcome.tellings)


def _alertmanager(
    groups: dict[tuple[str, ...], frozenset[str]], opened: Sequence[dict[str, Alert]], look: int
) -> list[Grouped]:
    """What the generated route of pages would notify: each group whose firing alerts are others than before."""
    now: dict[tuple[str, ...], set[str]] = {}
    for alerts in opened:
        for alert in alerts.values():
            if alert.state is AlertState.FIRING and alert.severity.rings:
                now.setdefault(_group(alert), set()).add(alert.id)
    told = []
    for group in groups.keys() | now.keys():
        before, after = groups.get(group, frozenset()), frozenset(now.get(group, ()))
        if before != after:
            told.append(Grouped(look, group, opens=not before))
        groups[group] = after
    return sorted(told)


def _group(alert: Alert) -> tuple[str, ...]:
    """The group of a page: of its incident or feature, on the route of its team (outages have one for all teams)."""
    names = GROUP_BY_OF_INCIDENTS if alert.incident_id else GROUP_BY
    team = "" if alert.labels["alert_type"] == "infra" else alert.labels["team"]
    return (team, *(alert.matched.get(name, "") for name in names))


def _health(watch: Watch, down: set[str]) -> list[ProviderHealth]:
    provider = watch.targets[Role.CURRENT].provider
    errors = {ErrorKind.SERVER: round(FAILING * CASES)} if provider in down else {}
    return [
        ProviderHealth(provider=provider, role=role.value, calls=CASES, errors=errors)
        for role in (Role.CURRENT, Role.PINNED)
    ]
