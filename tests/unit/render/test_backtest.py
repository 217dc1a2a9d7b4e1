"""A backtest in words and as a page: everything that was found is there, and nothing from outside becomes markup."""

import io
import re
import xml.etree.ElementTree as ET

import pytest

from watchdog.domain.detection import Guarantee
from watchdog.domain.metric import Arm
from watchdog.render.backtest_page import backtest_html
from watchdog.render.backtest_text import show_backtest
from watchdog.render.backtest_view import BacktestView, CalmRow, FiredRow, FoundRow
from watchdog.render.terminal import console

START = 1_788_000_000.0


def calm(metric, alarms):
    return CalmRow(
        metric=metric, allowed=0.25, achieved=0.01 * alarms, interval=(0.0, 0.04 + 0.02 * alarms), alarms=alarms,
        looks=100_000, calm_looks=270,
    )  # fmt: skip


def found(metric, scenario, kind, arm=Arm.CURRENT, drop=0.05, delays=(3, 4, 9)):
    return FoundRow(
        metric=metric, arm=arm, kind=kind, scenario=scenario, drop=drop, histories=4, found=len(delays),
        interval=(0.2, 0.98), median=4, ninth=None, delays=delays, within=300,
    )  # fmt: skip


def fired(metric, pages):
    return FiredRow(
        metric=metric, arm=Arm.CURRENT, fired_at=START + 9e5, over_at=None, since=START + 8e5, looks=7, effect=-0.091,
        interval=(-0.12, -0.06), reason="evidence", guarantee=Guarantee.BUDGETED, pages=pages,
    )  # fmt: skip


@pytest.fixture
def view(series, hostile):
    return BacktestView(
        watch="support_reply", generated_at=START, since=START, until=START + 1e6, looks=296, baseline=2, every=7200.0,
        smallest_drop=0.03, false_alarms="1 per 30d", what_if=True, seed=5, replayed=12,
        fired=(fired("case-checks", pages=True), fired(hostile, pages=False)),
        calm=(calm("case-checks", 0), calm(hostile, 7)),
        total=calm("all", 7),
        found=(
            found("case-checks", "−5 points", "drop"),
            found("case-checks", "−20 points", "drop", drop=0.2, delays=(2, 2, 3, 3)),
            found(hostile, "−5 points", "drop"),
            found("case-checks", "−30 points for 1 look", "blip", delays=()),
            found("helpful", "judge −5 points", "judge", arm=Arm.DIFFERENCE, delays=()),
        ),
        left_out=(f"a tag of 3 cases {hostile}",),
        series=(series(hostile),),
    )  # fmt: skip


def text_of(view, width=100):
    file = io.StringIO()
    show_backtest(view, console(file, width=width))
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 100])
def test_the_text_says_what_would_have_fired_what_rings_for_nothing_and_what_is_found(view, width):
    text = text_of(view, width)
    words = " ".join(text.split())
    assert "1 alert would have fired that may wake somebody" in words
    assert "false alarms 1 per 30d, which is not what watchdog.yaml says" in words
    assert "−12.0 … −6.0" in words
    assert "3/4" in words
    assert "8.0 h" in words  # four looks of two hours
    assert "current-" in words  # folded where the terminal is narrow
    assert "Seed 5" in words
    assert "left out: a tag of 3 cases" in words
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


def test_the_page_draws_every_metric_and_runs_nothing(view, hostile):
    page = backtest_html(view)
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 2 + 1 + 2  # a series wide and narrow, the false alarms, the delays of two metrics
    for drawing in drawings:
        ET.fromstring(drawing.replace("xlink:href", "href"))
    texts = {element.text for element in ET.fromstring(drawings[3].replace("xlink:href", "href")).iter("text")}
    assert {"−5 points", "−20 points", "looks since the drop"} <= texts
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page


def test_a_backtest_of_nothing_is_a_page_too():
    view = BacktestView(
        watch="w", generated_at=START, since=START, until=START, looks=1, baseline=1, every=60.0, smallest_drop=0.03,
        false_alarms="1 per 90d", what_if=False, seed=1,
    )  # fmt: skip
    assert "Nothing would have paged." in backtest_html(view)
    assert "Nothing would have paged." in text_of(view)
