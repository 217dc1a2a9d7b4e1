"""Short forms taken apart."""

import pytest

from watchdog.text.documents.node import marked, plain
from watchdog.text.documents.problems import Problems
from watchdog.text.documents.short_form import read_short_form
from watchdog.text.documents.suggest import did_you_mean


@pytest.mark.parametrize(
    ("written", "name", "given"),
    [
        ("not-refusal", "not-refusal", None),
        ({"contains": "refund"}, "contains", "refund"),
        ({"one-of": ["a", "b"]}, "one-of", ["a", "b"]),
        ({"word-count": {"max": 20}}, "word-count", {"max": 20}),
        ({"answered": None}, "answered", None),
    ],
)
def test_a_short_form_is_a_name_and_what_it_was_given(written, name, given):
    form = read_short_form(marked(written, 3), Problems("x"), "scorers[0]")
    assert (form.name, form.given and plain(form.given), form.line) == (name, given, 3)


@pytest.mark.parametrize("written", [5, "", None, [], {}, {"a": 1, "b": 2}, True])
def test_anything_else_is_told(written):
    problems = Problems("x")
    assert read_short_form(marked(written, 3), problems, "scorers[0]") is None
    assert str(problems.found[0]).startswith("x:3: scorers[0]: must be")


def test_the_nearest_name_is_suggested_or_all_when_they_are_few():
    assert did_you_mean("contians", ["contains", "equals"]) == "did you mean 'contains'?"
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert did_you_mean("zzz", [str(number) for number in range(50)]) == ""
    assert did_you_mean("x", []) == ""
