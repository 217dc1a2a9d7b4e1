"""The shipped judges can be calibrated: enough answers that people graded, over the whole scale."""

from collections import Counter

import pytest

from watchdog.text.redaction import find_personal_data, find_secrets
from watchdog.workspace.judges import load_judge

BOTH = ["helpfulness", "groundedness"]


@pytest.fixture
def judge(top):
    return lambda name: load_judge(top / "judges" / name, f"judges/{name}").checked()


@pytest.mark.parametrize("name", BOTH)
def test_a_judge_has_anchors_on_every_grade_each_with_a_reason(name: str, judge):
    read = judge(name)
    grades = Counter(anchor.human for anchor in read.anchors)

    assert len(read.anchors) >= 24
    assert set(grades) == set(read.scale)
    assert min(grades.values()) >= 5
    assert all(anchor.note for anchor in read.anchors)
    assert len({anchor.id for anchor in read.anchors}) == len(read.anchors)


@pytest.mark.parametrize("name", BOTH)
def test_the_rubric_describes_every_grade_and_is_prose_only(name: str, judge):
    read = judge(name)

    assert all(f"\n| {grade} |" in read.rubric for grade in read.scale)
    assert not any(mark in read.rubric for mark in ("{{", "{%", "{#"))


@pytest.mark.parametrize("name", BOTH)
def test_the_bar_lies_between_grades_that_people_gave(name: str, judge):
    read = judge(name)
    passed = [read.scale[anchor.human] >= read.bar for anchor in read.anchors]

    assert 0.3 < sum(passed) / len(passed) < 0.7


@pytest.mark.parametrize("name", BOTH)
def test_there_are_answers_that_try_to_grade_themselves(name: str, judge):
    assert sum("grade" in anchor.answer.lower() for anchor in judge(name).anchors) >= 2


@pytest.mark.parametrize("name", BOTH)
def test_there_is_no_personal_data_and_no_secret_in_a_judge(name: str, top):
    for path in (top / "judges" / name).iterdir():
        text = path.read_text(encoding="utf-8")
        assert (path.name, find_personal_data(text), find_secrets(text)) == (path.name, [], [])


def test_what_is_judged_for_groundedness_comes_with_documents(judge):
    assert all(anchor.contexts for anchor in judge("groundedness").anchors)


def test_the_same_question_has_good_and_bad_answers_so_that_the_question_alone_gives_nothing_away(judge):
    grades: dict[str, set[str]] = {}
    for name in BOTH:
        for anchor in judge(name).anchors:
            grades.setdefault(anchor.input, set()).add(anchor.human)

    assert sum(len(found) > 1 for found in grades.values()) > len(grades) / 2
