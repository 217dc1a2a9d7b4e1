"""Going round a golden set in parts."""

from __future__ import annotations

from collections import Counter

import pytest

from watchdog.domain.case import Case
from watchdog.domain.run import Part
from watchdog.replay.rotation import longest_wait, part_of, round_length


def cases_of(count, tags=lambda _number: ()):
    return [Case(id=f"c{number}", tags=tuple(tags(number))) for number in range(count)]


def ids(cases, turn, size, **how):
    return [case.id for case in part_of(cases, Part(turn=turn, size=size), **{"seed": "w", **how})]


@pytest.mark.parametrize(("count", "size"), [(400, 40), (401, 40), (100, 33), (7, 10), (10, 10), (11, 10)])
def test_every_case_is_asked_exactly_once_a_round_and_parts_are_as_equal_as_can_be(count, size):
    cases = cases_of(count)
    looks = round_length(count, size)
    for number in range(3):
        parts = [ids(cases, number * looks + place, size) for place in range(looks)]
        asked = Counter(case for part in parts for case in part)
        assert asked == {case.id: 1 for case in cases}
        sizes = {len(part) for part in parts}
        assert max(sizes) <= size
        assert max(sizes) - min(sizes) <= 1


def test_no_case_waits_longer_than_two_rounds_but_one_look():
    cases, size = cases_of(60), 7
    looks = round_length(60, size)
    seen = dict.fromkeys((case.id for case in cases), -1)
    waits = []
    for turn in range(40 * looks):
        for case in ids(cases, turn, size):
            waits.append(turn - seen[case])
            seen[case] = turn
    assert max(waits) <= longest_wait(60, size) == 2 * looks - 1
    assert max(waits) > looks, "rounds that repeat the first one would never mix"


def test_every_part_has_its_share_of_every_tag():
    cases = cases_of(200, lambda number: ["rare"] if number % 20 == 0 else ["billing"] if number % 2 else ["hours"])
    looks = round_length(200, 40)
    by_id = {case.id: case for case in cases}
    for turn in range(3 * looks):
        counts = Counter(by_id[case].tags[0] for case in ids(cases, turn, 40))
        assert counts["rare"] == 10 / looks
        assert abs(counts["billing"] - 100 / looks) <= 1


def test_watched_tags_are_dealt_evenly_whatever_others_a_case_has():
    cases = cases_of(200, lambda number: [f"customer-{number}", *(["refunds"] if number < 50 else [])])
    looks = round_length(200, 20)
    for turn in range(looks):
        part = ids(cases, turn, 20, tags=("refunds",))
        assert sum(int(case[1:]) < 50 for case in part) == 50 / looks


def test_the_same_turn_asks_the_same_cases_and_another_seed_others():
    cases = cases_of(100)
    assert ids(cases, 5, 20) == ids(list(cases), 5, 20)
    assert ids(cases, 5, 20) != ids(cases, 5, 20, seed="another")
    assert ids(cases, 0, 20) != ids(cases, 5, 20), "each round deals anew"


def test_a_part_is_in_the_order_of_the_set():
    part = ids(cases_of(100), 3, 20)
    assert part == sorted(part, key=lambda case: int(case[1:]))
