"""A workspace: what watchdog.yaml names, opened once."""

import json
from pathlib import Path

import pytest

from watchdog.text.documents.problems import Reference
from watchdog.workspace.files import Workspace
from watchdog.workspace.locate import locate, names, shipped


def reference(path):
    return Reference(path, "watchdog.yaml", 7, "watches.reply.x")


@pytest.fixture
def workspace(tmp_path):
    def never(node, folder, field, problems):
        raise AssertionError("no case has checks here")

    return Workspace(tmp_path, read_check=never, providers=["main"])


def told(workspace):
    return [str(problem) for problem in workspace.problems]


@pytest.mark.parametrize(
    ("open_it", "says"),
    [
        (Workspace.golden, "watchdog.yaml:7: watches.reply.x: there is no golden set 'none'"),
        (Workspace.judge, "watchdog.yaml:7: watches.reply.x: there is no judge 'none'"),
        (Workspace.prompt, "watchdog.yaml:7: watches.reply.x: there is no prompt file 'none'"),
        (Workspace.runbook, "watchdog.yaml:7: watches.reply.x: there is no runbook 'none'"),
    ],
)
def test_what_is_not_there_is_told_where_it_is_named(workspace, open_it, says):
    assert open_it(workspace, reference("none")) is None
    assert told(workspace)[0].startswith(says)


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "~nobody/x"])
def test_a_path_that_cannot_be_is_told(workspace, path):
    assert workspace.golden(reference(path)) is None
    assert workspace.prompt(reference(path)) is None
    assert len(told(workspace)) == 2


def test_an_address_is_a_runbook(workspace):
    workspace.runbook(reference("https://example.com/runbook"))
    assert told(workspace) == []


def test_a_file_that_two_watches_name_is_told_about_once(workspace, tmp_path):
    (tmp_path / "p.md").write_text("{{ broken")
    assert workspace.prompt(reference("p.md")) is None
    assert workspace.prompt(reference("p.md")) is None
    assert len(told(workspace)) == 1


def test_a_judge_needs_a_provider_that_there_is(workspace, judge):
    judge(provider="mian")
    workspace.judge(reference("kind"))
    [problem] = told(workspace)
    assert "the judge 'kind' asks the provider 'mian', which there is not" in problem


def test_a_watch_may_give_the_judge_another_provider(workspace, judge):
    judge(provider="mian")
    assert workspace.judge(reference("kind"), provider="main").name == "kind"
    assert told(workspace) == []


def test_a_case_that_lacks_a_variable_of_the_prompt_is_told(workspace, tmp_path):
    folder = tmp_path / "golden_sets" / "reply"
    folder.mkdir(parents=True)
    (folder / "set.yaml").write_text("name: reply\nversion: 1\n")
    rows = [{"id": "a", "variables": {"tone": "x"}}, {"id": "b", "input": "x"}, {"id": "c", "input": "y"}]
    (folder / "cases.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "p.md").write_text("{{ tone }}")
    golden = workspace.golden(reference("reply"))
    assert workspace.prompt(reference("p.md")) is not None
    assert told(workspace) == []
    workspace.prompt(reference("p.md"), golden)
    [problem] = told(workspace)
    assert "the prompt asks for {{ tone }}, which case 'b' and 1 more of 'reply' does not give" in problem


def test_the_workspace_comes_before_what_is_shipped(tmp_path):
    shipped_judges = shipped("judges")
    assert shipped_judges is not None
    assert locate("judges", "helpfulness", tmp_path) == shipped_judges / "helpfulness"
    own = tmp_path / "judges" / "helpfulness"
    own.mkdir(parents=True)
    assert locate("judges", "helpfulness", tmp_path) == own
    assert locate("judges", "judges/helpfulness", tmp_path) == own
    assert locate("judges", str(own), Path("/")) == own
    assert locate("judges", "none", tmp_path) is None
    assert "helpfulness" in names("judges", tmp_path)


def test_an_absolute_path_is_not_looked_for_elsewhere(tmp_path):
    assert locate("judges", str(tmp_path / "helpfulness"), tmp_path) is None
