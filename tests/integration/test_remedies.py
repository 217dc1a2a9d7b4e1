"""Pin, roll back, fail over, switch off: dry at first, under a name, remembered."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from watchdog.app.build import open_app
from watchdog.cli import app as cli
from watchdog.clock import SystemClock
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.pipeline.subject import subject_of
from watchdog.simulator.feature import SUPPORT_REPLY

YAML = """\
version: 1
owner: {{ team: ai }}
providers:
  main: {{ kind: openai, api_key: "${{KEY:-k}}" }}
  spare: {{ kind: openai, api_key: "${{KEY:-k}}" }}
watches:
  reply:
    cases: {{ golden: golden_sets/support_reply }}
    pinned: {{ provider: main, model: dated, prompt: prompts/pinned.md }}
    current: {{ provider: main, model: alias, prompt: prompts/current.md }}  # production
    fallback: {{ provider: spare, model: spare-1, prompt: prompts/pinned.md }}
    scorers: [not-refusal]
notify: [stdout]
{more}"""
SIGNED = ("--by", "ann", "--because", "INC-7", "--apply")


@pytest.fixture
def folder(tmp_path):
    """A workspace in a repository, with one finished run."""
    shutil.copytree(SUPPORT_REPLY, tmp_path / "golden_sets" / "support_reply")
    (tmp_path / "prompts").mkdir()
    for name in ("pinned", "current"):
        shutil.copy(SUPPORT_REPLY / "prompt.md", tmp_path / "prompts" / f"{name}.md")
    (tmp_path / "watchdog.yaml").write_text(YAML.format(more=""), encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "watchdog.yaml", "prompts", "golden_sets")
    git(tmp_path, "commit", "-qm", "first")
    with open_app(tmp_path, {}, SystemClock()) as app:
        run = Run(
            id="1234567890abcdef", watch="reply", trigger=Trigger.SCHEDULE, status=RunStatus.FINISHED, planned_for=1.0,
            subject=subject_of(app.watch("reply"), ()),
        )  # fmt: skip
        with app.store.begin() as session:
            session.runs.save(run)
    return tmp_path


def git(folder, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.invalid"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def call(folder, *arguments):
    done = CliRunner().invoke(cli, [*arguments, "--config", str(folder)])
    return done.exit_code, done.output


def actions(folder):
    with open_app(folder, {}, SystemClock()) as app, app.store.read() as session:
        return session.actions.all("reply")


def hooked(folder, kind, program):
    """A hook that runs a line of Python."""
    words = [sys.executable, "-c", program]
    (folder / "watchdog.yaml").write_text(
        YAML.format(more=f"hooks: {{ {kind}: {json.dumps(words)} }}\n"), encoding="utf-8"
    )


def test_a_dry_run_says_what_it_would_do_and_does_nothing(folder):
    before = (folder / "watchdog.yaml").read_text()
    code, said = call(folder, "model", "pin", "reply")
    assert (code, (folder / "watchdog.yaml").read_text(), actions(folder)) == (0, before, [])
    assert "reply current.model: alias -> dated" in said
    assert "no 'pin' hook" in said
    assert "dry run" in said


def test_pinning_changes_one_word_of_the_file_and_is_remembered(folder):
    before = (folder / "watchdog.yaml").read_text()
    code, said = call(folder, "model", "pin", "reply", *SIGNED)
    assert code == 0, said
    assert (folder / "watchdog.yaml").read_text() == before.replace("model: alias", "model: dated")
    (action,) = actions(folder)
    assert (action.kind, action.by, action.because, action.done) == ("pin", "ann", "INC-7", True)
    assert action.after == {"current.model": "dated"}
    assert "ann: INC-7" in call(folder, "model", "show", "reply")[1]
    code, said = call(folder, "model", "pin", "reply")
    assert (code, "is that already" in said) == (2, True)


@pytest.mark.parametrize("by", [(), ("--by", "YOUR_NAME"), ("--by", "  ")])
@pytest.mark.parametrize("kind", ["pin", "rollback", "failover"])
def test_nothing_is_done_under_nobodys_name(folder, kind, by):
    (folder / "prompts" / "current.md").write_text("Say {{ input }}", encoding="utf-8")
    before = (folder / "watchdog.yaml").read_text()
    more = ("--to", "123456") if kind == "rollback" else ()
    code, said = call(folder, "model", kind, "reply", *more, *by, "--apply")
    assert (code, "--by NAME" in said) == (2, True)
    assert (folder / "watchdog.yaml").read_text() == before
    assert (folder / "prompts" / "current.md").read_text() == "Say {{ input }}"
    assert actions(folder) == []


def test_rolling_back_puts_the_prompt_of_then_back_to_the_letter_and_the_model_too(folder):
    good = (folder / "prompts" / "current.md").read_bytes()
    for text in ("Say {{ input }}", "Shout {{ input }}"):
        (folder / "prompts" / "current.md").write_text(text, encoding="utf-8")
        git(folder, "commit", "-qam", text)
    yaml = folder / "watchdog.yaml"
    yaml.write_text(yaml.read_text().replace("model: alias", "model: other"), encoding="utf-8")
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456", *SIGNED)
    assert code == 0, said
    assert (folder / "prompts" / "current.md").read_bytes() == good
    assert "model: alias" in yaml.read_text()
    assert set(actions(folder)[0].after) == {"current.prompt", "current.model"}


@pytest.fixture
def with_parameters(folder):
    """The same, asked with parameters when all was well; they are others since."""
    yaml = folder / "watchdog.yaml"
    good = yaml.read_text().replace("current.md }  # pro", "current.md, parameters: { temperature: 0.2 } }  # pro")
    yaml.write_text(good, encoding="utf-8")
    git(folder, "commit", "-qam", "cold")
    with open_app(folder, {}, SystemClock()) as app, app.store.begin() as session:
        subject = subject_of(app.watch("reply"), ())
        session.runs.save(replace(session.runs.get("1234567890abcdef"), subject=subject))
    for heat in ("0.8", "0.9"):
        yaml.write_text(good.replace("temperature: 0.2", f"temperature: {heat}"), encoding="utf-8")
        git(folder, "commit", "-qam", "hot")
    return folder


def test_rolling_back_puts_the_parameters_of_then_back(with_parameters):
    yaml = with_parameters / "watchdog.yaml"
    code, said = call(with_parameters, "model", "rollback", "reply", "--to", "123456")
    assert code == 0
    assert "reply current.parameters: {temperature: 0.9} -> {temperature: 0.2} (" in said
    assert "temperature: 0.9" in yaml.read_text()
    before = yaml.read_text()
    code, said = call(with_parameters, "model", "rollback", "reply", "--to", "123456", *SIGNED)
    assert code == 0, said
    assert yaml.read_text() == before.replace("{ temperature: 0.9 }", "{temperature: 0.2}")
    assert actions(with_parameters)[0].before == {"current.parameters": "{temperature: 0.9}"}


def test_parameters_that_have_no_place_in_the_file_are_told_as_they_are_to_be_typed(with_parameters):
    yaml = with_parameters / "watchdog.yaml"
    yaml.write_text(yaml.read_text().replace(", parameters: { temperature: 0.9 }", ""), encoding="utf-8")
    code, said = call(with_parameters, "model", "rollback", "reply", "--to", "123456")
    assert (code, "write 'parameters: {temperature: 0.2}' under current by hand" in said) == (0, True)
    assert "would write" not in said


def test_parameters_that_git_never_saw_are_told_by_their_digest(with_parameters):
    git(with_parameters, "checkout", "-q", "--orphan", "new")
    git(with_parameters, "add", "-A")
    git(with_parameters, "commit", "-qm", "another past")
    code, said = call(with_parameters, "model", "rollback", "reply", "--to", "123456")
    assert (code, "git does not know those of then" in said) == (0, True)


def test_failing_over_takes_the_fallbacks_parameters(with_parameters):
    code, said = call(with_parameters, "model", "failover", "reply", *SIGNED)
    assert code == 0, said
    with open_app(with_parameters, {}, SystemClock()) as app:
        current = app.watch("reply").targets["current"]
    assert (current.model, dict(current.parameters)) == ("spare-1", {})


def test_a_prompt_that_git_never_saw_is_left_to_a_person(folder):
    git(folder, "checkout", "-q", "--orphan", "new")
    (folder / "prompts" / "current.md").write_text("Say {{ input }}", encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "another past")
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456")
    assert (code, "git knows no version of current.md" in said) == (2, True)


def test_without_a_good_look_a_run_must_be_named(folder):
    assert call(folder, "model", "rollback", "reply")[0] == 2
    assert "--to RUN" in call(folder, "model", "rollback", "reply")[1]
    assert "there is no run" in call(folder, "model", "rollback", "reply", "--to", "abcdef")[1]
    assert "model pin" in call(folder, "model", "rollback", "reply", "--to", "123456")[1]


def test_failing_over_takes_provider_model_and_prompt_of_the_fallback(folder):
    code, said = call(folder, "model", "failover", "reply", *SIGNED)
    assert code == 0, said
    with open_app(folder, {}, SystemClock()) as app:
        current = app.watch("reply").targets["current"]
    assert (current.provider, current.model) == ("spare", "spare-1")
    assert (
        "current: { provider: spare, model: spare-1, prompt: prompts/pinned.md }  # production"
        in (folder / "watchdog.yaml").read_text()
    )


def test_nothing_is_rolled_back_onto_the_fallbacks_provider(folder):
    assert call(folder, "model", "failover", "reply", *SIGNED)[0] == 0
    before = (folder / "watchdog.yaml").read_text()
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456", *SIGNED)
    assert (code, "since a failover by ann" in said, "'eval-watchdog model pin reply' first" in said) == (2, True, True)
    assert (folder / "watchdog.yaml").read_text() == before
    assert call(folder, "model", "pin", "reply", *SIGNED)[0] == 0
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456", *SIGNED)
    assert code == 0, said
    assert "current: { provider: main, model: alias, " in (folder / "watchdog.yaml").read_text()


def edit(folder, before, after):
    yaml = folder / "watchdog.yaml"
    assert before in yaml.read_text()
    yaml.write_text(yaml.read_text().replace(before, after), encoding="utf-8")


def test_a_provider_that_was_edited_by_hand_is_rolled_back_with_its_model(folder):
    good = (folder / "watchdog.yaml").read_text()
    edit(folder, "current: { provider: main, model: alias", "current: { provider: spare, model: other")
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456", *SIGNED)
    assert code == 0, said
    assert (folder / "watchdog.yaml").read_text() == good
    assert actions(folder)[0].before == {"current.provider": "spare", "current.model": "other"}


def test_a_provider_that_is_no_more_is_not_rolled_back_to(folder):
    yaml = folder / "watchdog.yaml"
    yaml.write_text(yaml.read_text().replace("main", "other"), encoding="utf-8")
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456", *SIGNED)
    assert (code, "asked main" in said, "no provider of watchdog.yaml" in said) == (2, True, True), said


def test_an_address_of_the_provider_that_changed_is_left_to_a_person(folder):
    edit(folder, "main: { kind: openai,", "main: { kind: openai, base_url: 'https://gateway.example/v1',")
    code, said = call(folder, "model", "rollback", "reply", "--to", "123456")
    assert (code, "main is not where it was then" in said) == (0, True), said


def test_the_hook_changes_production_first_and_knows_who_and_why(folder):
    told = "' '.join(os.environ['EVAL_WATCHDOG_' + name] for name in ('ACTION', 'MODEL', 'BY'))"
    program = f"import os; open('told', 'w').write({told})"
    hooked(folder, "pin", program)
    assert call(folder, "model", "pin", "reply")[0] == 0
    assert not (folder / "told").exists()
    assert call(folder, "model", "pin", "reply", *SIGNED)[0] == 0
    assert (folder / "told").read_text() == "pin dated ann"
    assert "changed production" in actions(folder)[0].outcome


@pytest.mark.parametrize("program", ["import sys; sys.exit('no such flag')", None])
def test_a_hook_that_fails_changes_no_file_and_is_remembered_as_failed(folder, program):
    hooked(folder, "pin", program or "pass")
    if program is None:
        yaml = folder / "watchdog.yaml"
        yaml.write_text(yaml.read_text().replace(json.dumps(sys.executable), '"no-such-program"'), encoding="utf-8")
    before = (folder / "watchdog.yaml").read_text()
    code, said = call(folder, "model", "pin", "reply", *SIGNED)
    assert code == 1, said
    assert (folder / "watchdog.yaml").read_text() == before
    assert not actions(folder)[0].done


def test_the_hook_does_not_run_when_a_file_cannot_be_written(folder, monkeypatch):
    hooked(folder, "pin", "open('told', 'w').close()")
    monkeypatch.setattr("watchdog.remedy.act.os.access", lambda _path, mode, **_: mode != os.W_OK)
    code, said = call(folder, "model", "pin", "reply", *SIGNED)
    assert (code, "it is read-only" in said, "nothing was done" in said) == (2, True, True), said
    assert not (folder / "told").exists()
    assert actions(folder) == []
    assert not list(folder.glob(".watchdog-*"))


def test_what_the_hook_did_is_remembered_though_a_file_could_not_be_written_then(folder):
    hooked(folder, "pin", "import os; os.rename('watchdog.yaml', 'away'); os.mkdir('watchdog.yaml')")
    code, said = call(folder, "model", "pin", "reply", *SIGNED)
    assert (code, "changed production, but" in said, "change it by hand" in said) == (1, True, True), said
    (folder / "watchdog.yaml").rmdir()
    (folder / "away").rename(folder / "watchdog.yaml")
    (action,) = actions(folder)
    assert (action.by, action.done) == ("ann", True)
    assert "watchdog.yaml cannot be written" in action.outcome
    assert not list(folder.glob(".watchdog-*"))


def test_a_feature_is_switched_off_and_on_by_the_users_own_program(folder):
    code, said = call(folder, "feature", "disable", "reply", *SIGNED)
    assert (code, "hooks: { disable:" in said) == (2, True)
    hooked(folder, "disable", "open('off', 'w').close()")
    assert call(folder, "feature", "disable", "reply")[0] == 0
    assert not (folder / "off").exists()
    code, said = call(folder, "feature", "disable", "reply", *SIGNED)
    assert code == 0, said
    assert (folder / "off").exists()
    assert actions(folder)[0].kind == "disable"
    assert call(folder, "feature", "enable", "reply")[0] == 2


def test_an_edit_that_would_break_the_file_is_not_made(folder):
    yaml = folder / "watchdog.yaml"
    before = yaml.read_text().replace("prompts/pinned.md }\n    scorers", "prompts/none.md }\n    scorers")
    yaml.write_text(before, encoding="utf-8")
    code, said = call(folder, "model", "failover", "reply", *SIGNED)
    assert (code, yaml.read_text()) == (2, before), said


def test_every_command_prints_json(folder):
    done = subprocess.run(
        [sys.executable, "-m", "eval_watchdog", *shlex.split(f"model pin reply --json --config {folder}")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["kind"], told["applied"], told["after"]) == ("pin", False, {"current.model": "dated"})


def test_triage_offline_needs_no_key(folder):
    yaml = folder / "watchdog.yaml"
    yaml.write_text(yaml.read_text().replace("${KEY:-k}", "${A_KEY_THAT_IS_NOT_SET}"), encoding="utf-8")
    code, said = call(folder, "triage", "reply", "--offline")
    assert code == 3, said
    assert "there is no baseline" in said
    code, said = call(folder, "triage", "reply")
    assert (code, "A_KEY_THAT_IS_NOT_SET" in said) == (2, True)
