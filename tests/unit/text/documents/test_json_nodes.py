"""Rows of JSON Lines, strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.text.documents.json_nodes import parse_json_lines
from watchdog.text.documents.node import plain
from watchdog.text.documents.problems import Problems


def rows_of(text):
    problems = Problems("x.jsonl")
    return [(node.line, plain(node)) for node in parse_json_lines(text, problems)], [str(p) for p in problems.found]


def test_rows_know_their_lines_and_blank_lines_are_fine():
    assert rows_of('{"a": 1}\r\n\n  \n{"b": [true, null]}') == ([(1, {"a": 1}), (4, {"b": [True, None]})], [])


def test_a_line_separator_inside_a_text_does_not_end_the_row():
    rows, problems = rows_of('{"a": "one\u2028two"}')
    assert rows == [(1, {"a": "one\u2028two"})]
    assert problems == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("[1]", "must be a JSON object, not a list"),
        ("{", "is not JSON"),
        ("\ufeff{}", "begins with a byte order mark"),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice"),
        ('{"a": NaN}', "NaN is not a usable number"),
        ('{"a": -Infinity}', "not a usable number"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too large"),
        ('{"a": "\\udc00"}', "surrogate"),
        ('{"a\\u0000": 1}', "NUL"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested"),
        ('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}", "nested"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_and_the_next_is_read(row, says):
    rows, problems = rows_of(f'{row}\n{{"fine": 1}}')
    assert rows == [(2, {"fine": 1})]
    assert len(problems) == 1
    assert problems[0].startswith("x.jsonl:1:")
    assert says in problems[0]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.floats(allow_nan=False) | st.text(max_size=9))))
def test_what_json_writes_is_read_back(rows):
    text = "\n".join(json.dumps(row) for row in rows)
    read, problems = rows_of(text)
    told = {int(problem.split(":")[1]) for problem in problems}
    assert [value for _, value in read] == [row for at, row in enumerate(rows, start=1) if at not in told]
    assert all("\\u0000" in text or "\\ud" in text or "Infinity" in text for _ in problems)
