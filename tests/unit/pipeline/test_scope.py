"""What a look asks, by what the last ones asked and found."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from watchdog.domain.case import Case, CheckSpec, GoldenSet, Origin
from watchdog.domain.metric import Better, Layer
from watchdog.domain.run import Part, Run, RunStatus, Scope, Trigger
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.pipeline.scope import asked_cases, asked_roles, calls_of, looks_for_baseline, regular_scope, scope_of
from watchdog.pipeline.suspicion import Suspicion

CASES = tuple(Case(id=f"c{number}", digest=f"d{number}") for number in range(100))
CALM = Suspicion()


def a_watch(**facts):
    return Watch(
        name="reply",
        feature="reply",
        owner=Owner(team="ai"),
        targets={role: Target(role=role, provider="p", model=role.value) for role in (Role.CURRENT, Role.PINNED)},
        scorers=(
            ScorerPlan(name="exact", spec=CheckSpec(name="exact"), better=Better.HIGHER, layer=Layer.QUALITY),
            ScorerPlan(
                name="seen", spec=CheckSpec(name="seen"), better=Better.HIGHER, layer=Layer.QUALITY, pages=False
            ),
        ),
        golden=GoldenSet(name="g", version="1", cases=CASES, digest="g"),
        **facts,
    )


def walk(watch, looks, said=lambda _number: CALM, status=lambda _number: RunStatus.FINISHED):
    """The scopes of so many looks, one after the other."""
    runs = []
    for number in range(looks):
        scope = scope_of(watch, runs, said(number), referenced=True)
        runs.append(
            Run(
                id=str(number),
                watch=watch.name,
                trigger=Trigger.SCHEDULE,
                status=status(number),
                planned_for=float(number),
                scope=scope,
            )
        )
    return [run.scope for run in runs]


def turns(scopes):
    return [scope.part and scope.part.turn for scope in scopes]


def test_a_watch_that_asks_everything_asks_everything():
    assert set(walk(a_watch(), 5)) == {Scope()}


def test_looks_take_turns_and_a_suspicion_is_looked_at_with_the_whole_set():
    said = {3: Suspicion(looks=1)}
    scopes = walk(a_watch(cases_per_look=20), 6, lambda number: said.get(number, CALM))
    assert turns(scopes) == [0, 1, 2, None, 3, 4]


def test_a_set_that_fits_into_a_look_is_not_divided():
    assert turns(walk(a_watch(cases_per_look=100), 2)) == [None, None]


def test_the_pinned_target_is_asked_at_every_so_many_looks():
    scopes = walk(a_watch(pinned_every=3), 7)
    assert [scope.pinned for scope in scopes] == [True, False, False, True, False, False, True]


def test_a_look_that_failed_was_no_look_at_the_pinned_target():
    failed = {3: RunStatus.FAILED}
    scopes = walk(a_watch(pinned_every=3), 6, status=lambda number: failed.get(number, RunStatus.FINISHED))
    assert [scope.pinned for scope in scopes] == [True, False, False, True, True, False]


def test_a_suspicion_that_lasts_is_not_looked_at_with_everything_for_ever():
    scopes = walk(a_watch(cases_per_look=20, pinned_every=50), 10, lambda number: Suspicion(looks=number))
    assert turns(scopes) == [0, *[None] * 6, 1, 2, 3]
    assert [scope.pinned for scope in scopes] == [True] * 7 + [False] * 3


@pytest.mark.parametrize("found", [Suspicion(looks=1), Suspicion(drifting=True)])
def test_suspicion_and_drift_ask_the_pinned_target_at_once(found):
    said = {1: found}
    scopes = walk(a_watch(pinned_every=10), 4, lambda number: said.get(number, CALM))
    assert [scope.pinned for scope in scopes] == [True, True, False, False]


def test_before_there_is_a_baseline_the_pinned_target_is_asked_each_time():
    first = scope_of(a_watch(pinned_every=10), [], CALM, referenced=False)
    before = [Run(id="0", watch="reply", trigger=Trigger.MANUAL, status=RunStatus.FINISHED, planned_for=0, scope=first)]
    assert scope_of(a_watch(pinned_every=10), before, CALM, referenced=False).pinned
    assert not scope_of(a_watch(pinned_every=10), before, CALM, referenced=True).pinned


def test_traffic_is_asked_whole_beside_the_part_of_the_golden_set():
    traffic = [replace(CASES[0], id="t0", origin=Origin.TRAFFIC)]
    asked = asked_cases(a_watch(cases_per_look=20), Scope(part=Part(turn=1, size=20)), [*CASES, *traffic])
    assert len(asked) == 21
    assert asked[-1].id == "t0"
    assert asked_cases(a_watch(), Scope(), [*CASES, *traffic]) == [*CASES, *traffic]


def test_a_look_without_the_pinned_target_asks_the_current_one():
    assert asked_roles(a_watch(), Scope(pinned=False)) == [Role.CURRENT]
    assert asked_roles(a_watch(), Scope()) == [Role.PINNED, Role.CURRENT]


def test_calls_are_counted_as_they_will_be_made():
    watch = a_watch(cases_per_look=30, repeats=2)
    assert calls_of(watch, Scope()) == 100 * 2 * 2
    assert calls_of(watch, regular_scope(watch)) == 25 * 2 * 2
    assert calls_of(watch, Scope(pinned=False)) == 100 * 2


@pytest.mark.parametrize(
    ("facts", "looks"),
    [
        ({}, 20),
        ({"cases_per_look": 10}, 30),
        ({"cases_per_look": 50}, 20),
        ({"pinned_every": 4}, 32),
        ({"cases_per_look": 10, "pinned_every": 2}, 60),
        ({"min_baseline_runs": 40}, 40),
    ],
)
def test_a_baseline_is_made_of_as_many_looks_as_it_takes_to_know_every_case_on_both_targets(facts, looks):
    assert looks_for_baseline(a_watch(**facts)) == looks
