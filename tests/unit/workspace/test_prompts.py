"""Prompt files."""

import pytest

from watchdog.workspace.prompts import load_prompt, variables_of


@pytest.fixture
def prompt(tmp_path):
    def write(text, name="p.md"):
        (tmp_path / name).write_text(text)
        return load_prompt(tmp_path / name, name)

    return write


@pytest.mark.parametrize(
    ("text", "system", "user"),
    [
        ("Say {{ input }}", None, "Say {{ input }}"),
        ("# System\n\nBe kind.\n\n# User\n\n{{ input }}\n", "Be kind.", "{{ input }}"),
        ("\n# user\r\n{{ input }}\r\n# SYSTEM\r\nBe kind.\r\n", "Be kind.", "{{ input }}"),
        ("# User\n{{ input }}", None, "{{ input }}"),
        ("# System\n\n# User\nx", None, "x"),
        ("Intro.\n# User\nx", None, "Intro.\n# User\nx"),
        ("## User\nx", None, "## User\nx"),
        ("# Users\nx", None, "# Users\nx"),
    ],
)
def test_headings_divide_a_text(prompt, text, system, user):
    loaded = prompt(text)
    assert loaded.problems == ()
    assert (loaded.value.system, loaded.value.user, loaded.value.name) == (system, user, "p.md")


def test_a_prompt_may_be_yaml(prompt):
    loaded = prompt("system: Be kind.\nuser: |\n  {{ input }}\n", "p.yaml")
    assert (loaded.value.system, loaded.value.user) == ("Be kind.", "{{ input }}\n")
    assert [str(problem) for problem in prompt("usr: x", "p.yml").problems] == [
        "p.yml:1: user: is required",
        "p.yml:1: usr: unknown key 'usr' (did you mean 'user'?)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one\n{{ two", "p.md:2: is not a Jinja2 template"),
        ("# System\n\n{% if %}\n\n# User\nx", "p.md:3: is not a Jinja2 template"),
        ("# System\na\n# User\n\n{{ x | nothing }}", "p.md:5: is not a Jinja2 template: No filter named 'nothing'."),
        ("{% for x in y %}", "p.md:1: is not a Jinja2 template"),
        ("# System\nBe kind.", "p.md: has no user part (write '# User' above it)"),
        ("", "p.md: has no user part"),
        ("# User\na\n# User\nb", "p.md:3: a second '# User' (use '##' inside a part)"),
    ],
)
def test_what_is_wrong_is_told_at_its_line_and_there_is_no_prompt(prompt, text, told):
    loaded = prompt(text)
    assert loaded.value is None
    assert str(loaded.problems[0]).startswith(told)


def test_a_template_is_not_run_while_it_is_checked(prompt):
    assert prompt("{{ 9 ** 9 ** 9 }}").problems == ()
    assert prompt("{% include '/etc/passwd' %}").problems == ()


def test_the_digest_covers_both_parts(prompt):
    digests = {
        prompt(text).value.digest for text in ("x", "# User\nx", "# System\ny\n# User\nx", "# System\nx\n# User\nx")
    }
    assert len(digests) == 3


def test_the_variables_every_case_must_give(prompt):
    loaded = prompt(
        "# System\n{{ tone }} {{ contexts }}\n# User\n{{ input }} {% for m in messages %}{{ m }}{% endfor %}"
    )
    assert variables_of(loaded.value) == {"tone"}
    assert variables_of(prompt("{{ tone | default('kind') }}").value) == frozenset()
    assert variables_of(prompt("{% if tone is defined %}{{ tone }}{% endif %}").value) == frozenset()
    assert variables_of(prompt("no template").value) == frozenset()
