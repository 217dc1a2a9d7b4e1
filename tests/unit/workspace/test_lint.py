"""What a reviewer would say."""

import random

import pytest

from watchdog.catalog import VOCABULARY
from watchdog.domain.case import CheckSpec
from watchdog.settings.parts import Parts
from watchdog.settings.scorers import reads_expected
from watchdog.workspace.lint import Severity, lint

READS = reads_expected(Parts(VOCABULARY))
FINE = {"id": "a", "input": "Where is my parcel?", "checks": [{"contains": "tracking"}]}


def said(loaded, scorers=()):
    assert [str(problem) for problem in loaded.problems] == []
    return {(f.severity, f.case_id, f.line, f.message) for f in lint(loaded.value, scorers, READS)}


def one(loaded, scorers=()):
    [(severity, _, _, message)] = said(loaded, scorers)
    return severity, message


def test_a_good_case_is_not_remarked_upon(golden):
    assert said(golden(FINE)) == set()


def test_cases_that_ask_the_same_are_told_at_the_second(golden):
    other = {**FINE, "id": "b", "input": " where IS  my parcel? "}
    assert said(golden(FINE, other)) == {(Severity.WARNING, "b", 2, "asks the same as 'a'")}


def test_cases_that_ask_nearly_the_same_are_told(golden):
    long = "Hello, I ordered a kettle nine days ago and it still has not arrived. Where is it now?"
    loaded = golden({**FINE, "input": long}, {**FINE, "id": "b", "input": long.replace("nine", "ten")})
    assert said(loaded) == {(Severity.WARNING, "b", 2, "asks nearly the same as 'a'")}


def test_the_same_question_about_other_documents_is_another_question(golden):
    loaded = golden(
        {**FINE, "contexts": ["It was sent on Monday."]}, {**FINE, "id": "b", "contexts": ["No parcel is known."]}
    )
    assert said(loaded) == set()


def test_near_duplicates_are_found_in_a_large_set_too(golden):
    words = ["kettle", "tent", "stove", "order", "parcel", "refund", "late", "broken", "blue", "where", "when", "why"]
    rng = random.Random(5)
    rows = [{"id": f"c{n}", "input": " ".join(rng.choices(words, k=30)), "checks": ["answered"]} for n in range(1200)]
    rows.append({**rows[17], "id": "twin", "input": rows[17]["input"].replace("e", "3", 1)})
    assert "asks nearly the same as 'c17'" in {message for _, case, _, message in said(golden(*rows)) if case == "twin"}


@pytest.mark.parametrize(
    "check",
    [
        {"contains": ""},
        {"starts-with": ""},
        {"contains": {"any": ["", "x"]}},
        {"regex": ".*"},
        {"regex": "(x)?"},
        {"regex": {"pattern": "[\\s\\S]*"}},
        {"levenshtein": {"value": "x", "min": 0}},
    ],
)
def test_a_check_that_passes_everything_is_an_error(golden, check):
    loaded = golden({**FINE, "checks": [check]})
    if loaded.problems:  # refused even earlier, by the check itself
        return
    assert (Severity.ERROR, "a", 1, "no check of it can fail") in said(loaded)


@pytest.mark.parametrize(
    "check", [{"regex": "^yes"}, {"contains": "x"}, {"contains": {"none": ["x"]}}, {"word-count": 9}]
)
def test_a_check_that_can_fail_is_fine(golden, check):
    assert said(golden({**FINE, "checks": [check]})) == set()


def test_a_case_that_nothing_looks_at_cannot_fail(golden):
    loaded = golden({"id": "a", "input": "x"})
    assert one(loaded) == (Severity.ERROR, "no check looks at it: it cannot fail")
    assert one(golden({"id": "a", "input": "x", "expected": "y"}), [CheckSpec(name="case-checks")])[0] is Severity.ERROR
    assert said(loaded, [CheckSpec(name="not-refusal")]) == set()


def test_a_check_that_needs_what_the_case_does_not_expect_is_never_scored(golden):
    loaded = golden({"id": "a", "input": "x", "checks": ["equals"]})
    assert one(loaded) == (Severity.ERROR, "equals compares with 'expected', which is missing: it is never scored")
    assert said(golden({"id": "a", "input": "x", "checks": [{"equals": "y"}]})) == set()
    assert said(golden({"id": "a", "input": "x", "expected": "y", "checks": ["equals"]})) == set()
    scorers = [CheckSpec(name="json-fields"), CheckSpec(name="judge", arguments={"use": "x"})]
    assert one(golden({"id": "a", "input": "x"}), scorers)[1].startswith("json-fields compares with 'expected'")


def test_checks_of_cases_that_the_watch_does_not_run_are_told(golden):
    message = "has checks of its own, but the watch has no scorer 'case-checks' to run them"
    assert one(golden(FINE), [CheckSpec(name="not-refusal")]) == (Severity.WARNING, message)
    assert said(golden(FINE), [CheckSpec(name="case-checks")]) == set()


def test_an_empty_expectation_is_told(golden):
    assert one(golden({**FINE, "expected": {}})) == (Severity.WARNING, "expects nothing: 'expected' is empty")


def test_credentials_and_personal_data_are_told_by_kind_and_not_repeated(golden):
    key, mail = "sk-proj-Zk3vQ9mT7xR2bN8wY4hJ6cL1", "ada.lovelace@gmail.com"
    rows = [
        {**FINE, "id": "key", "input": f"My key is {key}"},
        {**FINE, "id": "mail", "input": "Something else", "contexts": [f"Write to {mail}"]},
        {**FINE, "id": "hidden", "input": "A third thing", "expected": {"a": [f"call {mail}"]}},
        {**FINE, "id": "invented", "input": "Mail me at ada@shop.example.com or bob@example.org please"},
    ]
    found = said(golden(*rows))
    assert {(case, severity) for severity, case, _, _ in found} == {
        ("key", Severity.ERROR),
        ("mail", Severity.WARNING),
        ("hidden", Severity.WARNING),
    }
    assert not any(key in message or mail in message for *_, message in found)


def test_a_set_that_nobody_reviewed_is_told(golden):
    assert one(golden(FINE, reviewed_by=[]))[1] == "nobody has reviewed it: set.yaml names no reviewed_by"


def test_tags_are_held_against_their_declaration(golden):
    rows = [{**FINE, "id": f"c{n}", "input": str(n), "tags": ["a"]} for n in range(6)]
    messages = {message for *_, message in said(golden(*rows, tags=["a", "b"]))}
    assert messages == {"the tag 'b' is declared, but no case has it"}
    messages = {message for *_, message in said(golden(*rows, tags=["b"]))}
    assert "the tag 'a' is not declared in set.yaml" in messages


def test_unbalanced_and_small_tags_are_told(golden):
    rows = [{**FINE, "id": f"c{n}", "input": str(n), "tags": ["many"]} for n in range(20)]
    rows += [{**FINE, "id": "few", "input": "few", "tags": ["few"]}, {**FINE, "id": "none", "input": "none"}]
    assert {message for *_, message in said(golden(*rows))} == {
        "tags are unbalanced: 20 cases of 'many', 1 of 'few'",
        "too few cases to be read as groups of their own: few",
        "1 of 22 cases have no tag",
    }


def test_remarks_come_in_the_order_of_the_file(golden):
    loaded = golden({"id": "a", "input": "x"}, {**FINE, "id": "b"}, {"id": "c", "input": "z"}, reviewed_by=[])
    assert [finding.line for finding in lint(loaded.value)] == [1, 3, None]
