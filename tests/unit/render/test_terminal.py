import io

import pytest

from watchdog.domain.alert import AlertState, AlertType, Severity
from watchdog.render.metric_page import show_metric
from watchdog.render.terminal import (
    console,
    show_alerts,
    show_run,
    show_story,
    show_table,
    sparkline,
)
from watchdog.render.views import AlertView, MetricSeriesView, StoryLine, Tone


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(show, *views, width=80, file=None):
    file = file or io.StringIO()
    show(*views, console(file, width=width))
    return file.getvalue()


def test_every_outcome_is_shown_apart(run_view):
    text = shown(show_run, run_view)
    row = next(line for line in text.splitlines() if line.startswith("pinned"))
    assert [word for word in row.split() if word.isdigit()] == ["31", "5", "2", "1", "7", "3"]
    for outcome in ("passed", "failed", "error", "unscored", "skipped", "not run"):
        assert outcome in text


def test_a_run_says_what_it_cost_who_answered_and_what_went_wrong(run_view):
    text = shown(show_run, run_view)
    assert "cost unknown (3 calls without a known price), took 4.2 s" in text
    assert "current was answered by sim-1-2026-11" in text
    assert "! 2 answers were lost" in text
    assert "−15.5" in text
    assert "12.4/9.1" in text
    assert "json-fields (current-pinned): 3 of 8 runs" in text


@pytest.mark.parametrize("width", [80, 100, 160])
def test_nothing_is_wider_than_the_terminal_and_no_number_is_cut(run_view, width):
    text = shown(show_run, run_view, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…\n" not in text
    assert "−21.0 … −9.0" in text


def test_colour_is_for_terminals_only(run_view, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in shown(show_run, run_view)
    assert "\x1b[" in shown(show_run, run_view, file=Terminal())


def test_hostile_text_and_markup_reach_no_terminal(hostile):
    text = shown(show_table, ["[red]a", "b"], [[hostile, "[bold]x[/bold]"]], width=200)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/bold]" in text
    assert "[red]a" in text
    assert "\x1b" not in shown(show_story, [StoryLine(at=0.0, sentence=hostile, tone=Tone.WORSE)])


def test_alerts_say_what_and_what_to_do(hostile):
    alert = AlertView(
        name="ModelDrift",
        alert_type=AlertType.MODEL,
        severity=Severity.PAGE,
        state=AlertState.FIRING,
        starts_at=0.0,
        annotations={"summary": hostile, "next_command": "eval-watchdog scores x --since 24h"},
        cause="the provider changed the model",
    )
    text = shown(show_alerts, [alert], width=200)
    assert "firing   ModelDrift  model/page  since 1970-01-01 00:00 UTC" in text
    assert "cause: the provider changed the model" in text
    assert "next_command: eval-watchdog scores x --since 24h" in text
    assert "\x1b" not in text
    assert "No alerts." in shown(show_alerts, [])


def test_small_bars_leave_a_gap_where_nothing_is_known():
    assert sparkline([0.0, 0.5, None, 1.0, 2.0]) == "▁▅ ██"
    assert sparkline([0.4, 0.4], 0.4, 0.4) == "▁▁"


def test_a_metric_as_text_fits_its_width(series):
    text = shown(show_metric, series(looks=400), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "397 of 400 looks" in text
    assert "outage: 503" in text
    empty = MetricSeriesView(name="x", times=(), level=())
    assert "No look has measured it yet." in shown(show_metric, empty)
