"""The shipped golden sets measure something: every case can be passed, and every case can be failed."""

import json
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from watchdog.domain.case import CheckSpec
from watchdog.domain.score import Outcome
from watchdog.replay.render import messages_for
from watchdog.text.redaction import find_personal_data, find_secrets
from watchdog.workspace.lint import lint
from watchdog.workspace.prompts import load_prompt

ALL = ["support_extraction", "grounded_answers", "instruction_following"]
#: Answers in words that fit no question.
USELESS = ["{}", "Certainly! I am happy to help with that, here you are: 7, lorem ipsum, and so on."]
NOT_THERE = "Not in the documents."
#: Written by hand: one answer for each case.
GOOD_ANSWERS = json.loads((Path(__file__).parent / "good_answers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ALL)
def test_a_set_has_sixty_cases_or_more_and_somebody_who_read_them(name: str, golden):
    read = golden(name).golden_set

    assert len(read.cases) >= 60
    assert (read.name, bool(read.reviewed_by), bool(read.description)) == (name, True, True)


@pytest.mark.parametrize("name", ALL)
def test_the_lint_has_nothing_to_say(name: str, golden):
    findings = lint(golden(name), [CheckSpec(name="case-checks")])

    assert [(finding.severity, finding.case_id, finding.message) for finding in findings] == []


@pytest.mark.parametrize("name", ALL)
def test_the_tags_are_the_declared_ones_and_none_is_rare(name: str, golden):
    files = golden(name)
    used = Counter(tag for case in files.golden_set.cases for tag in case.tags)

    assert set(used) == set(files.tags)
    assert min(used.values()) >= 5


@pytest.mark.parametrize("name", ALL)
def test_there_is_no_personal_data_and_no_secret_in_a_set(name: str, golden):
    for path in golden(name).folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert (path.name, find_personal_data(text), find_secrets(text)) == (path.name, [], [])


@pytest.mark.parametrize("name", ALL)
def test_a_useless_answer_fails_every_case(name: str, golden, score):
    passed = [
        (case.id, answer)
        for case in golden(name).golden_set.cases
        for answer in USELESS
        if score(case, answer).outcome is not Outcome.FAILED
    ]

    assert passed == []


@pytest.mark.parametrize("name", ALL)
def test_the_prompt_shows_the_model_all_that_a_case_gives(name: str, golden):
    files = golden(name)
    prompt = load_prompt(files.folder / files.prompt, files.prompt).checked()

    for case in files.golden_set.cases:
        system, user = messages_for(case, prompt)
        assert (system.role, user.role) == ("system", "user")
        assert all(text in user.content for text in [*(message.content for message in case.messages), *case.contexts])


def test_the_expected_objects_of_the_mails_fulfil_the_schema_and_pass(golden, score):
    files = golden("support_extraction")
    schema = json.loads((files.folder / "schema.json").read_text())

    for case in files.golden_set.cases:
        jsonschema.validate(case.expected, schema)
        assert score(case, json.dumps(case.expected)).outcome is Outcome.PASSED


def test_what_a_mail_is_expected_to_give_stands_in_it(golden):
    for case in golden("support_extraction").golden_set.cases:
        mail = case.variables["input"]
        order, product = case.expected["order_id"], case.expected["product"]
        assert order is None or order in mail
        assert product is None or product.lower() in mail.lower()


def test_the_examples_in_the_prompt_of_the_mails_fulfil_the_schema(golden):
    folder = golden("support_extraction").folder
    schema = json.loads((folder / "schema.json").read_text())
    answers = [line for line in (folder / "prompt.md").read_text().splitlines() if line.startswith('{"')]

    assert len(answers) >= 4
    for answer in answers:
        jsonschema.validate(json.loads(answer), schema)


def test_the_facts_pass_and_claiming_they_are_not_there_fails(golden, score):
    for case in golden("grounded_answers").golden_set.cases:
        facts = case.expected.get("facts")
        if facts:
            first = "; ".join(fact if isinstance(fact, str) else fact[0] for fact in facts)
            assert score(case, f"It is {first}.").outcome is Outcome.PASSED, case.id
            assert score(case, NOT_THERE).outcome is Outcome.FAILED, case.id


def test_only_the_agreed_sentence_passes_where_the_documents_have_no_answer(golden, score):
    cases = golden("grounded_answers").golden_set.cases
    unanswerable = [case for case in cases if case.expected.get("unanswerable")]

    assert {case.id for case in unanswerable} == {case.id for case in cases if "unanswerable" in case.tags}
    assert 0.2 < len(unanswerable) / len(cases) < 0.4
    for case in unanswerable:
        assert score(case, NOT_THERE).outcome is Outcome.PASSED
        assert score(case, "It is 17.").outcome is Outcome.FAILED


def test_an_invention_fails_even_beside_the_agreed_sentence(golden, score):
    inventions = [
        (case, invention)
        for case in golden("grounded_answers").golden_set.cases
        for check in case.checks
        for invention in check.arguments.get("none", [])
    ]

    assert len(inventions) > 20
    for case, invention in inventions:
        assert score(case, f"{NOT_THERE} It is {invention}.").outcome is Outcome.FAILED, case.id


def test_questions_about_the_same_documents_are_one_cluster(golden):
    clusters = Counter(case.cluster for case in golden("grounded_answers").golden_set.cases)

    assert None not in clusters
    assert len(clusters) >= 10


def test_every_instruction_can_be_followed(golden, score):
    cases = golden("instruction_following").golden_set.cases

    assert {case.id for case in cases} == set(GOOD_ANSWERS)
    scores = {case.id: score(case, GOOD_ANSWERS[case.id]) for case in cases}
    assert {name: score.reason for name, score in scores.items() if score.outcome is not Outcome.PASSED} == {}


def test_whoever_answers_another_instruction_passes_hardly_anything(golden, score):
    cases = golden("instruction_following").golden_set.cases
    passed = [
        case.id
        for case, other in zip(cases, cases[1:] + cases[:1], strict=True)
        if score(case, GOOD_ANSWERS[other.id]).outcome is Outcome.PASSED
    ]

    assert len(passed) / len(cases) < 0.1
