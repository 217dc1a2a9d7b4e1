"""YAML that people write, and YAML that somebody wrote to hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from watchdog.text.documents.node import Node, plain
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.yaml_nodes import parse_yaml


def parsed(text):
    problems = Problems("x.yaml")
    return parse_yaml(text, problems), [str(problem) for problem in problems.found]


def value_of(text):
    node, problems = parsed(text)
    assert problems == []
    return plain(node)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -0.5e1", {"a": -5.0}),
        ("a: 0x1F", {"a": 31}),
        ("a: 0o17", {"a": 15}),
        ("a: 010", {"a": 10}),
        ("a: true\nb: False", {"a": True, "b": False}),
        ("a: ~\nb: null\nc:", {"a": None, "b": None, "c": None}),
        ("a: no\nb: on\nc: yes", {"a": "no", "b": "on", "c": "yes"}),
        ("a: 2026-08-07\nb: 12:30", {"a": "2026-08-07", "b": "12:30"}),
        ('a: "1"', {"a": "1"}),
        ("1: one", {"1": "one"}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("[1, [2], {a: b}]", [1, [2], {"a": "b"}]),
        ("", None),
        ("# only a remark", None),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        ("a: &x {b: 1}\ne: &y {f: 2}\nd: {<<: [*x, *y]}", {"a": {"b": 1}, "e": {"f": 2}, "d": {"b": 1, "f": 2}}),
    ],
)
def test_a_document_means_what_it_seems_to(text, value):
    assert value_of(text) == value


def test_values_and_keys_know_their_lines():
    node, _ = parsed("a:\n  b: 1\n\n  c:\n    - x\n    - y\n")
    inner = node.mapping["a"]
    assert (node.line_of("a"), inner.line_of("b"), inner.line_of("c")) == (1, 2, 4)
    assert [item.line for item in inner.mapping["c"].value] == [5, 6]
    assert inner.line_of("not there") == inner.line


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\na: 2", 2, "the key 'a' is there twice (first on line 1)"),
        ("a: !!python/name:os.system x", 1, "the tag tag:yaml.org,2002:python/name:os.system is not allowed"),
        ("a: &x [*x]", 1, "endless loop"),
        ("a: *x", 1, "names nothing above it"),
        ("a: 1\n--- \nb: 2", 2, "more than one YAML document"),
        ("a: .inf", 1, "not a usable number"),
        ("a: 1\nb: 1e400", 2, "too large"),
        ("a: " + "1" * 41, 1, "too large"),
        ("a:\n\t- b", 2, "indent with spaces, not tabs"),
        ("? [a]\n: 1", 1, "a key must be a text"),
        ("a: [1", 1, "not well-formed YAML"),
        ("a: \x07", 1, "a character that YAML does not allow"),
        ('a: "\\0"', 1, "a NUL"),
        ("a: 1\n<<: 2", 2, "'<<' must name a mapping"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(text, line, says):
    _, problems = parsed(text)
    assert len(problems) == 1
    assert problems[0].startswith(f"x.yaml:{line}:")
    assert says in problems[0]


def test_nesting_without_end_is_refused():
    node, problems = parsed("[" * 100_000)
    assert node is None
    assert "nested more than 50 levels" in problems[0]


def test_a_billion_laughs_are_refused_before_they_are_built():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    node, problems = parsed("\n".join(lines))
    assert node is None
    assert "once its aliases are followed" in problems[0]


def test_a_node_does_not_show_its_content():
    assert "hush" not in repr(Node("hush", 1))
    assert "hush" not in pretty_repr(Node("hush", 1))


@given(st.text(max_size=200))
def test_no_text_at_all_makes_it_raise(text):
    node, problems = parsed(text)
    assert node is not None or problems


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8"), max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner),
        max_leaves=10,
    )
)
def test_json_is_yaml(value):
    import json

    text = json.dumps(value)
    problems = Problems("x")
    node = parse_yaml(text, problems)
    if problems.found:  # NUL, and characters that no YAML reader takes
        assert "\\u" in text
    else:
        assert plain(node) == value
