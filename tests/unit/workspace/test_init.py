"""A new workspace."""

from pathlib import Path

import pytest

from watchdog.app.join import join
from watchdog.domain.target import Role
from watchdog.errors import UnknownName, UsageError
from watchdog.settings.parts import Parts
from watchdog.settings.scorers import reads_expected
from watchdog.workspace.init import VARIANTS, write_workspace
from watchdog.workspace.lint import Severity, lint

KEYS = {"OPENAI_API_KEY": "a", "ANTHROPIC_API_KEY": "b"}


@pytest.fixture(autouse=True)
def _same_modules(monkeypatch):
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.parametrize("provider", VARIANTS)
def test_it_passes_check(tmp_path, provider):
    write_workspace(tmp_path, provider=provider)
    loaded = join(tmp_path, KEYS)
    assert [str(problem) for problem in loaded.problems] == []
    watch = loaded.value.watches["support_reply"]
    assert len(watch.golden.cases) == 30
    assert watch.targets[Role.PINNED].prompt.system
    assert bool(loaded.value.judges["support_reply"]) is (provider != "recorded")


def test_the_recorded_one_needs_no_key_and_answers_every_case(tmp_path):
    write_workspace(tmp_path)
    settings = join(tmp_path, {}).checked().settings
    assert settings.watches["support_reply"].targets[Role.CURRENT].provider == "main"
    assert type(settings.providers["main"].build()).__name__ == "RecordedProvider"
    cases = (tmp_path / "golden_sets/support_reply/cases.jsonl").read_text().count('"id"')
    answers = (tmp_path / "recordings/support_reply.jsonl").read_text().count('"case_id"')
    assert cases == answers == 30


def test_a_reviewer_has_nothing_against_its_golden_set(tmp_path):
    write_workspace(tmp_path)
    joined = join(tmp_path, {}).checked()
    watch = joined.watches["support_reply"]
    specs = [plan.spec for plan in watch.scorers]
    findings = lint(joined.golden["support_reply"], specs, reads_expected(joined.settings.parts))
    assert [finding for finding in findings if finding.severity is not Severity.NOTE] == []
    assert isinstance(joined.settings.parts, Parts)


def test_it_says_what_it_wrote_and_writes_nothing_else(tmp_path):
    written = write_workspace(tmp_path / "new" / "folder")
    there = [
        path.relative_to(tmp_path / "new/folder") for path in (tmp_path / "new/folder").rglob("*") if path.is_file()
    ]
    assert sorted(written) == sorted(there)
    assert {Path(".gitignore"), Path("watchdog.yaml"), Path("judges/helpfulness/judge.yaml")} <= set(written)


def test_it_never_overwrites_without_force(tmp_path):
    (tmp_path / "prompts").mkdir()
    mine = tmp_path / "prompts" / "support_reply.md"
    mine.write_text("mine")
    with pytest.raises(UsageError, match=r"nothing was written: prompts/support_reply\.md"):
        write_workspace(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    write_workspace(tmp_path, force=True)
    assert mine.read_text() != "mine"


def test_it_refuses_what_it_does_not_know_and_what_it_cannot_write(tmp_path):
    with pytest.raises(UnknownName, match="known: recorded, openai, anthropic"):
        write_workspace(tmp_path, provider="opneai")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        write_workspace(tmp_path / "file" / "below")
