import json

import pytest
from msgspec.structs import replace

from watchdog.domain.response import ResponseKey
from watchdog.domain.target import Role
from watchdog.score.judge.anchors import anchor_case, anchor_pairs, calibrate
from watchdog.score.judge.spec import Anchor


def anchors(*humans):
    return [
        Anchor(id=f"a{number:02}", input="Q", answer=f"graded {human} by people, number {number}", human=human)
        for number, human in enumerate(humans)
    ]


def says(grades):
    """A judge's model that gives the anchors these grades, by number."""

    def reply(request):
        text = request.messages[1].content
        number = int(text.split("number ")[1].split("\n")[0])
        grade = grades[number]
        return "I cannot say." if grade is None else json.dumps({"reason": "so it is", "grade": grade})

    return reply


async def test_a_judge_that_agrees_is_perfect(judge, model):
    humans = ["1", "2", "3"] * 8
    result = await calibrate(judge(model(says(humans))), anchors(*humans))
    assert (result.n, result.unscored, result.exact, result.mean_absolute_error) == (24, 0, 1.0, 0.0)
    assert result.kappa == pytest.approx(1.0)
    assert result.kappa_interval == pytest.approx((1.0, 1.0))
    assert result.differences == ()
    assert result.cost == pytest.approx(0.024)


async def test_agreement_is_counted_as_the_textbook_does(judge, model):
    """Worked by hand: ranks 0..2, observed weighted disagreement 2 + 4 = 6 over 10, expected 12.6 over 10."""
    humans = ["1", "1", "1", "2", "2", "2", "3", "3", "3", "3"]
    grades = ["1", "1", "2", "2", "2", "2", "3", "3", "2", "1"]
    result = await calibrate(judge(model(says(grades))), anchors(*humans))
    assert result.exact == 0.7
    assert result.mean_absolute_error == pytest.approx((0.5 + 0.5 + 1.0) / 10)
    # margins: people 3/3/4, judge 3/5/2; expected = sum w_ij p_i q_j over ranks
    expected = sum((i - j) ** 2 * p * q for i, p in enumerate((3, 3, 4)) for j, q in enumerate((3, 5, 2))) / 100
    assert result.kappa == pytest.approx(1 - 0.6 / expected)
    low, high = result.kappa_interval
    assert -0.5 < low < result.kappa < high <= 1
    assert result.confusion == {
        ("1", "1"): 2,
        ("1", "2"): 1,
        ("2", "2"): 3,
        ("3", "3"): 2,
        ("3", "2"): 1,
        ("3", "1"): 1,
    }
    assert result.differences[0] == ("a09", "3", "1")
    assert len(result.differences) == 3


async def test_kappa_agrees_with_another_implementation(judge, model):
    """Reference computed apart: 1 - n * sum(w O) / sum(w r c) with the counts themselves."""
    humans = ["1", "2", "3", "3", "2", "1", "1", "3"]
    grades = ["1", "2", "2", "3", "3", "1", "3", "3"]
    pairs = [(int(one), int(other)) for one, other in zip(humans, grades, strict=True)]
    observed = sum((one - other) ** 2 for one, other in pairs) / len(pairs)
    chance = sum((one - other) ** 2 for one, _ in pairs for _, other in pairs) / len(pairs) ** 2
    result = await calibrate(judge(model(says(grades))), anchors(*humans))
    assert result.kappa == pytest.approx(1 - observed / chance)


async def test_unscored_anchors_are_counted_apart_and_not_as_disagreement(judge, model):
    humans = ["1", "2", "3", "1", "2", "3"]
    result = await calibrate(judge(model(says(["1", None, "3", "1", "2", None]))), anchors(*humans))
    assert (result.n, result.unscored, result.exact) == (4, 2, 1.0)
    assert list(result.reasons.values()) == [2]


@pytest.mark.parametrize("grades", [["3", "3", "3", "3"], [None, None, None, None]])
async def test_without_variety_there_is_no_kappa(judge, model, grades):
    humans = ["3"] * 4
    result = await calibrate(judge(model(says(grades))), anchors(*humans))
    assert (result.kappa, result.kappa_interval) == (None, None)
    assert result.exact == (1.0 if grades[0] else None)


async def test_a_judge_that_guesses_has_a_kappa_about_zero_within_its_interval(judge, model):
    humans = ["1", "3"] * 50
    grades = ["1", "1", "3", "3"] * 25
    result = await calibrate(judge(model(says(grades))), anchors(*humans), seed=7)
    assert result.kappa == pytest.approx(0.0)
    low, high = result.kappa_interval
    assert -0.3 < low < 0 < high < 0.3
    assert (await calibrate(judge(model(says(grades))), anchors(*humans), seed=7)).kappa_interval == (low, high)


def test_anchors_become_answers_that_any_scorer_can_score():
    one = Anchor(id="a1", input="Q", answer="A", human="1", expected="E", contexts=("C",))
    [(case, response)] = anchor_pairs([one], "run-9")
    assert (case.variables, case.expected, case.contexts) == ({"input": "Q"}, "E", ("C",))
    assert response.key == ResponseKey(run_id="run-9", role=Role.JUDGE, case_id=case.id)
    assert (response.text, response.answered) == ("A", True)


def test_an_anchor_whose_texts_change_is_another_one_but_not_one_that_people_graded_anew():
    one = Anchor(id="a1", input="Q", answer="A", human="1")
    others = [replace(one, human="2"), replace(one, answer="B"), replace(one, input="R"), replace(one, contexts=("C",))]
    assert [anchor_case(other).id == anchor_case(one).id for other in others] == [True, False, False, False]
    assert anchor_case(one).id.startswith("anchor a1 ")
