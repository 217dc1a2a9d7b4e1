from __future__ import annotations

import asyncio
import sys

import pytest

from watchdog.app.build import open_app
from watchdog.cli.loop import load_meanwhile, run
from watchdog.clock import SystemClock

YAML = """\
version: 1
owner: {{ team: a }}
providers: {{ main: {{ kind: {provider} }} }}
watches:
  w:
    cases: {{ golden: golden }}
    current: {{ provider: main, model: m }}
    scorers: [answered]
    runbook: https://runbooks.example
notify: [stdout]
"""
OWN = """\
from watchdog.domain.metric import Better
from watchdog.domain.score import Score


class Fine:
    better = Better.HIGHER
    name = "fine"
    digest = "1"

    async def score(self, case, response):
        return Score.of(passed=True)


async def ask(request):
    return ""


class Provider:
    async def complete(self, request): ...

    async def aclose(self): ...
"""


async def loop():
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run on Windows")
def test_commands_run_on_uvloop_unless_code_of_the_users_own_is_asked():
    assert run(loop()) == "uvloop"
    assert run(loop(), own_code=True) == "asyncio"


@pytest.mark.parametrize(
    ("provider", "own"),
    [
        ("openai, api_key: k", False),
        ('python, callable: "own_code:ask"', True),
        ('"own_code:Provider"', True),
    ],
)
def test_a_provider_of_the_users_own_is_known_as_one(tmp_path, monkeypatch, provider, own):
    assert opened(tmp_path, monkeypatch, YAML.format(provider=provider)).asks_own_code is own


def test_so_is_a_scorer_of_a_watch_or_of_a_case(tmp_path, monkeypatch):
    yaml = YAML.format(provider="openai, api_key: k")
    of_watch = yaml.replace("[answered]", "['own_code:Fine']")
    assert opened(tmp_path, monkeypatch, of_watch).asks_own_code
    of_case = yaml.replace("[answered]", "[case-checks]")
    assert opened(tmp_path, monkeypatch, of_case, '"checks": ["own_code:Fine"]').asks_own_code
    assert not opened(tmp_path, monkeypatch, of_case, '"checks": [{"contains": "y"}]').asks_own_code


def opened(folder, monkeypatch, yaml, of_case='"tags": []'):
    (folder / "golden").mkdir(exist_ok=True)
    (folder / "golden" / "set.yaml").write_text('name: golden\nversion: "1"\nreviewed_by: [ann]\n')
    (folder / "golden" / "cases.jsonl").write_text(f'{{"id": "a", "input": "x", {of_case}}}\n')
    (folder / "own_code.py").write_text(OWN)
    (folder / "watchdog.yaml").write_text(yaml)
    monkeypatch.syspath_prepend(folder)
    return open_app(folder / "watchdog.yaml", {}, SystemClock())


def test_modules_are_loaded_while_answers_are_awaited(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("watchdog.cli.loop.UNDER_WAY", 0.01)
    for name in ("loaded_meanwhile_a", "loaded_meanwhile_b"):
        (tmp_path / f"{name}.py").write_text("")

    async def main(*modules):
        load_meanwhile(*modules)
        await asyncio.sleep(0.2)

    run(main("loaded_meanwhile_a", "there_is_no_such_module", "loaded_meanwhile_b"), own_code=True)
    assert "loaded_meanwhile_a" in sys.modules
    assert "loaded_meanwhile_b" not in sys.modules, "what is not there is for those to tell who use it"
    run(main("loaded_meanwhile_b"), own_code=True)
    assert "loaded_meanwhile_b" in sys.modules


def test_a_command_that_is_done_before_loads_nothing(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "loaded_meanwhile_c.py").write_text("")

    async def main():
        load_meanwhile("loaded_meanwhile_c")

    run(main(), own_code=True)
    assert "loaded_meanwhile_c" not in sys.modules
