import io

import pytest
from msgspec.structs import replace

from watchdog.detect.second import SecondOpinion
from watchdog.domain.alert import AlertState, AlertType, Severity
from watchdog.render.metric_page import noise_facts, show_metric
from watchdog.render.terminal import (
    console,
    show_alerts,
    show_run,
    show_story,
    show_table,
    sparkline,
)
from watchdog.render.views import AlertView, MetricSeriesView, NoiseView, StoryLine, Tone


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
    assert "! outage until" in text
    assert "one column: 8 looks" in text
    bars = {line.split()[0]: line for line in text.splitlines() if line.startswith(("score", "evidence", "events"))}
    column = len("evidence") + 9 + 30 // 8
    assert bars["events"][column] in "▼→"
    assert bars["evidence"].endswith("alarm")
    empty = MetricSeriesView(name="x", times=(), level=())
    assert "No look has measured it yet." in shown(show_metric, empty)


def test_what_can_be_found_is_told_with_what_it_takes_and_what_never_rings(series):
    noise = NoiseView(
        looks=300, locked=170, locked_level=0.91, current_level=0.9, spread=0.03, within=0.02, correlation=0.4,
        inflation=2.3, smallest_drop=0.03, detectable={"1 day": 0.061, "1 week": 0.023},
    )  # fmt: skip
    facts = " ".join(noise_facts(noise).values())
    assert "91.0 % over the 170 locked looks, 90.0 % over all 300" in facts
    assert "neighbouring looks correlate by 0.40" in facts
    assert "6.1 points within 1 day, 2.3 points within 1 week" in facts
    assert "one below 3 points does not ring" in facts
    assert "6.1 points" in shown(show_metric, replace(series(), noise=noise), width=100)


def test_a_second_opinion_says_how_much_would_ring_and_that_it_never_does(series):
    second = SecondOpinion(looks=240, evidence=7.31)
    text = " ".join(shown(show_metric, replace(series(), threshold=11.38, second=second), width=100).split())
    assert "second opinion: evidence 7.3, where 11.4 rings" in text
    assert "over 240 looks, without the baseline; it never rings itself" in text
    mild = replace(series(), threshold=11.38, second=SecondOpinion(looks=9, evidence=-0.4))
    assert "evidence 0.0, where" in shown(show_metric, mild, width=100)
