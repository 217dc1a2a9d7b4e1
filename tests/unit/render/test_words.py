import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.render import words


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain\ttext\nof two lines", "plain\ttext\nof two lines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("a\x9b31mb", "a31mb"),
        ("back\x08space\x7f\x00", "backspace"),
        ("over\rwritten\r\nline", "overwritten\nline"),
        ("\u202edrawkcab\u2066x\u2069", "drawkcabx"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text, left):
    assert words.harmless(text) == left


@given(st.text())
def test_no_escape_survives(text):
    left = words.harmless(text)
    assert not any(ord(sign) < 32 and sign not in "\t\n" for sign in left)
    assert words.harmless(left) == left


@given(st.text(), st.integers(1, 30))
def test_one_line_is_one_line_of_that_width(text, width):
    line = words.one_line(text, width)
    assert len(line) <= width
    assert "\n" not in line


@pytest.mark.parametrize(
    ("at", "said"),
    [(0.0, "1970-01-01 00:00"), (253_402_300_800.0, "for ever"), (1e300, "for ever"), (-1e15, "long ago")],
)
def test_a_time_that_no_calendar_has_is_told_in_words(at, said):
    assert words.moment(at) == said


def test_what_is_not_known_is_never_0():
    for unknown in (None, math.nan, math.inf):
        assert words.percent(unknown) == words.points(unknown) == words.decimal(unknown) == words.UNKNOWN
        assert words.money(unknown) == "unknown"
        assert words.score(unknown) == "unscored"
        assert words.duration(unknown) == words.UNKNOWN
    assert words.span(None) == words.moment(None) == words.UNKNOWN


def test_numbers_read_well():
    assert words.percent(0.9333) == "93.3 %"
    assert words.points(-0.1241) == "−12.4"
    assert words.points(0.031) == "+3.1"
    assert words.points(-0.0001) == "0.0"
    assert words.span((-0.151, -0.098)) == "−15.1 … −9.8"
    assert [words.money(dollars) for dollars in (0, 0.0123, 12.5, 1234.5)] == [
        "$0.00",
        "$0.0123",
        "$12.50",
        "$1,234.50",
    ]
    assert [words.score(value) for value in (0.0, 1.0, 0.667)] == ["0", "1", "0.67"]
    assert [words.duration(seconds) for seconds in (4.24, 600, 7200, 864000)] == ["4.2 s", "10 min", "2.0 h", "10 days"]
    assert words.moment(1_788_000_000) == "2026-08-29 10:40"
    assert words.day(1_788_000_000) == "Sat 29 Aug, 10:40"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "–"), (2.7e-05, "under 1 ms"), (0.0274, "27 ms"), (0.9994, "999 ms"), (1.44, "1.4 s"), (14.2, "14 s")],
)
def test_a_wait_is_told_as_people_write_it(seconds, said):
    assert words.wait(seconds) == said
