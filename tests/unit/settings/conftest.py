"""A folder with a watchdog.yaml, and small parts to name in it."""

from __future__ import annotations

import sys
import textwrap

import pytest

from watchdog.catalog import VOCABULARY
from watchdog.settings.load import load

HEAD = """\
version: 1
owner: { team: ai, vertical: shop }
"""
WATCHES = """\
watches:
  reply:
    cases: { golden: golden_sets/reply }
    current: { provider: local, model: m }
    scorers: [answered]
"""
PROVIDERS = """\
providers:
  local: { kind: openai, api_key: none, base_url: "http://127.0.0.1:1/v1" }
"""


class Folder:
    """Writes a watchdog.yaml and reads it."""

    def __init__(self, path):
        self.path = path

    def load(self, *sections, environ=None, vocabulary=VOCABULARY, secrets_required=True):
        """The sections (HEAD, PROVIDERS and WATCHES where they are not given) as one file, read."""
        text = "".join(textwrap.dedent(section) for section in sections)
        for key, section in (("version:", HEAD), ("providers:", PROVIDERS), ("watches:", WATCHES)):
            if f"\n{key}" not in f"\n{text}":
                text += section
        (self.path / "watchdog.yaml").write_text(text, encoding="utf-8")
        return load(self.path, vocabulary, environ or {}, secrets_required=secrets_required)

    def settings(self, *sections, **how):
        """The settings of sections without problems."""
        loaded = self.load(*sections, **how)
        assert [str(problem) for problem in loaded.problems] == []
        return loaded.value

    def watch(self, lines="", **how):
        """The one watch, with more lines in it."""
        more = "".join(f"    {line}\n" for line in textwrap.dedent(lines).strip().splitlines())
        return self.settings(WATCHES + more, **how).watches["reply"]

    def problems(self, *sections, **how):
        """What is told about the sections, without the file's name."""
        told = self.load(*sections, **how).problems
        return [str(problem).rpartition("watchdog.yaml:")[2] for problem in told]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with files that may be named; what it makes importable is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    return Folder(tmp_path)
