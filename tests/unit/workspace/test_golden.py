"""Golden sets: cases, digests, problems."""

import pytest

from watchdog.domain.case import CheckSpec, Message


def cases_of(loaded):
    assert [str(problem) for problem in loaded.problems] == []
    return loaded.value.golden_set.cases


def test_a_text_is_a_message_of_the_user_and_the_variable_input(golden):
    [case] = cases_of(golden({"id": "a", "input": "hello"}))
    assert case.messages == (Message(role="user", content="hello"),)
    assert case.variables == {"input": "hello"}


def test_a_conversation_is_kept_as_it_is(golden):
    talk = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "yes?"},
        {"role": "user", "content": "x"},
    ]
    [case] = cases_of(golden({"id": "a", "input": talk, "variables": {"tone": "kind"}}))
    assert [message.role for message in case.messages] == ["user", "assistant", "user"]
    assert case.variables == {"tone": "kind"}


def test_a_case_carries_everything_its_row_says(golden):
    row = {
        "id": "a",
        "variables": {"name": "Ada"},
        "expected": {"facts": ["x"]},
        "contexts": ["one", "two"],
        "checks": ["not-refusal", {"word-count": {"max": 5}}, {"contains": "x"}],
        "tags": ["b", "a", "b"],
        "weight": 2,
        "cluster": "talk-1",
        "metadata": {"from": "ticket"},
    }
    loaded = golden(row)
    [case] = cases_of(loaded)
    assert case.messages == ()
    assert case.checks == (
        CheckSpec(name="not-refusal"),
        CheckSpec(name="word-count", arguments={"max": 5}),
        CheckSpec(name="contains", arguments={"value": "x"}),
    )
    assert (case.tags, case.weight, case.cluster, case.contexts) == (("b", "a"), 2.0, "talk-1", ("one", "two"))
    assert case.metadata == {"from": "ticket"}
    assert loaded.value.lines == {"a": 1}


def test_the_set_says_who_it_is(golden):
    loaded = golden({"id": "a", "input": "x"}, version=2, description=" d \n", tags=["t"], license="Apache-2.0")
    golden_set = loaded.value.golden_set
    assert (golden_set.name, golden_set.version, golden_set.description) == ("reply", "2", "d")
    assert golden_set.reviewed_by == ("me",)
    assert loaded.value.tags == ("t",)


def test_files_that_the_set_names_must_be_there(golden, tmp_path):
    told = [str(problem) for problem in golden({"id": "a", "input": "x"}, prompt="p.md", schema="s.json").problems]
    assert told == [
        "reply/set.yaml:2: prompt: there is no file 'p.md' beside it",
        "reply/set.yaml:5: schema: there is no file 's.json' beside it",
    ]
    assert len(golden({"id": "a", "input": "x"}, prompt="p" * 5000).problems) == 1
    (tmp_path / "reply" / "p.md").write_text("{{ input }}")
    assert golden({"id": "a", "input": "x"}, prompt="p.md").value.prompt == "p.md"


BASE = {"id": "a", "input": "x", "expected": "y", "contexts": ["c"], "checks": ["answered"], "variables": {"v": 1}}


@pytest.mark.parametrize(
    "change",
    [
        {"input": "z"},
        {"expected": "z"},
        {"expected": None},
        {"contexts": ["c", "d"]},
        {"checks": ["not-refusal"]},
        {"checks": [{"answered": {"name": "x"}}]},
        {"variables": {"v": 2}},
    ],
)
def test_the_digest_of_a_case_changes_with_what_decides_its_scores(golden, change):
    [before] = cases_of(golden(BASE))
    [after] = cases_of(golden({**BASE, **change}))
    assert before.digest != after.digest


@pytest.mark.parametrize("change", [{"id": "b"}, {"tags": ["t"]}, {"metadata": {"m": 1}}, {"weight": 3}])
def test_the_digest_of_a_case_does_not_change_with_anything_else(golden, change):
    [before] = cases_of(golden(BASE))
    [after] = cases_of(golden({**BASE, **change}))
    assert before.digest == after.digest


@pytest.mark.parametrize(
    ("rows", "same"),
    [
        ([{"id": "a", "input": "x", "tags": ["t"]}, {"id": "b", "input": "y"}], True),
        ([{"id": "b", "input": "y"}, {"id": "a", "input": "x"}], False),
        ([{"id": "a", "input": "x", "weight": 2}, {"id": "b", "input": "y"}], False),
        ([{"id": "a", "input": "x", "cluster": "c"}, {"id": "b", "input": "y"}], False),
        ([{"id": "a", "input": "x"}], False),
        ([{"id": "c", "input": "x"}, {"id": "b", "input": "y"}], False),
    ],
)
def test_the_digest_of_a_set_covers_its_cases_in_their_order(golden, rows, same):
    before = golden({"id": "a", "input": "x"}, {"id": "b", "input": "y"}).value.golden_set.digest
    assert (golden(*rows).value.golden_set.digest == before) is same


def test_the_digest_covers_files_that_checks_name_and_not_where_they_are(golden, tmp_path):
    row = {"id": "a", "input": "x", "checks": [{"is-json": "schema.json"}]}

    def digest(folder, content):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "schema.json").write_text(content)
        [case] = cases_of(golden(row, folder=folder))
        assert case.checks[0].arguments["schema"] == str(tmp_path / folder / "schema.json")
        return case.digest

    assert digest("here", "{}") == digest("there", "{}")
    assert digest("here", "{}") != digest("here", '{"type": "object"}')


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "reply/cases.jsonl:2: is not JSON: Expecting property name enclosed in double quotes at column 2"),
        ({"input": "x"}, "reply/cases.jsonl:2: id: is required"),
        ({"id": "b"}, "reply/cases.jsonl:2: has neither input nor variables"),
        ({"id": "b", "input": 5}, "reply/cases.jsonl:2: input: must be text or a list of messages, not a number"),
        ({"id": "b", "input": []}, "reply/cases.jsonl:2: input: must not be empty"),
        ({"id": "b", "input": [{"role": "user"}]}, "reply/cases.jsonl:2: input[0].content: is required"),
        ({"id": "b", "input": "x", "tags": ["a b"]}, "reply/cases.jsonl:2: tags[0]: is not a name"),
        ({"id": "b", "input": "x", "contexts": "c"}, "reply/cases.jsonl:2: contexts: must be a list, not text"),
        ({"id": "b", "input": "x", "weight": "1"}, "reply/cases.jsonl:2: weight: must be a number, not text"),
        ({"id": "a", "input": "x"}, "reply/cases.jsonl:2: id: a second case is called 'a' (the first is on line 1)"),
        (
            {"id": "b", "input": "x", "checks": [{"contains": {"valeu": 1}}]},
            "reply/cases.jsonl:2: checks[0]: contains takes no 'valeu' (did you mean 'value'?)",
        ),
        (
            {"id": "b", "input": "x", "checks": ["answered", {"regex": "("}]},
            "reply/cases.jsonl:2: checks[1]: the pattern",
        ),
        ({"id": "b", "input": "x", "checks": "answered"}, "reply/cases.jsonl:2: checks: must be a list, not text"),
    ],
)
def test_a_row_that_is_wrong_is_told_and_the_others_are_kept(golden, row, told):
    loaded = golden({"id": "a", "input": "x"}, row)
    assert len(loaded.problems) == 1
    assert str(loaded.problems[0]).startswith(told)
    assert [case.id for case in loaded.value.golden_set.cases] == ["a"]


def test_a_set_without_cases_is_no_set(golden):
    loaded = golden("\n\n")
    assert loaded.value is None
    assert [str(problem) for problem in loaded.problems] == ["reply/cases.jsonl: holds no cases"]


def test_problems_of_both_files_are_told(golden):
    loaded = golden({"id": 5, "input": "x"}, nmae="x")
    assert [problem.file for problem in loaded.problems] == ["reply/set.yaml", "reply/cases.jsonl"]
