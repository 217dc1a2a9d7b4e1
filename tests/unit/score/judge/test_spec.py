import pytest

from watchdog.score.judge.spec import Anchor, grade_of, linear_scale


def test_grades_are_what_yaml_and_json_make_of_them(spec):
    assert [grade_of(value) for value in (3, 3.0, "3 ", True, False, 2.5, None, [3])] == [
        "3",
        "3",
        "3",
        "yes",
        "no",
        "2.5",
        "",
        "",
    ]
    assert dict(spec(scale={True: 1.0, False: 0.0}).scale) == {"yes": 1.0, "no": 0.0}


def test_a_range_is_a_scale_in_equal_steps():
    assert linear_scale(1, 5) == {"1": 0.0, "2": 0.25, "3": 0.5, "4": 0.75, "5": 1.0}
    with pytest.raises(ValueError, match="more than 'min'"):
        linear_scale(3, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "'name' is empty"),
        ({"rubric": ""}, "'rubric' is empty"),
        ({"scale": {1: 0.0}}, "two or more grades"),
        ({"scale": {1: 0.5, 2: 0.5}}, "two or more grades"),
        ({"scale": {1: 0.0, 2: 2.0}}, "from 0 to 1"),
        ({"scale": {1: 0.0, 2: float("nan")}}, "from 0 to 1"),
        ({"bar": 1.1}, "from 0 to 1"),
        ({"longest": 10}, "1000 characters"),
        ({"anchors": (Anchor(id="a", input="x", answer="y", human="4"),)}, "the grade of a is not on the scale"),
        ({"anchors": (Anchor(id="a", input="x", answer="y", human="1"),) * 2}, "same id"),
    ],
)
def test_a_judge_that_cannot_work_is_refused_in_words(spec, changes, message):
    with pytest.raises(ValueError, match=message):
        spec(**changes)


@pytest.mark.parametrize("rubric", ["{{ answer", "{% if %}", "{{ reference }}", "{{ answer }} {{ cycler }}"])
def test_a_rubric_that_is_no_template_is_refused(judge, model, rubric):
    with pytest.raises(ValueError, match="the rubric"):
        judge(model("x"), rubric=rubric)


def test_the_digest_covers_what_decides_scores_and_nothing_else(spec, judge, model):
    plain = judge(model("x")).digest
    changes = [
        {"rubric": "Another."}, {"model": "m2"}, {"provider": "p2"}, {"parameters": {"temperature": 1}},
        {"scale": {1: 0.0, 2: 0.4, 3: 1.0}}, {"bar": 0.5}, {"longest": 5000},
    ]  # fmt: skip
    digests = {judge(model("x"), **change).digest for change in changes}
    assert len(digests | {plain}) == len(changes) + 1
    anchors = (Anchor(id="a", input="x", answer="y", human="1"),)
    assert judge(model("x"), anchors=anchors, name="other").digest == plain
