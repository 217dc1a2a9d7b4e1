import io

from watchdog.render.progress import Progress


def test_it_is_silent_where_nobody_watches():
    file = io.StringIO()
    bar = Progress(file=file)
    bar.start(10, "support_reply")
    bar.advance(3, "x")
    bar.stop()
    assert file.getvalue() == ""


def test_it_counts_and_shows_no_escape_of_a_label(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")  # a dumb terminal cannot take a line back, and gets none
    file = io.StringIO()
    bar = Progress(file=file, enabled=True)
    bar.start(10, "first")
    bar.start(8, "second")
    bar.advance(3, "case\x1b[2J one")
    bar.advance(5)
    bar.stop()
    assert "8/8" in file.getvalue()
    assert "case one" in file.getvalue()
    assert "\x1b[2J" not in file.getvalue()


def test_stopping_what_was_never_started_is_nothing():
    bar = Progress(file=io.StringIO(), enabled=True)
    bar.advance()
    bar.stop()
