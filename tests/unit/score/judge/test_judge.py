import re

import pytest

from watchdog.domain.case import Case, Message
from watchdog.domain.response import CallStatus
from watchdog.errors import ErrorKind
from watchdog.score.stage import score_response

CASE = Case(id="c1", variables={"input": "How do I reset my password?"})
TOKEN = re.compile(r"<answer ([0-9a-f]{16})>")


def shown(model, call=0):
    return "\n".join(message.content for message in model.requests[call].messages)


async def test_a_verdict_becomes_a_score_with_its_instrument(judge, model, verdict, respond):
    ask = model(verdict(2))
    one = judge(ask)
    score = await one.score(CASE, respond("Click on Forgot."))
    assert (score.value, score.bar, score.outcome, score.cost) == (0.5, 0.75, "failed", 0.001)
    assert score.reason == "It says what to do."
    assert score.details == {
        "judge": "helpfulness", "version": "1", "model": "judge-1", "served_model": "judge-2026-08",
        "rubric": one.spec.rubric_digest, "parameters": {"temperature": 0}, "attempts": 1, "grade": "2",
    }  # fmt: skip
    request = ask.requests[0]
    assert (request.model, request.parameters, request.case_id) == ("judge-1", {"temperature": 0}, "")
    assert [message.role for message in request.messages] == ["system", "user"]


@pytest.mark.parametrize(
    "reply",
    [
        '```json\n{"reason": "r", "grade": 3}\n```',
        'I think: {"reason": "r", "grade": "3"} done',
        '<think>{"reason": "draft", "grade": 1}</think>{"reason": "r", "grade": 3.0}',
    ],
)
async def test_a_verdict_is_read_from_prose_fences_and_behind_thoughts(judge, model, respond, reply):
    assert (await judge(model(reply)).score(CASE, respond("x"))).value == 1.0


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ("Quite good.", 'no JSON object with a "grade"'),
        ("", 'no JSON object with a "grade"'),
        ('{"reason": "good", "grade": 7}', "off the scale, which is 1, 2, 3"),
        ('{"reason": "good", "grade": null}', "off the scale"),
        ('{"grade": 3}', 'no "reason" in words'),
        ('{"reason": "cut off by the limit of tok', 'no JSON object with a "grade"'),
        ('{"reason": "one", "grade": 3} {"reason": "two", "grade": "excellent"}', "off the scale"),
    ],
)
async def test_an_unreadable_verdict_is_repaired_once(judge, model, verdict, respond, first, problem):
    ask = model(first, verdict(3))
    score = await judge(ask).score(CASE, respond("x"))
    assert (score.value, score.details["attempts"], score.cost) == (1.0, 2, 0.002)
    again = ask.requests[1].messages
    assert [message.role for message in again] == ["system", "user", "assistant", "user"]
    assert again[2].content
    assert problem in again[3].content
    assert "Answer only with JSON" in again[3].content


async def test_after_one_repair_the_answer_is_unscored_and_never_zero(judge, model, respond):
    ask = model("Quite good.")
    score = await judge(ask).score(CASE, respond("x"))
    assert (score.value, len(ask.requests), score.cost) == (None, 2, 0.002)
    assert score.reason == 'the judge\'s verdict could not be read: there is no JSON object with a "grade"'
    assert score.details["attempts"] == 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            {"status": CallStatus.ERROR, "error_kind": ErrorKind.RATE_LIMIT, "cost": None},
            "judge call failed: rate-limit",
        ),
        ({"status": CallStatus.SKIPPED, "error": "budget", "cost": 0.0}, "judge call skipped: budget"),
        ({"status": CallStatus.NOT_RUN, "cost": 0.0}, "judge call failed: not run"),
    ],
)
async def test_a_failed_call_is_unscored_with_its_kind(judge, model, respond, reply, reason):
    score = await judge(model(reply)).score(CASE, respond("x"))
    assert (score.value, score.reason, score.cost) == (None, reason, reply["cost"])


async def test_an_unknown_price_makes_the_sum_unknown(judge, model, verdict, respond):
    ask = model("?", {"text": verdict(3), "cost": None})
    assert (await judge(ask).score(CASE, respond("x"))).cost is None


async def test_a_prose_rubric_gets_everything_there_is(judge, model, verdict, respond):
    ask = model(verdict(3))
    case = Case(
        id="c", messages=(Message(role="user", content="Where?"),), expected={"city": "Paris"}, contexts=("one", "two")
    )
    await judge(ask).score(case, respond("In Paris."))
    text = ask.requests[0].messages[1].content
    token = TOKEN.search(text)[1]
    for label, body in [("input", "Where?"), ("context", "one"), ("context", "two"),
                        ("expected", '{\n "city": "Paris"\n}'), ("answer", "In Paris.")]:  # fmt: skip
        assert f"<{label} {token}>\n{body}\n</{label} {token}>" in text


async def test_contexts_that_the_target_retrieved_come_before_those_of_the_case(judge, model, verdict, respond):
    ask = model(verdict(3))
    await judge(ask).score(Case(id="c", contexts=("frozen",)), respond("x", contexts=("retrieved",)))
    assert "retrieved" in shown(ask)
    assert "frozen" not in shown(ask)


async def test_a_rubric_may_place_the_material_itself_and_hide_the_rest(judge, model, verdict, respond):
    ask = model(verdict(3))
    rubric = (
        "Asked:\n{{ input }}\n{% if expected %}Should be {{ expected }}{% endif %}"
        "{% if contexts %}Known:\n{{ contexts }}{% endif %}"
    )
    await judge(ask, rubric=rubric).score(Case(id="c", variables={"input": "Q"}, contexts=("K1", "K2")), respond("A"))
    text = ask.requests[0].messages[1].content
    token = TOKEN.search(text)[1]
    asked, known = text.split("\nKnown:\n")
    assert asked == f"The token is {token}.\n\nAsked:\n<input {token}>\nQ\n</input {token}>"
    assert known.startswith(f"<context {token}>\nK1\n</context {token}>\n<context {token}>\nK2")
    assert "Should be" not in text
    assert text.count(f"<answer {token}>\nA\n</answer {token}>") == 1


async def test_a_prose_rubric_begins_every_call_with_the_same_words(judge, model, verdict, respond):
    """What never changes goes first and holds no token, so that a provider's prompt cache can keep it."""
    ask = model(verdict(3))
    await judge(ask).score(CASE, respond("x"))
    await judge(ask).score(Case(id="c2", variables={"input": "Other?"}), respond("y"))
    first, second = (request.messages[0].content for request in ask.requests)
    assert first == second
    assert first.endswith("useless or rude.")


async def test_a_rubric_that_shows_what_the_case_has_not_leaves_it_unscored(judge, model, verdict, respond):
    ask = model(verdict(3))
    score = await score_response(judge(ask, rubric="Hold it against {{ expected }}."), CASE, respond("A"))
    assert score.value is None
    assert "the rubric cannot be filled in for this case: 'expected' is undefined" in score.reason
    assert ask.requests == []


async def test_the_same_call_asks_the_same_and_another_one_has_another_token(judge, model, verdict, respond):
    ask = model(verdict(3))
    one = judge(ask)
    await one.score(CASE, respond("x"))
    await one.score(CASE, respond("x"))
    await one.score(CASE, respond("x", key=type(respond("x").key)(run_id="r2", role="current", case_id="c1")))
    assert shown(ask, 0) == shown(ask, 1)
    assert TOKEN.search(shown(ask, 0))[1] != TOKEN.search(shown(ask, 2))[1]


async def test_what_a_judge_quotes_is_redacted_and_short(judge, model, verdict, respond):
    reason = "It leaks ann@example.com. " + "And so on. " * 100
    score = await judge(model(verdict(1, reason))).score(CASE, respond("x"))
    assert score.reason.startswith("It leaks [email].")
    assert len(score.reason) <= 500
