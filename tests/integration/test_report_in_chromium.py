import os
import shutil
import subprocess

import pytest

from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.render.report import report_html
from watchdog.render.views import (
    FlippedCaseView,
    Marker,
    MarkerKind,
    MetricRow,
    MetricSeriesView,
    ReportView,
    StoryLine,
    Tone,
)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--dump-dom",
)
START = 1_788_000_000.0


@pytest.fixture
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        assert os.environ.get("CI") != "true", "CI has a chromium"
        pytest.skip("there is no chromium here")
    return found


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a page and give its document and what the browser's console says."""

    def open_page(html):
        page = tmp_path / "report.html"
        page.write_text(html, encoding="utf-8")
        command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return open_page


def report():
    times = tuple(START + 3600 * index for index in range(100))
    return ReportView(
        title="support_reply",
        verdict="Fine.",
        tone=Tone.BETTER,
        generated_at=START,
        story=(StoryLine(at=START, sentence="It began."),),
        metrics=(
            MetricSeriesView(
                name="case-checks",
                times=times,
                level=tuple(0.9 + 0.01 * (index % 3) for index in range(100)),
                evidence=tuple(-2.0 for _ in times),
                threshold=9.0,
                band=(0.88, 0.94),
                markers=(Marker(at=times[50], kind=MarkerKind.CHANGE, label="a change"),),
                now=MetricRow(metric="case-checks", arm=Arm.CURRENT, level=Level.CALM, score=0.9),
            ),
        ),
        flipped=(
            FlippedCaseView(
                case_id="x",
                input="</p><script>document.title = 'owned'</script>",
                before="30 days",
                after="<img src=x onerror=\"document.title = 'owned'\"><script>console.error('ran')</script>",
            ),
        ),
    )


def test_the_report_opens_without_a_word_on_the_console(opened):
    document, console = opened(report_html(report()))
    assert console == []
    assert "<title>support_reply – eval-watchdog</title>" in document
    assert document.count("<svg") == 2
    assert "<script" not in document


def test_the_console_is_really_listened_to(opened):
    _, console = opened("<!doctype html><script>console.error('heard')</script>")
    assert any("heard" in line for line in console)
