import json

import pytest

from watchdog.domain.case import Case
from watchdog.simulator.answers import REFUSAL, bad_answer, good_answer, lengthen, worth

CASES = {
    "object": Case(id="o", expected={"order": "A-17", "urgent": False, "amount": 12.5}),
    "list": Case(id="l", expected=["a", "b"]),
    "facts": Case(id="f", expected={"facts": ["30 days", ["free", "at no cost"]]}),
    "unanswerable": Case(id="u", expected={"unanswerable": True}),
    "text": Case(id="t", expected="Refund within 14 days"),
    "number": Case(id="n", expected=42),
    "boolean": Case(id="b", expected=True),
    "told": Case(id="m", expected="x", metadata={"good": "yes indeed", "bad": ["no", {"a": 1}]}),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_good_answer_is_worth_everything_and_a_bad_one_less(kind):
    case = CASES[kind]
    for nonce in range(20):
        assert worth(case, good_answer(case, nonce)) == 1.0
        assert worth(case, bad_answer(case, nonce, seed=3)) < 1.0


def test_a_good_answer_is_made_from_what_is_expected():
    assert json.loads(good_answer(CASES["object"], 0)) == CASES["object"].expected
    assert good_answer(CASES["facts"], 0) == "30 days; free."
    assert good_answer(CASES["number"], 0) == "42"


def test_bad_objects_fail_in_several_ways():
    ways = {bad_answer(CASES["object"], nonce, seed=1) for nonce in range(60)}
    parsed = []
    for text in ways:
        try:
            parsed.append(json.loads(text))
        except ValueError:
            parsed.append(None)
    assert None in parsed, "prose in place of JSON"
    assert any(value is not None and len(value) == 2 for value in parsed), "a field missing"
    assert any(value is not None and len(value) == 3 for value in parsed), "a value wrong"


def test_what_a_case_says_of_itself_takes_precedence_and_alternates():
    case = CASES["told"]
    assert good_answer(case, 5) == "yes indeed"
    assert [bad_answer(case, nonce, seed=0) for nonce in range(3)] == ["no", '{"a": 1}', "no"]


def test_more_words_keep_a_json_answer_json_and_its_worth():
    case = Case(id="j", metadata={"good": {"reply": "Thirty days.", "n": 1}})
    text = lengthen(good_answer(case, 0), 3.0)
    assert json.loads(text)["reply"].startswith("Thirty days. ")
    assert json.loads(text)["n"] == 1
    assert worth(case, text) == 1.0
    assert len(lengthen("Short and plain.", 4.0)) >= 4 * len("Short and plain.")
    assert lengthen("Short and plain.", 1.0) == "Short and plain."


def test_silence_and_refusals_are_worth_nothing():
    assert worth(CASES["text"], "  ") == 0.0
    assert worth(CASES["text"], REFUSAL) == 0.0


def test_some_facts_are_worth_something():
    assert worth(CASES["facts"], "You have 30 days.") == 0.5
