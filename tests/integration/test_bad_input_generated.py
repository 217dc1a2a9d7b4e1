"""A valid workspace, broken at random: it is either fine still, or told with the file. Nothing else ever happens."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchdog.app.join import Joined, join
from watchdog.errors import InvalidInput
from watchdog.text.documents.problems import Loaded
from watchdog.workspace.init import write_workspace

FOLDER = "golden_sets/support_reply"
YAML_FILES = ("watchdog.yaml", f"{FOLDER}/set.yaml", "judges/helpfulness/judge.yaml")
ROW_FILES = (f"{FOLDER}/cases.jsonl", "judges/helpfulness/anchors.jsonl")
TEXT_FILES = ("prompts/support_reply.md", "judges/helpfulness/rubric.md", "recordings/support_reply.jsonl")
KEYS = {"OPENAI_API_KEY": "key-of-openai", "ANTHROPIC_API_KEY": "key-of-anthropic"}

generated = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: What may stand where something else should: every type, and the values that trip parsers.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=20).filter(lambda text: ":" not in text),
    st.sampled_from(
        ["", " ", "\x00", "\u2028", "${", "${X}", "$${", "file:", "file:/", "..", "/", "0", "1e9", "${X:-}", "𝔘"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


@pytest.fixture(autouse=True)
def _same_modules() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    write_workspace(folder, provider="openai")
    text = (folder / "watchdog.yaml").read_text(encoding="utf-8")
    # Everything that the template leaves out is there to be broken, too.
    text = text.replace(
        "    every: 30m", "    every: 30m\n    timezone: Europe/Berlin\n    metadata: { a: b }\n    repeats: 2"
    )
    text = text.replace(
        "  main: { kind: openai }",
        "  rec: { kind: recorded, path: recordings/support_reply.jsonl }\n"
        "  main: { kind: openai, limits: { concurrency: 3, timeout: 10s } }",
    )
    text += (
        "server: { host: 127.0.0.1, port: 8790 }\nheartbeat: { ping_url: 'https://example.com/${OPENAI_API_KEY}' }\n"
        "retention: { text: 30d }\nprices: { some-model: { input: 0.1, output: 0.4 } }\n"
    )
    (folder / "watchdog.yaml").write_text(text, encoding="utf-8")
    join(folder, KEYS).checked()
    return folder


def fine_or_told(loaded: Loaded[Joined], folder: Path) -> None:
    told = loaded.problems
    try:
        assert loaded.checked().settings.folder == folder
    except InvalidInput as invalid:
        told = invalid.problems
        assert told, "refused without a reason"
    for problem in told:
        assert problem.file
        assert problem.message
        assert "\n" not in str(problem)
        assert "key-of-openai" not in str(problem)
        assert problem.line is None or problem.line >= 1


def with_content(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        fine_or_told(join(folder, KEYS), folder)
    finally:
        path.write_bytes(before)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Path of every node below the root."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, child in children for place in ((*path, key), *places(child, (*path, key)))]


def broken(value: Any, data: st.DataObject) -> Any:
    """A copy with one node deleted, renamed, doubled or turned into something else."""
    value = copy.deepcopy(value)
    *path, last = data.draw(st.sampled_from(places(value)))
    parent = value
    for key in path:
        parent = parent[key]
    match data.draw(st.sampled_from(["delete", "retype", "rename", "wrap"])):
        case "delete":
            del parent[last]
        case "retype":
            parent[last] = data.draw(ODD)
        case "rename" if isinstance(parent, dict):
            parent[data.draw(st.text(max_size=8)) or "x"] = parent.pop(last)
        case _:
            parent[last] = data.draw(
                st.sampled_from([[parent[last]], {"a": parent[last]}, {"a": 1, "b": [parent[last]]}])
            )
    return value


@generated
@given(data=st.data(), name=st.sampled_from(YAML_FILES))
def test_a_yaml_file_with_one_node_broken(workspace: Path, data: st.DataObject, name: str) -> None:
    value = broken(yaml.safe_load((workspace / name).read_text(encoding="utf-8")), data)
    with_content(workspace, name, yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass"))


@generated
@given(data=st.data(), name=st.sampled_from(ROW_FILES))
def test_a_row_with_one_node_broken(workspace: Path, data: st.DataObject, name: str) -> None:
    rows = [json.loads(row) for row in (workspace / name).read_text(encoding="utf-8").splitlines()]
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at] = broken(rows[at], data)
    with_content(workspace, name, "\n".join(json.dumps(row) for row in rows).encode())


@generated
@given(content=st.binary(max_size=300), name=st.sampled_from([*YAML_FILES, *ROW_FILES, *TEXT_FILES]))
def test_a_file_of_random_bytes(workspace: Path, content: bytes, name: str) -> None:
    with_content(workspace, name, content)


@generated
@given(
    data=st.data(),
    name=st.sampled_from([*YAML_FILES, *ROW_FILES, *TEXT_FILES]),
    noise=st.one_of(st.binary(max_size=4), st.text(max_size=4).map(lambda text: text.encode("utf-8", "surrogatepass"))),
)
def test_a_file_with_noise_in_it(workspace: Path, data: st.DataObject, name: str, noise: bytes) -> None:
    content = (workspace / name).read_bytes()
    at = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(0, 8))
    with_content(workspace, name, content[:at] + noise + content[at + cut :])


@generated
@given(text=st.text(alphabet="{}[]:,-&*!|>'\"#%@`<?\n\t ab1$~=", max_size=60), name=st.sampled_from(YAML_FILES))
def test_a_file_of_yaml_marks(workspace: Path, text: str, name: str) -> None:
    with_content(workspace, name, text.encode())
