"""The shipped golden sets measure something: every case can be passed, and every case can be failed."""

import json
from collections import Counter
from pathlib import Path

import jinja2
import jsonschema
import pytest
import yaml

from watchdog.text.redaction import find_personal_data, find_secrets

ALL = ["support_extraction", "grounded_answers", "instruction_following"]
#: Answers in words that fit no question.
USELESS = ["{}", "Certainly! I am happy to help with that, here you are: 7, lorem ipsum, and so on."]


@pytest.mark.parametrize("name", ALL)
def test_a_set_has_sixty_cases_or_more_each_with_its_own_id_and_input(name: str, rows):
    cases = rows(name)

    assert len(cases) >= 60
    assert len({case["id"] for case in cases}) == len(cases)
    inputs = Counter(json.dumps([case["input"], case.get("contexts")]) for case in cases)
    assert not [text for text, count in inputs.items() if count > 1]


@pytest.mark.parametrize("name", ALL)
def test_the_tags_are_the_declared_ones_and_none_is_rare(name: str, rows, folder):
    declared = yaml.safe_load((folder(name) / "set.yaml").read_text())["tags"]
    used = Counter(tag for case in rows(name) for tag in case["tags"])

    assert set(used) == set(declared)
    assert min(used.values()) >= 5


@pytest.mark.parametrize("name", ALL)
def test_the_files_that_a_set_names_are_beside_it(name: str, folder):
    described = yaml.safe_load((folder(name) / "set.yaml").read_text())

    assert described["name"] == name
    assert described["reviewed_by"]
    assert all((folder(name) / described[file]).is_file() for file in ("prompt", "schema") if file in described)


@pytest.mark.parametrize("name", ALL)
def test_there_is_no_personal_data_and_no_secret_in_a_set(name: str, folder):
    for path in folder(name).iterdir():
        text = path.read_text(encoding="utf-8")
        assert not find_personal_data(text), path.name
        assert not find_secrets(text), path.name


@pytest.mark.parametrize("name", ALL)
def test_a_useless_answer_fails_every_case(name: str, rows, objections):
    assert [case["id"] for case in rows(name) for answer in USELESS if not objections(case, answer)] == []


@pytest.mark.parametrize("name", ALL)
def test_the_prompt_shows_the_model_all_that_a_case_gives(name: str, rows, folder):
    _, user = (folder(name) / "prompt.md").read_text().split("# User")
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(user)

    for case in rows(name):
        if isinstance(case["input"], str):
            shown = template.render(input=case["input"], contexts=case.get("contexts", []))
            assert all(text in shown for text in [case["input"], *case.get("contexts", [])])


def test_the_expected_objects_of_the_mails_fulfil_the_schema_and_pass(rows, folder, objections):
    schema = json.loads((folder("support_extraction") / "schema.json").read_text())

    for case in rows("support_extraction"):
        jsonschema.validate(case["expected"], schema)
        assert objections(case, json.dumps(case["expected"])) == []


def test_what_the_mails_are_expected_to_give_stands_in_them(rows):
    for case in rows("support_extraction"):
        order, product = case["expected"]["order_id"], case["expected"]["product"]
        assert order is None or order in case["input"]
        assert product is None or product.lower() in case["input"].lower()


def test_the_examples_in_the_prompt_of_the_mails_fulfil_the_schema(folder):
    schema = json.loads((folder("support_extraction") / "schema.json").read_text())
    answers = [
        line for line in (folder("support_extraction") / "prompt.md").read_text().splitlines() if line[:1] == "{"
    ]

    assert answers[:-1]
    for answer in answers:
        if "{{" not in answer:
            jsonschema.validate(json.loads(answer), schema)


def test_facts_pass_and_a_refusal_to_answer_fails_where_the_documents_have_the_answer(rows, objections):
    for case in rows("grounded_answers"):
        facts = case["expected"].get("facts")
        if facts:
            first = "; ".join(fact if isinstance(fact, str) else fact[0] for fact in facts)
            assert objections(case, f"It is {first}.") == [], case["id"]
            assert objections(case, "Not in the documents."), case["id"]


def test_only_the_agreed_sentence_passes_where_the_documents_have_no_answer(rows, objections):
    unanswerable = [case for case in rows("grounded_answers") if case["expected"].get("unanswerable")]

    for case in unanswerable:
        assert objections(case, "Not in the documents.") == []
        assert objections(case, "It is 17.")
        assert case["tags"][0] == "unanswerable"
    assert 0.2 < len(unanswerable) / len(rows("grounded_answers")) < 0.4


def test_what_must_not_be_said_is_taken_from_the_documents_or_invented_but_never_the_answer(rows, objections):
    for case in rows("grounded_answers"):
        for check in case["checks"]:
            for invention in check.get("contains", {}).get("none", []) if isinstance(check, dict) else []:
                assert objections(case, f"Not in the documents. It is {invention}.")


def test_every_instruction_can_be_followed(rows, objections):
    """good_answers.json was written by hand: one answer for each case."""
    answers = json.loads((Path(__file__).parent / "good_answers.json").read_text(encoding="utf-8"))
    cases = rows("instruction_following")

    assert {case["id"] for case in cases} == set(answers)
    assert {case["id"]: found for case in cases if (found := objections(case, answers[case["id"]]))} == {}


def test_the_right_answer_to_another_instruction_does_not_pass(rows, objections):
    """Whoever answers without reading passes hardly anything."""
    answers = json.loads((Path(__file__).parent / "good_answers.json").read_text(encoding="utf-8"))
    cases = rows("instruction_following")
    passed = sum(
        not objections(case, answers[other["id"]]) for case, other in zip(cases, cases[1:] + cases[:1], strict=True)
    )

    assert passed / len(cases) < 0.1
