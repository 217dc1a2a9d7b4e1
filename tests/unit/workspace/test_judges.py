"""Judges: rubric, scale, bar, anchors."""

import pytest


def test_a_judge_is_what_its_files_say(judge):
    loaded = judge(parameters={"temperature": 0})
    assert loaded.problems == ()
    found = loaded.value
    assert (found.name, found.version, found.provider, found.model) == ("kind", "1", "main", "m-2026")
    assert (found.rubric, found.bar, found.parameters) == ("Be kind.", 0.5, {"temperature": 0})
    assert found.scale == {"1": 0.0, "2": 0.5, "3": 1.0}
    assert [(anchor.id, anchor.human) for anchor in found.anchors] == [("a", "1"), ("b", "3")]


def test_a_scale_may_be_given_by_its_ends(judge):
    scale = {"min": 1, "max": 5}
    assert judge(scale=scale).value.scale == {"1": 0.0, "2": 0.25, "3": 0.5, "4": 0.75, "5": 1.0}


def test_grades_may_be_words_in_their_order(judge):
    rows = [{"id": "a", "input": "q", "answer": "x", "human": "bad"}]
    found = judge(*rows, scale={"bad": 0, "fair": 0.4, "good": 1}).value
    assert list(found.scale) == ["bad", "fair", "good"]


@pytest.mark.parametrize(
    "change",
    [
        {"rubric": "Be strict."},
        {"model": "other"},
        {"provider": "other"},
        {"parameters": {"temperature": 1}},
        {"bar": 1.0},
        {"scale": {"1": 0.0, "2": 0.6, "3": 1.0}},
    ],
)
def test_the_digest_changes_with_what_decides_a_grade(judge, change):
    before = judge().value.digest
    assert judge(**change).value.digest != before


def test_the_digest_does_not_change_with_anchors_and_names(judge):
    before = judge().value.digest
    anchor = {"id": "c", "input": "q", "answer": "x", "human": "2"}
    assert judge(anchor, version=9, description="d").value.digest == before


def test_a_watch_may_use_it_on_another_model(judge):
    found = judge(parameters={"temperature": 0}).value
    other = found.used_with(provider="p", model="m")
    assert (other.provider, other.model, other.parameters) == ("p", "m", {"temperature": 0})
    assert found.used_with() == found
    assert found.used_with(parameters={}).parameters == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"scale": {"1": 1.0}}, "kind/judge.yaml:5: scale: must give at least two grades a value"),
        ({"scale": 5}, "kind/judge.yaml:5: scale: must give at least two grades a value"),
        ({"scale": {"1": 0, "2": 7}, "without": ()}, "kind/judge.yaml:7: scale.2: must be a number from 0 to 1"),
        ({"scale": {"min": 5, "max": 1}}, "kind/judge.yaml:5: scale: min and max must be whole numbers"),
        ({"scale": {"min": 0, "max": 100000}}, "kind/judge.yaml:5: scale: min and max must be whole numbers"),
        ({"scale": {"min": True, "max": 2}}, "kind/judge.yaml:5: scale: min and max must be whole numbers"),
        ({"without": ["scale"]}, "kind/judge.yaml:1: scale: is required"),
        ({"bar": 0}, "kind/judge.yaml:9: bar: must be more than 0"),
        ({"scale": {"1": 0.5, "3": 1.0}}, "kind/judge.yaml:8: bar: every grade reaches it: no answer could fail"),
        ({"scale": {"1": 0.0, "3": 0.4}}, "kind/judge.yaml:8: bar: no grade reaches it: no answer could pass"),
        ({"rubric": " \n"}, "kind/rubric.md: is empty"),
        ({"rubric": "x" * 3_000_000}, "kind/rubric.md: is larger than 2 MB"),
        ({"anchors": "none.jsonl"}, "kind/none.jsonl: there is no such file"),
    ],
)
def test_what_is_wrong_with_a_judge_is_told(judge, change, told):
    loaded = judge(**change)
    assert str(loaded.problems[0]).startswith(told)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"id": "a", "input": "q", "answer": "x", "human": 7}, "human: '7' is not on the scale (known: 1, 2, 3)"),
        ({"id": "a", "input": "q", "answer": "x"}, "human: is required"),
        ({"id": "a", "input": "q", "answer": "x", "human": 1, "why": "y"}, "why: unknown key 'why'"),
    ],
)
def test_what_is_wrong_with_an_anchor_is_told(judge, row, told):
    loaded = judge(row)
    assert str(loaded.problems[0]).startswith(f"kind/anchors.jsonl:1: {told}")


def test_two_anchors_of_one_id_are_told(judge):
    row = {"id": "a", "input": "q", "answer": "x", "human": 1}
    assert "a second anchor is called 'a'" in str(judge(row, row).problems[0])
