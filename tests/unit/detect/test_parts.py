"""Looks that take turns through a golden set, and looks without the control arm: frozen, observed, held against it."""

from __future__ import annotations

from random import Random
from statistics import variance

import pytest
from msgspec.structs import replace

from watchdog.detect.baseline import freeze
from watchdog.detect.observe import observe
from watchdog.domain.baseline import BaselineStatus, Instruments
from watchdog.domain.case import Case, GoldenSet
from watchdog.domain.metric import Arm
from watchdog.domain.run import Part
from watchdog.domain.target import Role, Target
from watchdog.replay.rotation import part_of

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}
MANY = [Case(id=f"c{number}", digest=f"d{number}", tags=("rare",) if number < 4 else ()) for number in range(40)]
CHANGED = Instruments(golden_set="other", pinned="p", scorers={"exact": "1"})


@pytest.fixture
def turning(watch):
    """The watch over forty cases, ten of which are asked at a look."""
    golden = GoldenSet(name="g", version="1", cases=tuple(MANY), digest="g")
    targets = {role: Target(role=role, provider="p", model="m") for role in (Role.CURRENT, Role.PINNED)}
    return replace(watch, golden=golden, cases_per_look=10, tags=("rare",), targets=targets)


@pytest.fixture
def look(run_of):
    """A look at the part whose turn it is; ``rate`` of each case by its number."""

    def make(turn, rng=None, rate=lambda _number: 1.0, roles=(Role.CURRENT, Role.PINNED), **facts):
        among = part_of(MANY, Part(turn=turn, size=10), seed="s")
        chance = rng or Random(turn)
        values = {role: [float(chance.random() < rate(int(case.id[1:]))) for case in among] for role in roles}
        return run_of(turn, values, among=among, **facts)

    return make


def test_a_baseline_from_parts_knows_every_case_at_the_looks_that_asked_it(turning, look, key):
    baseline = freeze(turning, [look(turn) for turn in range(12)], **FACTS, tags=("rare",))
    assert baseline.status is BaselineStatus.LOCKED
    reference = baseline.metrics[key()]
    assert set(reference.case_means) == {case.id for case in MANY}
    assert set(reference.case_counts.values()) == {3}
    assert reference.n == (10,) * 12
    assert set(baseline.metrics[key(tag="rare")].case_means) == {"c0", "c1", "c2", "c3"}


def test_a_baseline_that_has_not_gone_round_twice_is_learning(turning, look):
    runs = [look(turn) for turn in range(8)]
    assert freeze(turning, runs, **FACTS).status is BaselineStatus.LOCKED
    assert freeze(replace(turning, min_baseline_runs=3), runs[:7], **FACTS).status is BaselineStatus.LEARNING


def test_the_part_of_a_look_is_all_that_was_planned(turning, look, key):
    baseline = freeze(turning, [look(turn) for turn in range(12)], **FACTS)
    observed = observe(turning, baseline, look(12))
    current = {o.key.arm: o for o in observed.observations}[Arm.CURRENT]
    assert (current.n, current.planned) == (10, 10)
    assert observed.unobserved == []


def test_a_tag_that_has_no_case_in_the_part_is_no_gap(turning, look, key):
    baseline = freeze(turning, [look(turn) for turn in range(12)], **FACTS, tags=("rare",))
    without = replace(look(12), planned={}, scores={})
    some = part_of(MANY, Part(turn=12, size=10), seed="s")
    assert any("rare" in case.tags for case in some), "dealt by tag, every part has one"
    observed = observe(turning, baseline, without, tags=("rare",))
    assert not [lost for lost in observed.unobserved if lost.key.tag]
    assert [lost for lost in observed.unobserved if not lost.key.tag], "that of all cases is missed"


def test_a_change_of_the_set_is_not_taken_for_cases_whose_turn_it_is_not(turning, look):
    baseline = freeze(turning, [look(turn) for turn in range(12)], **FACTS)
    few = [*(replace(case, digest="new") for case in MANY[:4]), *MANY[4:]]
    golden = replace(turning.golden, cases=tuple(few))
    observed = observe(replace(turning, golden=golden), baseline, look(12, instruments=CHANGED))
    assert observed.changed == ("golden set",)
    assert observed.observations
    many = [*(replace(case, digest="new") for case in MANY[:20]), *MANY[20:]]
    changed = replace(turning, golden=replace(turning.golden, cases=tuple(many)))
    assert observe(changed, baseline, look(12, instruments=CHANGED)).observations == []


def test_a_look_without_the_pinned_target_says_nothing_of_it_and_misses_nothing(turning, look):
    baseline = freeze(turning, [look(turn) for turn in range(12)], **FACTS)
    observed = observe(turning, baseline, look(12, roles=(Role.CURRENT,)))
    assert [o.key.arm for o in observed.observations] == [Arm.CURRENT]
    assert observed.unobserved == []


def test_a_pinned_target_that_was_taken_away_is_missed(turning, look):
    baseline = freeze(turning, [look(turn) for turn in range(12)], **FACTS)
    alone = replace(turning, targets={Role.CURRENT: turning.targets[Role.CURRENT]})
    observed = observe(alone, baseline, look(12, roles=(Role.CURRENT,)))
    assert {lost.key.arm for lost in observed.unobserved} == {Arm.PINNED, Arm.DIFFERENCE}


@pytest.mark.parametrize("looks", [8, 12, 40])
def test_looks_of_the_baseline_vary_as_much_as_later_ones_will(turning, look, key, looks):
    rng = Random(11)
    ratios = []
    for _ in range(25):
        runs = [look(turn, rng, lambda number: 0.6 + number / 100) for turn in range(looks)]
        baseline = freeze(turning, runs, **FACTS)
        reference = baseline.metrics[key()]
        later = [look(turn, rng, lambda number: 0.6 + number / 100) for turn in range(looks, looks + 20)]
        xs = [o.x for run in later for o in observe(turning, baseline, run).observations if o.key == key()]
        ratios.append((variance(reference.x), variance(xs), sum(reference.variances) / looks))
    expected, met, within = (sum(column) / len(ratios) for column in zip(*ratios, strict=True))
    assert expected == pytest.approx(met, rel=0.2)
    assert within == pytest.approx(met, rel=0.2)


def test_a_watch_that_asks_all_cases_has_the_differences_as_they_are(watch, run_of, key):
    runs = [run_of(number, {Role.CURRENT: [1.0] * 19 + [float(number % 2)]}) for number in range(8)]
    reference = freeze(watch, runs, **FACTS).metrics[key()]
    assert reference.x == pytest.approx([-0.5 / 20, 0.5 / 20] * 4)
