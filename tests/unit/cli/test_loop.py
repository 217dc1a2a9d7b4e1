from __future__ import annotations

import asyncio
import sys

import pytest

from watchdog.app.build import open_app
from watchdog.cli.loop import run
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
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "set.yaml").write_text('name: golden\nversion: "1"\nreviewed_by: [ann]\n')
    (tmp_path / "golden" / "cases.jsonl").write_text('{"id": "a", "input": "x"}\n')
    (tmp_path / "own_code.py").write_text(OWN)
    (tmp_path / "watchdog.yaml").write_text(YAML.format(provider=provider))
    monkeypatch.syspath_prepend(tmp_path)
    assert open_app(tmp_path / "watchdog.yaml", {}, SystemClock()).asks_own_code is own
