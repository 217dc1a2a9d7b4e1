"""Variables and files filled in; credentials written out refused."""

import pytest

from watchdog.settings.environment import filled, hidden, not_set, refuse_written_secrets, with_files
from watchdog.settings.secret import Secret
from watchdog.text.documents.node import marked, plain
from watchdog.text.documents.problems import Problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "one"),
        ("x${A}y${B}z", "xoneytwoz"),
        ("${C:-three}", "three"),
        ("${A:-three}", "one"),
        ("${EMPTY:-three}", "three"),
        ("${C:-}", ""),
        ("${C:-a:-b}", "a:-b"),
        ("$${A}", "${A}"),
        ("$A and $5", "$A and $5"),
    ],
)
def test_a_variable_is_filled_in(text, value):
    problems = Problems("x")
    node = filled(marked({"k": [text]}, 3), {"A": "one", "B": "two", "EMPTY": ""}, problems)
    assert plain(node) == {"k": [value]}
    assert not problems.found
    assert not not_set(node)


def test_a_value_of_the_environment_is_not_filled_again():
    assert plain(filled(marked("${A}", 1), {"A": "${B}", "B": "no"}, Problems("x"))) == "${B}"


@pytest.mark.parametrize("text", ["${A}", "x ${EMPTY}", "${A}${EMPTY}"])
def test_a_variable_that_is_not_set_is_known_by_name_and_place(text):
    node = filled(marked({"k": [text]}, 3), {"EMPTY": ""}, Problems("x"))
    [(field, leaf)] = not_set(node)
    assert field == "k[0]"
    assert leaf.origin.startswith("the environment variable ")
    assert leaf.line == 3


@pytest.mark.parametrize("text", ["${A", "${A B}", "${}", "${1A}", "${A-b}"])
def test_what_is_no_variable_is_told(text):
    problems = Problems("x")
    filled(marked({"k": text}, 3), {"A": "one"}, problems)
    assert len(problems.found) == 1
    assert problems.found[0].line == 3
    assert problems.found[0].field == "k"


def test_a_file_is_read_without_its_last_line_end(tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    problems = Problems("x")
    node = with_files(
        marked({"a": "file:key", "b": [f"file:{tmp_path}/key"], "c": "profile:key"}, 1), tmp_path, problems
    )
    assert plain(node) == {"a": "s3cret", "b": ["s3cret"], "c": "profile:key"}
    assert hidden(node)["a"] == Secret("s3cret")
    assert not problems.found


def test_a_file_that_is_not_there_is_told_where_it_is_named(tmp_path):
    problems = Problems("x")
    node = with_files(marked({"a": "file:none"}, 7), tmp_path, problems)
    assert [str(problem) for problem in problems.found] == ["x:7: a: the file 'none': there is no such file"]
    assert not_set(node)


def test_only_what_came_from_outside_is_hidden():
    node = filled(marked({"a": "plain", "b": "${B}", "c": [1, "${C}"]}, 1), {"B": "two"}, Problems("x"))
    value = hidden(node)
    assert value["a"] == "plain"
    assert value["b"] == Secret("two")
    assert value["c"][0] == 1
    assert not value["c"][1].is_set


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("api_key", "0123456789abcdef"),
        ("api-key", "0123456789abcdef"),
        ("password", "correct horse battery"),
        ("routing_key", "R0123456789ABCDEF"),
        ("base_url", "sk-proj-Zk3vQ9mT7xR2bN8wY4hJ6cL1"),
        ("anything", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_a_credential_that_is_written_out_is_refused_and_not_repeated(key, value):
    problems = Problems("x")
    refuse_written_secrets(marked({"a": [{key: value}]}, 4), problems)
    assert len(problems.found) == 1
    assert problems.found[0].line == 4
    assert value not in str(problems.found[0])
    assert "${" in str(problems.found[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("api_key", "none"),
        ("api_key", "${A_VERY_LONG_VARIABLE}"),
        ("api_key", "file:/run/secrets/key"),
        ("max_tokens", 4096),
    ],
)
def test_what_is_no_credential_may_stay(key, value):
    problems = Problems("x")
    refuse_written_secrets(marked({key: value}, 4), problems)
    assert not problems.found
