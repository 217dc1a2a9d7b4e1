"""Which scorers score traffic when the watch does not say."""

from __future__ import annotations

from watchdog.catalog import VOCABULARY
from watchdog.settings.load import load

TEXT = """\
version: 1
owner: {{ team: t }}
providers: {{ main: {{ kind: recorded, path: r.jsonl }} }}
watches:
  reply:
    cases: {{ traffic: {{ path: traffic.jsonl }} }}
    current: {{ provider: main, model: m }}
    scorers: {scorers}
"""


def loaded(tmp_path, scorers):
    (tmp_path / "r.jsonl").write_text("")
    (tmp_path / "watchdog.yaml").write_text(TEXT.format(scorers=scorers))
    return load(tmp_path / "watchdog.yaml", VOCABULARY, {})


def test_all_that_need_no_reference_score_traffic(tmp_path):
    found = loaded(tmp_path, "[not-refusal, equals, {contains: hello}, case-checks]")
    assert found.problems == ()
    assert found.value.watches["reply"].traffic.scorers == ("not-refusal", "contains")


def test_traffic_that_nothing_can_score_is_a_problem(tmp_path):
    [problem] = loaded(tmp_path, "[equals]").problems
    assert "no scorer of this watch can score traffic" in problem.message
    assert problem.line == 6
