from __future__ import annotations

from watchdog.domain.case import Case
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.target import Role
from watchdog.drill.answers import Stock, bad_answers
from watchdog.simulator.answers import REFUSAL

CASES = [Case(id=f"c{at}", expected="42 days" if at % 2 else None) for at in range(200)]


def a_response(text, case="c1", role=Role.CURRENT, status=CallStatus.ANSWERED):
    key = ResponseKey(run_id="r", role=role, case_id=case)
    return Response(key=key, status=status, text=text)


def test_a_larger_share_of_bad_cases_holds_the_smaller_one():
    stock = Stock(seed=7)
    few, many = ({case.id for case in CASES if stock.is_bad(case.id, share)} for share in (0.1, 0.4))
    assert few < many
    assert 40 < len(many) < 120


def test_an_answer_is_one_that_the_target_gave_to_the_case():
    stock = Stock(seed=7)
    for text in ("a", "b", "c"):
        stock.keep(a_response(text))
    stock.keep(a_response("of another", role=Role.PINNED))
    stock.keep(a_response("", status=CallStatus.ERROR))
    assert {stock.good(Role.CURRENT, "c1", 0, look).text for look in range(50)} == {"a", "b", "c"}
    assert stock.good(Role.CURRENT, "c2", 0, 1) is None


def test_a_bad_answer_differs_from_the_right_one_and_is_a_refusal_where_nobody_knows_it():
    bad = bad_answers(CASES, seed=7)
    assert bad["c0"] == REFUSAL
    assert "42" not in bad["c1"]


def test_a_judge_grades_as_it_did_and_what_is_bad_as_bad():
    stock = Stock(seed=7, bad={"c1": "wrong"}, worth={"so so": 0.5})
    for text in ("so so", "fine"):
        stock.keep(a_response(text))
    assert stock.grades == {"wrong": 0.0, "so so": 0.5, "fine": 1.0}
