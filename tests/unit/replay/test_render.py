"""Prompts become messages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from watchdog.domain.case import Case, Message
from watchdog.domain.target import Prompt
from watchdog.errors import InvalidInput
from watchdog.replay.render import messages_for

CHAT = (Message(role="system", content="be nice"), Message(role="user", content="hi"))


def problem_of(case, prompt):
    with pytest.raises(InvalidInput) as caught:
        messages_for(case, prompt)
    [problem] = caught.value.problems
    return problem


def test_without_a_prompt_the_messages_are_sent_as_they_are():
    assert messages_for(Case(id="a", messages=CHAT), None) == CHAT


def test_without_a_prompt_a_text_is_a_user_message():
    assert messages_for(Case(id="a", variables={"input": "hi"}), None) == (Message(role="user", content="hi"),)


def test_a_case_that_says_nothing_is_refused():
    assert "'a'" in problem_of(Case(id="a"), None).message


def test_a_prompt_is_filled_from_the_case():
    prompt = Prompt(name="p.md", system="Answer in {{ language }}.", user="{{ contexts | join('; ') }}\n{{ input }}\n")
    case = Case(id="a", messages=CHAT, variables={"language": "Thai"}, contexts=("one", "two"))
    assert messages_for(case, prompt) == (
        Message(role="system", content="Answer in Thai."),
        Message(role="user", content="one; two\nhi\n"),
    )


def test_a_prompt_may_walk_through_the_conversation():
    prompt = Prompt(name="p", user="{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
    assert messages_for(Case(id="a", messages=CHAT), prompt)[0].content == "system: be nice\nuser: hi\n"


def test_the_variable_input_wins_over_the_messages():
    case = Case(id="a", messages=CHAT, variables={"input": "given"})
    assert messages_for(case, Prompt(name="p", user="{{ input }}"))[0].content == "given"


def test_text_that_looks_like_a_template_in_a_case_is_not_run():
    case = Case(id="a", variables={"input": "{{ 7 * 7 }} <b>&</b>"})
    assert messages_for(case, Prompt(name="p", user="{{ input }}"))[0].content == "{{ 7 * 7 }} <b>&</b>"


def test_a_missing_variable_names_itself_the_case_and_the_prompt():
    problem = problem_of(Case(id="c-12"), Prompt(name="prompts/reply.md", user="{{ customer }}"))
    assert problem.file == "prompts/reply.md"
    assert "'customer' is undefined in case 'c-12'" in problem.message


def test_a_broken_template_names_its_line():
    problem = problem_of(Case(id="a"), Prompt(name="p.md", user="fine\n{% if %}"))
    assert (problem.file, problem.line) == ("p.md", 2)


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__ }}", "{{ input.__init__.__globals__ }}", "{{ (1).__class__.__subclasses__() }}"],
)
def test_a_template_cannot_reach_into_python(template):
    problem = problem_of(Case(id="a", variables={"input": "x"}), Prompt(name="p", user=template))
    assert problem.file == "p"


def test_a_template_that_fails_does_not_quote_the_case():
    problem = problem_of(Case(id="a", variables={"input": "secret"}), Prompt(name="p", user="{{ input + 1 }}"))
    assert "TypeError" in problem.message
    assert "secret" not in problem.message


def test_jinja_is_not_loaded_for_a_watch_without_prompts():
    code = "import sys, watchdog.replay.stage; sys.exit('jinja2' in sys.modules or 'httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
