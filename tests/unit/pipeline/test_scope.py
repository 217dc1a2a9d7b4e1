"""What a look asks, by what the last ones asked and found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from watchdog.domain.case import Case, CheckSpec, GoldenSet, Origin
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, Better, Layer, MetricKey
from watchdog.domain.run import Part, Run, RunStatus, Scope, Trigger
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.pipeline.scope import asked_cases, asked_roles, levels, looks_for_baseline, scope_of

CASES = tuple(Case(id=f"c{number}", digest=f"d{number}") for number in range(100))
CALM = frozenset({Level.CALM})


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
    said = {3: frozenset({Level.CALM, Level.SUSPECT})}
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


@pytest.mark.parametrize("level", [Level.SUSPECT, Level.DRIFT])
def test_suspicion_and_drift_ask_the_pinned_target_at_once(level):
    said = {1: frozenset({level})}
    scopes = walk(a_watch(pinned_every=10), 4, lambda number: said.get(number, CALM))
    assert [scope.pinned for scope in scopes] == [True, True, False, False]


def test_before_there_is_a_baseline_the_pinned_target_is_asked_each_time():
    first = scope_of(a_watch(pinned_every=10), [], CALM, referenced=False)
    before = [Run(id="0", watch="reply", trigger=Trigger.MANUAL, status=RunStatus.FINISHED, planned_for=0, scope=first)]
    assert scope_of(a_watch(pinned_every=10), before, CALM, referenced=False).pinned
    assert not scope_of(a_watch(pinned_every=10), before, CALM, referenced=True).pinned


def test_only_looks_take_turns():
    gate = Run(
        id="g",
        watch="reply",
        trigger=Trigger.GATE,
        status=RunStatus.FINISHED,
        planned_for=0.0,
        scope=Scope(part=Part(turn=7, size=20)),
    )
    assert scope_of(a_watch(cases_per_look=20), [gate], CALM, referenced=True).part == Part(turn=0, size=20)


def test_only_what_may_page_makes_a_look_suspicious():
    def signal(scorer, level, arm=Arm.CURRENT, tag=""):
        return Signal(
            key=MetricKey(watch="reply", scorer=scorer, arm=arm, tag=tag),
            run_id="r", at=0.0, level=level, statistic=0.0, threshold=1.0, effect=0.0, interval=(0.0, 0.0), n=1,
        )  # fmt: skip

    watch = a_watch(tags=("a", "b"), paging_tags=("b",))
    assert levels(watch, [signal("exact", Level.SUSPECT)]) == {Level.SUSPECT}
    assert levels(watch, [signal("exact", Level.SUSPECT, tag="b")]) == {Level.SUSPECT}
    quiet = [
        signal("seen", Level.SUSPECT),
        signal("exact", Level.SUSPECT, Arm.PINNED),
        signal("exact", Level.SUSPECT, tag="a"),
        signal("no longer a scorer", Level.SUSPECT),
    ]
    assert levels(watch, quiet) == frozenset()


def test_traffic_is_asked_whole_beside_the_part_of_the_golden_set():
    traffic = [replace(CASES[0], id="t0", origin=Origin.TRAFFIC)]
    asked = asked_cases(a_watch(cases_per_look=20), Scope(part=Part(turn=1, size=20)), [*CASES, *traffic])
    assert len(asked) == 21
    assert asked[-1].id == "t0"
    assert asked_cases(a_watch(), Scope(), [*CASES, *traffic]) == [*CASES, *traffic]


def test_a_look_without_the_pinned_target_asks_the_current_one():
    assert asked_roles(a_watch(), Scope(pinned=False)) == [Role.CURRENT]
    assert asked_roles(a_watch(), Scope()) == [Role.PINNED, Role.CURRENT]


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
