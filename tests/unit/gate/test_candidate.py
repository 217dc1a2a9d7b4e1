"""Where the candidate and the baseline come from."""

import subprocess

import pytest

from watchdog.domain.target import Prompt, Role, Target
from watchdog.errors import InvalidInput, UsageError
from watchdog.gate.candidate import at_revision, read_candidate

CURRENT = Target(
    role=Role.CURRENT,
    provider="main",
    model="m-1",
    prompt=Prompt(name="p.md", user="{{ input }}"),
    parameters={"temperature": 0, "max_tokens": 60},
)


@pytest.fixture
def read(tmp_path):
    def build(text, name="candidate.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_candidate(tmp_path / name, CURRENT, folder=tmp_path, providers=["main", "other"])

    return build


def test_a_prompt_file_replaces_the_prompt_alone(read):
    found = read("# System\nBe kind.\n\n# User\n{{ input }}\n", "new.md")
    assert (found.target.prompt.system, found.target.model) == ("Be kind.", "m-1")
    assert found.target.role is Role.CANDIDATE
    assert found.source.endswith("new.md")


def test_a_yaml_file_with_user_is_a_prompt(read):
    assert read("user: 'Say {{ input }}'\n").target.prompt.user == "Say {{ input }}"


def test_what_a_yaml_file_does_not_mention_stays(read):
    target = read("model: m-2\nparameters: {temperature: 0.7, max_tokens: null}\n").target
    assert (target.model, target.provider) == ("m-2", "main")
    assert dict(target.parameters) == {"temperature": 0.7}
    assert target.prompt == CURRENT.prompt


def test_a_prompt_is_found_like_those_of_the_workspace(read, tmp_path):
    (tmp_path / "other.md").write_text("Other: {{ input }}", encoding="utf-8")
    assert read("prompt: other.md\n").target.prompt.user == "Other: {{ input }}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("provider: mian\n", "did you mean 'main'"),
        ("modle: x\n", "did you mean 'model'"),
        ("prompt: none.md\n", "there is no prompt file"),
        ("{}\n", "changes nothing"),
        ("- a\n", "mapping"),
    ],
)
def test_every_mistake_is_told_with_its_remedy(read, text, said):
    with pytest.raises(InvalidInput, match=said):
        read(text)


WATCHDOG = """\
version: 1
owner: { team: a }
providers: { main: { kind: openai, api_key: "${KEY}" } }
watches:
  reply:
    cases: { golden: set }
    current: { provider: main, model: MODEL, prompt: p.md }
    scorers: [not-refusal]
"""


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "house" / "evals"
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "set.yaml").write_text("name: set\nversion: '1'\n", encoding="utf-8")
    (folder / "set" / "cases.jsonl").write_text('{"id": "a", "input": "hello"}\n', encoding="utf-8")

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path / "house", check=True, capture_output=True)

    def write(model, prompt):
        (folder / "watchdog.yaml").write_text(WATCHDOG.replace("MODEL", model), encoding="utf-8")
        (folder / "p.md").write_text(prompt, encoding="utf-8")
        git("add", "-A")
        git("commit", "-qm", model)

    git("init", "-q", "-b", "main")
    write("m-1", "Old: {{ input }}")
    git("tag", "v1")
    write("m-2", "New: {{ input }}")
    return folder


def test_the_baseline_may_be_another_revisions(repository):
    found = at_revision("v1", "reply", config=repository / "watchdog.yaml", environ={})
    assert found.target.model == "m-1"
    assert found.target.prompt.user == "Old: {{ input }}"
    assert found.target.prompt.name == "v1:p.md"
    assert found.source.startswith("git:v1 (")
    assert at_revision("main", "reply", config=repository, environ={}).target.model == "m-2"


@pytest.mark.parametrize(
    ("revision", "watch", "said"),
    [("v9", "reply", "no revision"), ("--help", "reply", "no revision"), ("v1", "other", "no watch 'other' at v1")],
)
def test_a_revision_that_is_not_there_is_told(repository, revision, watch, said):
    with pytest.raises(UsageError, match=said):
        at_revision(revision, watch, config=repository / "watchdog.yaml", environ={})


def test_outside_a_repository_it_says_so(tmp_path):
    with pytest.raises(UsageError, match="git"):
        at_revision("main", "reply", config=tmp_path / "watchdog.yaml", environ={})
