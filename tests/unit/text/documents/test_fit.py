"""Trees held against models: messages a person can act on."""

import pytest
from pydantic import Field

from watchdog.text.documents.fit import Name, Seconds, Shape, dotted, fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.yaml_nodes import parse_yaml


class Inner(Shape):
    size: int = Field(1, ge=1)


class Outer(Shape):
    name: Name
    wait: Seconds = 1.0
    share: float = 0.5
    inner: Inner = Inner()
    many: list[Inner] = Field(default_factory=list)
    on: bool = False


def fitted(text):
    problems = Problems("x.yaml")
    return fit(Outer, parse_yaml(text, problems), problems, field="top"), [str(p) for p in problems.found]


def test_a_tree_that_fits_becomes_the_model():
    outer, problems = fitted("name: a\nwait: 2m\nshare: 1\nmany: [{size: 3}]")
    assert problems == []
    assert outer == Outer(name="a", wait=120.0, share=1.0, many=[Inner(size=3)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wait: 3", "x.yaml:1: top.name: is required"),
        ("name: 5", 'x.yaml:1: top.name: must be text, not a number (put it in quotes: "5")'),
        ("name: ''", "x.yaml:1: top.name: must not be empty"),
        ("name: a\nnmae: b", "x.yaml:2: top.nmae: unknown key 'nmae' (did you mean 'name'?)"),
        ("name: a\ninner:\n  sise: 2", "x.yaml:3: top.inner.sise: unknown key 'sise' (did you mean 'size'?)"),
        ("name: a\nmany:\n  - size: 2\n  - size: 0", "x.yaml:4: top.many[1].size: must be at least 1"),
        ("name: a\nmany: 3", "x.yaml:2: top.many: must be a list, not a number"),
        ("name: a\non: yes", "x.yaml:2: top.on: must be true or false, not text"),
        ("name: a\non: 1", "x.yaml:2: top.on: must be true or false, not a number"),
        ("name: a\ninner: {size: 1.5}", "x.yaml:2: top.inner.size: must be a whole number, not a number"),
        ("name: a\ninner: {size: true}", "x.yaml:2: top.inner.size: must be a whole number, not true"),
        ("name: a\ninner: []", "x.yaml:2: top.inner: must be a mapping, not a list"),
        (
            "name: a\nwait: soon",
            "x.yaml:2: top.wait: is not a duration; write 10s, 30m, 2h, 7d, or a number of seconds",
        ),
    ],
)
def test_a_misfit_is_told_with_line_field_and_hint(text, told):
    outer, problems = fitted(text)
    assert outer is None
    assert problems == [told]


def test_all_misfits_are_told_at_once():
    _, problems = fitted("nmae: a\nwait: soon\nshare: x")
    assert len(problems) == 4


def test_a_number_out_of_the_environment_counts_as_a_number():
    node = Node({"name": Node("a", 1), "share": Node("0.25", 1, origin="the environment variable SHARE")}, 1)
    assert fit(Outer, node, Problems("x")).share == 0.25
    node = Node({"name": Node("a", 1), "share": Node("0.25", 1)}, 1)
    assert fit(Outer, node, Problems("x")) is None


def test_fields_are_written_as_people_write_them():
    assert dotted("watches", "reply", "scorers", 2, "max") == "watches.reply.scorers[2].max"
    assert dotted("", "a") == "a"
    assert dotted("a", "") == "a"


def test_a_problem_is_one_printable_line():
    problems = Problems("x")
    problems.add("two\nlines \x1b[31m red", field="a\x07")
    assert str(problems.found[0]) == "x: a\\x07: two lines \\x1b[31m red"
