"""Matchers as Alertmanager reads them."""

import pytest

from watchdog.domain.silence import Matcher
from watchdog.text.matchers import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alert_type=model", Matcher("alert_type", "=", "model")),
        (' tool_name =~ "crm.*" ', Matcher("tool_name", "=~", "crm.*")),
        ('a!="x\\"y"', Matcher("a", "!=", 'x"y')),
        ("alert_type == model", Matcher("alert_type", "=", "= model")),
    ],
)
def test_a_matcher_is_read_as_alertmanager_reads_it(text, expected):
    assert parse(text) == expected


def test_what_is_written_is_read_back_the_same():
    for value in ('a"b', "back\\slash", "two\nlines", "{{ x }}"):
        matcher = Matcher("label", "=", value)
        assert parse(str(matcher)) == matcher


@pytest.mark.parametrize("text", ["", "model", "1label=x", "a=~(", 'a=~"(?=x)"', 'a=~"(x)\\\\1"'])
def test_what_alertmanager_would_refuse_is_refused(text):
    with pytest.raises(ValueError, match=r"is not|uses what"):
        parse(text)
