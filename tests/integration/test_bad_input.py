"""Broken configurations, golden sets, judges and prompts: each is told with its place, and nothing else happens."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchdog.app.join import Joined, join
from watchdog.cli import app
from watchdog.errors import InvalidInput, Problem
from watchdog.text.documents.problems import Loaded
from watchdog.workspace.init import write_workspace

YAML, CASES, SET = "watchdog.yaml", "golden_sets/support_reply/cases.jsonl", "golden_sets/support_reply/set.yaml"
JUDGE, RUBRIC, ANCHORS = (f"judges/helpfulness/{name}" for name in ("judge.yaml", "rubric.md", "anchors.jsonl"))
PROMPT = "prompts/support_reply.md"
KEYS = {"OPENAI_API_KEY": "key-of-openai", "ANTHROPIC_API_KEY": "key-of-anthropic"}
FIRST_CASE = '{"id": "price-city-bike", '


@pytest.fixture(autouse=True)
def _same_modules() -> Iterator[None]:
    """Reading a workspace makes its folder importable."""
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    write_workspace(tmp_path, provider="openai")
    (tmp_path / "polite_scorer.py").write_text("class Polite:\n    async def score(self, case, response): ...\n")
    (tmp_path / "broken_scorer.py").write_text("raise SystemExit('not today')\n")
    return tmp_path


@dataclass(frozen=True)
class Broken:
    """One mistake: ``old`` becomes ``new`` in ``file``; the problem is told at the line of ``at`` and ``says`` so."""

    name: str
    file: str
    old: str
    new: str
    says: str
    #: Text on the line that the problem must name; None when it has no line.
    at: str | None
    #: File that the problem must name, when it is another one.
    told_in: str = ""
    hint: str = ""


def yaml(name: str, old: str, new: str, says: str, at: str | None = "", hint: str = "") -> Broken:
    return Broken(name, YAML, old, new, says, new.strip().split("\n")[0] if at == "" else at, hint=hint)


def case(name: str, new: str, says: str, *, hint: str = "") -> Broken:
    """The first case is another one."""
    return Broken(name, CASES, FIRST_CASE, new, says, new[:20], hint=hint)


PINNED = "      model: gpt-4.1-mini-2025-04-14\n"
MISTAKES = [
    # watchdog.yaml, the whole
    yaml("an unknown section", "notify:", "notifi:", "unknown key 'notifi'", hint="'notify'"),
    yaml("a version that is not ours", "version: 1", "version: 2", "must be 1"),
    yaml("a quoted version", "version: 1", 'version: "1"', "must be 1"),
    yaml("no version", "version: 1\n", "", "is required", at=None),
    yaml("a tab", "owner:", "\towner:", "not well-formed YAML"),
    yaml(
        "a mapping left open",
        "owner: { team: support-ai, vertical: retail }",
        "owner: { team: x",
        "not well-formed",
        at="owner:",
    ),
    yaml("the same key twice", "    every: 30m", "    every: 30m\n    every: 20m", "there twice", at="every: 20m"),
    yaml("a tag", "version: 1", "version: !!python/object/apply:os.system [ls]", "tag"),
    yaml("an alias of nothing", "version: 1", "version: *one", "names nothing"),
    yaml(
        "an alias inside itself", "owner: { team: support-ai, vertical: retail }", "owner: &o { team: *o }", "endless"
    ),
    yaml("two documents", "providers:", "---\nproviders:", "more than one YAML document"),
    yaml("not a number", "smallest_drop: 0.05", "smallest_drop: .nan", "not a usable number"),
    yaml("infinity", "smallest_drop: 0.05", "smallest_drop: 1e999", "too large"),
    yaml("a number of 5000 digits", "every: 30m", f"every: {'9' * 5000}", "too large"),
    yaml(
        "a store that is no database",
        "${WATCHDOG_STORE:-sqlite:///watchdog.db}",
        "mysql://x/y",
        "not a database",
        at="mysql",
    ),
    yaml("a rate that is none", "1 per 90d", "seldom", "not a rate", at="false_alarms"),
    yaml("a rate of nothing", "1 per 90d", "0 per 90d", "more than zero", at="false_alarms"),
    yaml(
        "a variable that is not closed",
        "${WATCHDOG_STORE:-sqlite:///watchdog.db}",
        '"${WATCHDOG_STORE"',
        "not closed",
        at="store",
    ),
    yaml(
        "a variable with spaces",
        "${WATCHDOG_STORE:-sqlite:///watchdog.db}",
        '"${WATCH DOG}"',
        "not a variable",
        at="store",
    ),
    yaml(
        "a variable that is not set",
        "WATCHDOG_STORE:-sqlite:///watchdog.db}",
        "WATCHDOG_STORE}",
        "WATCHDOG_STORE is not set",
        at="store",
    ),
    yaml("no owner", "owner: { team: support-ai, vertical: retail }\n", "", "has no owner", at="  support_reply:"),
    yaml(
        "an owner that is a text",
        "{ team: support-ai, vertical: retail }",
        "support-ai",
        "must be a mapping",
        at="owner:",
    ),
    yaml("a team that is no label", "team: support-ai", "team: support ai", "not a name", at="owner:"),
    yaml(
        "an unknown key of the owner",
        "vertical: retail",
        "verticle: retail",
        "unknown key",
        at="owner:",
        hint="'vertical'",
    ),
    yaml(
        "watches as a list",
        "watches:\n  support_reply:",
        "watches:\n  - support_reply:",
        "mapping of names",
        at="watches:",
    ),
    yaml("a watch that is no label", "  support_reply:", '  "support reply":', "is not a name"),
    yaml(
        "nobody is told", "notify:\n  - stdout", "notify: []\nserver:\n  port: 1", "nobody would be told", at="notify"
    ),
    # providers
    yaml(
        "an unknown kind", "{ kind: openai }", "{ kind: opneai }", "no provider 'opneai'", at="opneai", hint="'openai'"
    ),
    yaml("no kind", "{ kind: openai }", "{}", "has no kind", at="main: {}"),
    yaml("a provider that is a text", "main: { kind: openai }", "main: openai", "must be a mapping"),
    yaml(
        "an unknown argument",
        "{ kind: openai }",
        "{ kind: openai, base_ulr: x }",
        "no 'base_ulr'",
        at="base_ulr",
        hint="base_url",
    ),
    yaml(
        "a text for a number", "{ kind: openai }", "{ kind: openai, max_connections: many }", "whole number", at="many"
    ),
    yaml(
        "a key written out",
        "{ kind: openai }",
        "{ kind: openai, api_key: sk-proj-Zk3vQ9mT7xR2bN8wY4hJ6cL1 }",
        "credential",
        at="sk-proj",
    ),
    yaml(
        "a key file that is not there",
        "{ kind: openai }",
        "{ kind: openai, api_key: 'file:no/key' }",
        "no such file",
        at="no/key",
    ),
    yaml(
        "limits with an unknown key",
        "{ kind: openai }",
        "{ kind: openai, limits: { conc: 3 } }",
        "unknown key",
        at="conc",
        hint="concurrency",
    ),
    yaml(
        "no call at all",
        "{ kind: openai }",
        "{ kind: openai, limits: { concurrency: 0 } }",
        "at least 1",
        at="concurrency",
    ),
    yaml(
        "a class of a missing module",
        "{ kind: openai }",
        '{ kind: "no_such_module:Thing" }',
        "cannot be imported",
        at="no_such",
    ),
    yaml(
        "a class that is no provider",
        "{ kind: openai }",
        '{ kind: "pathlib:Path" }',
        "no method 'complete'",
        at="pathlib",
    ),
    yaml(
        "a name that is no class",
        "{ kind: openai }",
        '{ kind: "pathlib:Pth" }',
        "there is no Pth",
        at="pathlib",
        hint="Path",
    ),
    yaml(
        "recordings that are not there",
        "{ kind: openai }",
        "{ kind: recorded, path: no.jsonl }",
        "no file 'no.jsonl'",
        at="no.jsonl",
    ),
    yaml(
        "a path of JMESPath that is none",
        "{ kind: openai }",
        '{ kind: http, url: "http://x", answer: "[[" }',
        "not a JMESPath",
        at="kind: http",
    ),
    # targets
    yaml(
        "a provider that is not declared",
        "provider: main\n      model: gpt-4.1-mini-",
        "provider: mian\n      model: gpt-4.1-mini-",
        "no provider 'mian'",
        hint="'main'",
    ),
    yaml("a model that is a number", PINNED, "      model: 4.1\n", "must be text", hint="quotes"),
    yaml("no model", PINNED, "", "is required", at="    pinned:"),
    yaml(
        "a parameter beside the parameters",
        PINNED,
        PINNED + "      temperature: 0\n",
        "unknown key 'temperature'",
        at="      temperature: 0",
    ),
    yaml("no current target", "    current:\n", "    curent:\n", "unknown key 'curent'", hint="'current'"),
    yaml("a prompt that is not there", "prompt: prompts/support_reply.md", "prompt: prompts/none.md", "no prompt file"),
    # cases, scorers
    yaml(
        "a golden set that is not there",
        "golden: golden_sets/support_reply",
        "golden: golden_sets/suport_reply",
        "no golden set",
        at="suport",
        hint="support_reply",
    ),
    yaml("no cases", "{ golden: golden_sets/support_reply }", "{}", "names no cases", at="cases: {}"),
    yaml(
        "traffic without a path",
        "{ golden: golden_sets/support_reply }",
        "{ traffic: { per_run: 5 } }",
        "is required",
        at="per_run",
    ),
    yaml(
        "traffic scored by nobody",
        "{ golden: golden_sets/support_reply }",
        "{ traffic: { path: t.jsonl, scorers: [not-refusl] } }",
        "no scorer",
        at="not-refusl",
        hint="not-refusal",
    ),
    yaml("a scorer that there is not", "- not-refusal", "- not-refusl", "no scorer 'not-refusl'"),
    yaml("a check that cannot be turned round", "- not-refusal", "- not-no-pii", "cannot be turned round"),
    yaml("two checks in one entry", "- not-refusal", "- { contains: a, equals: b }", "must be one name"),
    yaml("a scorer that is a number", "- not-refusal", "- 5", "must be a name"),
    yaml("no scorers", "    scorers:\n", "    scorers: []\n    metadata:\n", "must not be empty"),
    yaml("an argument of the wrong type", "{ max: 40, pages: false }", "{ max: forty }", "whole number", at="forty"),
    yaml(
        "an unknown argument of a check",
        "{ max: 40, pages: false }",
        "{ maximum: 40 }",
        "no 'maximum'",
        at="maximum",
        hint="max",
    ),
    yaml("a check that refuses its argument", "- not-refusal", '- regex: "("', "does not compile", at='- regex: "("'),
    yaml("a schema file that is not there", "- not-refusal", "- is-json: no-schema.json", "no file"),
    yaml("an unknown direction", "pages: false", "better: bigger", "higher, lower", at="bigger"),
    yaml("a scorer of mine that does not score", "- not-refusal", '- "unittest.mock:Mock"', "no method 'score'"),
    yaml("a scorer of mine without a direction", "- not-refusal", '- "polite_scorer:Polite"', "which way is good"),
    yaml("a scorer of mine whose module is broken", "- not-refusal", '- "broken_scorer:Polite"', "cannot be imported"),
    yaml("the same metric twice", "- not-refusal", "- not-refusal\n      - not-refusal", "a second scorer", at=None),
    yaml(
        "a judge that there is not",
        "use: helpfulness",
        "use: helpfullness",
        "no judge",
        at="helpfullness",
        hint="helpfulness",
    ),
    yaml(
        "a judge of an unknown provider",
        "provider: judge, model",
        "provider: juge, model",
        "no provider 'juge'",
        at="juge",
        hint="judge",
    ),
    # the rest of a watch
    yaml("a duration that is none", "every: 30m", "every: half an hour", "not a duration"),
    yaml("both every and cron", "every: 30m", 'every: 30m\n    cron: "0 7 * * *"', "both every and cron", at="cron:"),
    yaml("a cron line that is none", "every: 30m", 'cron: "61 * * * *"', "not a cron line"),
    yaml("a timezone that is none", "every: 30m", "every: 30m\n    timezone: Europe/Berln", "no timezone", at="Berln"),
    yaml("a drop of 5 points as 5", "smallest_drop: 0.05", "smallest_drop: 5", "at most 1"),
    yaml("money of another country", "per_day: 5 USD", "per_day: 5 EUR", "US dollars", at="EUR"),
    yaml("repeats as a text", "every: 30m", "every: 30m\n    repeats: two", "whole number", at="two"),
    yaml("repeats as truth", "every: 30m", "every: 30m\n    repeats: true", "whole number", at="repeats"),
    yaml("a runbook that is not there", "runbook: runbooks/support_reply.md", "runbook: runbooks/no.md", "no runbook"),
    # notifiers and the small sections
    yaml("a channel that there is not", "  - stdout", "  - stdot", "no notifier", hint="stdout"),
    yaml("a channel without its address", "  - stdout", "  - alertmanager", "needs 'urls'"),
    yaml("a channel twice", "  - stdout", "  - stdout\n  - stdout", "a second channel", at=None),
    yaml("a port that is none", "notify:", "server: { port: 99999 }\nnotify:", "at most 65535"),
    yaml(
        "a heartbeat that is no address", "notify:", "heartbeat: { ping_url: ftp://x }\nnotify:", "not an http address"
    ),
    yaml("a price below nothing", "notify:", "prices: { m: { input: -1 } }\nnotify:", "at least 0"),
    yaml("a retention of nothing", "notify:", "retention: { text: 0d }\nnotify:", "more than 0"),
    # golden sets
    case("half a row", '{"id": price, ', "is not JSON"),
    case("a row that is a list", '["id"]\n{"id": "x", ', "must be a JSON object"),
    case("a case without an id", "{", "is required"),
    case("an id with spaces", '{"id": "price city", ', "without spaces"),
    case("an id that is a number", '{"id": 5, ', "must be text", hint="quotes"),
    case("a key twice in a row", '{"id": "a", "id": "b", ', "there twice"),
    case("an unknown key in a row", '{"id": "a", "expcted": 1, ', "unknown key", hint="expected"),
    case("a weight of nothing", '{"id": "a", "weight": 0, ', "more than 0"),
    case("a weight that is not finite", '{"id": "a", "weight": NaN, ', "not a usable number"),
    case("a weight too large for a float", '{"id": "a", "weight": 1e400, ', "too large"),
    case("half a surrogate pair", '{"id": "a", "expected": "\\ud800", ', "surrogate"),
    case("a NUL", '{"id": "a", "expected": "\\u0000", ', "NUL"),
    case("an integer of 5000 digits", f'{{"id": "a", "expected": {"9" * 5000}, ', "too large"),
    case("nesting without end", f'{{"id": "a", "expected": {"[" * 100_000}{"]" * 100_000}, ', "nested"),
    case(
        "a message of an unknown role",
        '{"id": "a", "input": [{"role": "usr", "content": "x"}]}\n{"id": "b", ',
        "must be one of",
    ),
    case("a check that there is not", '{"id": "a", "checks": ["contian"]}\n{"id": "b", ', "no scorer", hint="contains"),
    case("a judge in a case", '{"id": "a", "checks": [{"judge": "x"}]}\n{"id": "b", ', "belongs to the watch"),
    case("an empty input", '{"id": "a", "input": " "}\n{"id": "b", ', "must not be empty"),
    case("no input at all", '{"id": "a"}\n{"id": "b", ', "neither input nor variables"),
    case("a variable with a dash", '{"id": "a", "variables": {"a-b": 1}}\n{"id": "b", ', "not the name of a variable"),
    Broken(
        "two cases of one id",
        CASES,
        '{"id": "price-e-bike"',
        '{"id": "price-city-bike"',
        "a second case",
        "an e-bike cost for",
    ),
    Broken("a golden set without a name", SET, "name: support_reply\n", "", "is required", "version"),
    Broken("reviewed by a text", SET, "[eval-watchdog authors]", "us", "must be a list", "reviewed_by"),
    # prompts
    Broken("a prompt that is no template", PROMPT, "{{ input }}", "{{ input }", "not a Jinja2 template", "{{ input }"),
    Broken("a block that never ends", PROMPT, "{{ input }}", "{% if x %}", "not a Jinja2 template", "{% if x %}"),
    Broken("a prompt without a user part", PROMPT, "# User\n\n{{ input }}", "", "no user part", None),
    Broken(
        "a variable no case gives",
        PROMPT,
        "{{ input }}",
        "{{ question }}",
        "{{ question }}",
        "prompt: prompts/support_reply.md",
        told_in=YAML,
    ),
    # judges
    Broken("a bar nobody reaches", JUDGE, "bar: ", "bar: 1.5 # ", "at most 1", "bar: 1.5"),
    Broken("a judge without a model", JUDGE, "\nmodel: ", "\nmodle: ", "unknown key", "modle", hint="model"),
    Broken(
        "a scale of one grade",
        JUDGE,
        "scale:",
        "scale: { '1': 1.0 }\ndescription: x # ",
        "at least two grades",
        "scale",
    ),
    Broken("an anchor off the scale", ANCHORS, '"human": 1', '"human": 77', "not on the scale", '"human": 77'),
    Broken("an anchor that is not JSON", ANCHORS, '{"id"', "{id", "is not JSON", "{id"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_with_its_place(mistake: Broken, workspace: Path) -> None:
    path = workspace / mistake.file
    text = path.read_text(encoding="utf-8")
    assert mistake.old in text, "the mistake is not about this file any more"
    broken = text.replace(mistake.old, mistake.new, 1)
    path.write_text(broken, encoding="utf-8")

    told = problems_of(join(workspace, KEYS))

    file = mistake.told_in or mistake.file
    source = (workspace / file).read_text(encoding="utf-8")
    line = line_of(mistake.at, source) if mistake.at is not None else None
    matching = [
        problem
        for problem in told
        if problem.file.endswith(file)
        and mistake.says in problem.message
        and (line is None or problem.line == line)
        and mistake.hint in (problem.hint or "")
    ]
    assert matching, f"expected {mistake.says!r} at line {line}, told: {[str(problem) for problem in told]}"


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_check_ends_with_2_and_names_the_place(
    mistake: Broken, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace / mistake.file
    path.write_text(path.read_text(encoding="utf-8").replace(mistake.old, mistake.new, 1), encoding="utf-8")
    monkeypatch.chdir(workspace)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    assert re.search(rf"^  {re.escape(mistake.told_in or mistake.file)}:", done.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    "command", [["check"], ["run", "support_reply"], ["scores", "support_reply"], ["alerts", "list"]]
)
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\x89PNG\r\n\x1a\n\0\0", b"[" * 100_000, b"a: &a [*a]", b"\t", b"a: b: c", None]
)
def test_no_command_shows_a_traceback(
    command: list[str], content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is None:
        (tmp_path / YAML).mkdir()
    else:
        (tmp_path / YAML).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert YAML in done.stderr


def test_every_mistake_in_every_file_is_told_at_once(workspace: Path) -> None:
    for file, old, new in (
        (YAML, "per_day: 5 USD }", "per_day: 5 USD }\n    timezone: Mars"),
        (YAML, "- not-refusal", "- not-refusl"),
        (CASES, FIRST_CASE, '{"id": 5, '),
        (PROMPT, "{{ input }}", "{{ input }"),
        (JUDGE, "bar: ", "bar: 1.5 # "),
    ):
        path = workspace / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    told = problems_of(join(workspace, KEYS))
    assert {problem.file.removeprefix(f"{workspace}/") for problem in told} == {YAML, CASES, PROMPT, JUDGE}
    assert len(told) == 5


def test_the_message_of_a_written_out_key_does_not_repeat_it(workspace: Path) -> None:
    path = workspace / YAML
    key = "sk-proj-Zk3vQ9mT7xR2bN8wY4hJ6cL1"
    text = path.read_text(encoding="utf-8").replace("{ kind: openai }", f"{{ kind: openai, api_key: {key} }}", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as raised:
        join(workspace, KEYS).checked()
    assert key not in str(raised.value)
    assert "revoke" in str(raised.value)


def problems_of(loaded: Loaded[Joined]) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as raised:
        loaded.checked()
    assert raised.value.problems
    assert raised.value.exit_code == 2
    return raised.value.problems


def line_of(needle: str, text: str) -> int:
    assert needle in text, f"{needle!r} is not in the broken file"
    return text.count("\n", 0, text.index(needle)) + 1
