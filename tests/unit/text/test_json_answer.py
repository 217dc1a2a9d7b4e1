import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.text.json_answer import extract_json, json_values, parse_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (" \n[1, 2]\n", [1, 2]),
        ("42", 42),
        ('Sure!\n```json\n{"a": [1]}\n```\nAnything else?', {"a": [1]}),
        ('```\n["x"]\n```', ["x"]),
        ('```python\nprint({})\n```\n```json\n{"b": 2}\n```', {"b": 2}),
        ('The result is {"a": {"b": "}"}} as you can see {"c": 1}.', {"a": {"b": "}"}}),
        ('As [1] and [2] say: {"a": 1}', {"a": 1}),
        ('Rows: [{"a": 1}, {"a": 2}] done', [{"a": 1}, {"a": 2}]),
        ("It is [3, 4].", [3, 4]),
        ('{not json} but {"a": 1}', {"a": 1}),
        ("no json here", None),
        ("", None),
        ('{"a": NaN}', None),
        ('{"a": 1', None),
        ("```json\n{broken\n```", None),
    ],
)
def test_json_is_taken_from_an_answer(text, value):
    assert extract_json(text) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_every_object_is_found_whole_fenced_and_in_prose(value):
    wrapped = {"value": value}
    text = json.dumps(wrapped)
    assert extract_json(text) == wrapped
    assert extract_json(f"```json\n{text}\n```") == wrapped
    assert extract_json(f"The answer: {text} That is all.") == wrapped


def test_objects_are_told_in_order_without_those_inside():
    text = 'a {"x": {"y": 1}} b {broken} {"z": 2}'
    assert [(text[start:end], value) for start, end, value in json_values(text)] == [
        ('{"x": {"y": 1}}', {"x": {"y": 1}}),
        ('{"z": 2}', {"z": 2}),
    ]


@pytest.mark.parametrize("text", ["", "{", "nul", '{"a": Infinity}', '{"a": 1} tail', "[" * 100_000, "1" * 5000])
def test_what_is_not_json_alone_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize("unit", ["{", "[", '{"a":', '{"', "```json\n", '{"a":[1,'])
def test_hostile_text_is_answered_soon(unit):
    start = time.process_time()
    extract_json(unit * (1_000_000 // len(unit)))
    assert time.process_time() - start < 10
