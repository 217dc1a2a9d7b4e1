"""Which cases are asked when."""

from watchdog.domain.case import Case
from watchdog.gate.options import GateOptions
from watchdog.gate.order import order_of

CASES = [Case(id=f"c{number}") for number in range(100)]
OPTIONS = GateOptions(margin=0.03)


def ids(cases):
    return [case.id for case in cases]


def test_the_order_is_random_and_the_seeds():
    first, again, other = (order_of(CASES, {}, OPTIONS, seed, 0) for seed in (1, 1, 2))
    assert ids(first.cases) == ids(again.cases)
    assert ids(first.cases) != ids(other.cases)
    assert set(first.cases[0].id) != ids(CASES)
    assert sorted(ids(first.cases)) == sorted(ids(CASES))


def test_every_fifth_is_a_look():
    order = order_of(CASES, {}, OPTIONS, 1, 0)
    assert order.sizes == (20, 40, 60, 80, 100)
    assert [len(order.new(look)) for look in range(5)] == [20] * 5
    assert ids(order.asked(1)) == ids([*order.new(0), *order.new(1)])


def test_a_cluster_is_asked_together():
    cases = [Case(id=f"c{number}", cluster=f"k{number // 10}") for number in range(200)]
    order = order_of(cases, {}, OPTIONS, 3, 0)
    assert all(len({case.cluster for case in order.cases[at : at + 10]}) == 1 for at in range(0, 200, 10))
    assert all(size % 10 == 0 for size in order.sizes)


def test_cases_that_must_pass_are_asked_first_and_keep_their_place_in_the_order():
    cases = [*CASES[:-1], Case(id="c99", tags=("must-pass",))]
    seed = next(s for s in range(20) if "c99" not in ids(order_of(cases, {}, OPTIONS, s, 0).asked(0)))
    order = order_of(cases, {}, OPTIONS, seed, 0)
    assert order.new(0)[0].id == "c99"
    assert ids(order.cases).count("c99") == 1
    assert "c99" not in ids(order.asked(0))


def test_repeats_are_spent_where_answers_flip():
    order = order_of(CASES, {"c3": 0.2, "c4": 0.0}, GateOptions(margin=0.03, repeats=2, repeats_flipping=6), 1, 0)
    assert order.repeats["c3"] == 6
    assert order.repeats["c4"] == order.repeats["c5"] == 2


def test_max_calls_leaves_cases_out_and_spreads_the_looks_over_the_rest():
    options = GateOptions(margin=0.03, max_calls=240)
    order = order_of(CASES, {}, options, 1, judges=1)
    assert len(order.cases) == 60
    assert order.calls(order.cases, 1) == 240
    assert order.sizes[-1] == 60


def test_max_calls_counts_an_answer_at_hand_once_and_its_repeats_and_judges_in_full():
    options = GateOptions(margin=0.03, repeats=3, max_calls=300)
    everywhere = {case.id for case in CASES}
    for at_hand, judges, calls in ((everywhere, 0, 5), (everywhere, 1, 11), (set(), 0, 6)):
        order = order_of(CASES, {}, options, 1, judges=judges, at_hand=at_hand)
        assert len(order.cases) == 300 // calls
    half = {case.id for case in CASES[:50]}
    order = order_of(CASES, {}, options, 1, judges=0, at_hand=half)
    spent = sum(5 if case.id in half else 6 for case in order.cases)
    assert 294 < spent <= 300
