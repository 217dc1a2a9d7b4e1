"""Golden sets and judges written on the spot."""

from __future__ import annotations

import json

import pytest
import yaml

from watchdog.catalog import VOCABULARY
from watchdog.settings.parts import Parts
from watchdog.settings.scorers import case_check_reader
from watchdog.workspace.golden import load_golden
from watchdog.workspace.judges import load_judge

READ_CHECK = case_check_reader(Parts(VOCABULARY))
ABOUT = {"name": "reply", "version": "1", "reviewed_by": ["me"]}
JUDGE = {
    "name": "kind",
    "version": 1,
    "provider": "main",
    "model": "m-2026",
    "scale": {"1": 0.0, "2": 0.5, "3": 1.0},
    "bar": 0.5,
}
ANCHORS = [{"id": "a", "input": "q", "answer": "x", "human": 1}, {"id": "b", "input": "q", "answer": "y", "human": "3"}]


def json_lines(rows):
    return "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def golden(tmp_path):
    """Write a golden set and load it: rows of cases, keys of set.yaml."""

    def write(*rows, folder="reply", **about):
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        (path / "set.yaml").write_text(yaml.safe_dump({**ABOUT, **about}))
        (path / "cases.jsonl").write_text(json_lines(rows))
        return load_golden(path, folder, READ_CHECK)

    return write


@pytest.fixture
def judge(tmp_path):
    """Write a judge and load it: keys of judge.yaml, rows of anchors."""

    def write(*anchors, rubric="Be kind.", without=(), **about):
        path = tmp_path / "kind"
        path.mkdir(exist_ok=True)
        keys = {key: value for key, value in {**JUDGE, **about}.items() if key not in without}
        (path / "judge.yaml").write_text(yaml.safe_dump(keys, sort_keys=False))
        (path / "rubric.md").write_text(rubric)
        (path / "anchors.jsonl").write_text(json_lines(anchors or ANCHORS))
        return load_judge(path, "kind")

    return write
