import json
import math
from collections import Counter

import pytest

from watchdog.domain.case import Case, GoldenSet
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.target import Role
from watchdog.score.judge.judge import Judge
from watchdog.score.judge.spec import JudgeSpec
from watchdog.simulator.simulator import Question, Simulator

CASE = Case(
    id="window",
    variables={"input": "How long can I return it?"},
    metadata={"good": ["30 days.", "You have 30 days."], "bad": "60 days."},
)
SPEC = JudgeSpec(
    name="helpfulness",
    provider="sim",
    model="judge",
    rubric="4 is best, 1 is worst.",
    scale={"1": 0.0, "2": 0.33, "3": 0.67, "4": 1.0},
    bar=0.67,
)


@pytest.fixture
def simulator():
    golden = GoldenSet(name="s", version="1", cases=(CASE,), digest="")
    return Simulator([golden], seed=5, known_answers={"So-so.": 0.67})


@pytest.fixture
def grade(simulator):
    """Ask our own judge, with the simulator in the place of its model."""

    async def ask(request):
        system = "\n".join(message.content for message in request.messages if message.role == "system")
        text = "\n".join(message.content for message in request.messages if message.role != "system")
        reply = simulator.reply(Question(model=request.model, system=system, text=text))
        key = ResponseKey(run_id="r", role=Role.CURRENT, case_id="")
        return Response(key=key, status=CallStatus.ANSWERED, text=reply.text, served_model=reply.served_model)

    async def grades(text, times=1, case=CASE):
        judge = Judge(spec=SPEC, ask=ask)
        found = Counter()
        for repeat in range(times):
            key = ResponseKey(run_id="r", role=Role.CURRENT, case_id=case.id, repeat=repeat)
            score = await judge.score(case, Response(key=key, status=CallStatus.ANSWERED, text=text))
            found[score.details.get("grade")] += 1
        return found

    return grades


async def test_a_judge_without_noise_grades_what_the_answer_is(simulator, grade):
    simulator.change({"models": {"judge": {"judge_noise": 0.0}}})
    assert await grade("30 days.", 5) == {"4": 5}
    assert await grade("You have 30 days.") == {"4": 1}
    assert await grade("60 days.", 5) == {"1": 5}
    assert simulator.stats()["models"]["judge"]["calls"] == {"judge": 11}


async def test_an_answer_that_was_graded_by_people_gets_their_grade(simulator, grade):
    simulator.change({"models": {"judge": {"judge_noise": 0.0}}})
    stranger = Case(id="x", variables={"input": "Something else entirely"})
    found = await grade("So-so.", 50, stranger)
    assert found["3"] == 50 - found["4"] > 40


async def test_noise_moves_a_share_of_the_grades_by_one_step(simulator, grade):
    simulator.change({"models": {"judge": {"judge_noise": 0.5}}})
    found = await grade("30 days.", 400)
    # Half err; half of those would go above the top and stay.
    assert abs(found["3"] / 400 - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 400)
    assert found["3"] + found["4"] == 400


async def test_a_judge_that_drifts_grades_lower(simulator, grade):
    simulator.change({"models": {"judge": {"judge_noise": 0.0, "judge_shift": -0.5}}})
    found = await grade("30 days.", 400)
    assert abs(found["3"] / 400 - 0.5) < 4 * math.sqrt(0.25 / 400)
    simulator.change({"models": {"judge": {"judge_shift": -3.0}}})
    assert await grade("30 days.", 5) == {"1": 5}


async def test_a_verdict_that_nobody_can_parse_leaves_the_answer_unscored(simulator, grade):
    simulator.change({"models": {"judge": {"judge_unparsable": 1.0}}})
    assert await grade("30 days.") == {None: 1}


def test_a_question_about_grades_is_not_yet_a_judges_call(simulator):
    question = Question(model="m", system="You give a grade.", text='What does "grade" mean?')
    assert simulator.reply(question).text.startswith("You said:")


def test_grades_in_words_are_taken_in_the_order_given(simulator):
    simulator.change({"models": {"judge": {"judge_noise": 0.0}}})
    system = 'Reply with JSON. "grade" is exactly one of: fail, pass.'
    texts = {"input": "How long can I return it?", "answer": "30 days."}
    text = "\n".join(f"<{label} 0123abcd>\n{inside}\n</{label} 0123abcd>" for label, inside in texts.items())
    reply = simulator.reply(Question(model="judge", system=system, text=text))
    assert json.loads(reply.text)["grade"] == "pass"
