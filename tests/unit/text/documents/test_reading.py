"""Whatever a path turns out to be, the answer is text or a problem."""

import os

import pytest

from watchdog.text.documents.problems import Problems
from watchdog.text.documents.reading import read_text


def read(path, **how):
    problems = Problems("f")
    return read_text(path, problems, **how), [str(problem) for problem in problems.found]


def test_a_text_is_read_and_its_byte_order_mark_dropped(tmp_path):
    (tmp_path / "a").write_bytes("\ufeffgrün".encode())
    assert read(tmp_path / "a") == ("grün", [])


def test_what_is_no_text_file_is_told(tmp_path):
    (tmp_path / "latin").write_bytes(b"fine\ngr\xfcn")
    (tmp_path / "binary").write_bytes(b"a\n\0")
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "none") == (None, ["f: there is no such file"])
    assert read(tmp_path) == (None, ["f: is a folder, not a file"])
    assert read(tmp_path / "pipe") == (None, ["f: is not a regular file"])
    assert read(tmp_path / "latin") == (None, ["f:2: is not UTF-8 text (save it as UTF-8)"])
    assert read(tmp_path / "binary") == (None, ["f:2: holds a NUL character: it is not a text file"])
    assert read(tmp_path / "a\0b") == (None, ["f: cannot be read: not a possible file name"])
    assert read(tmp_path / ("a" * 5000))[1] == ["f: cannot be read: File name too long"]


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 1_000_001)
    assert read(tmp_path / "large", largest=1_000_000) == (None, ["f: is larger than 1 MB"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    (tmp_path / "mine").write_text("x")
    (tmp_path / "mine").chmod(0)
    assert read(tmp_path / "mine") == (None, ["f: cannot be read: Permission denied"])
