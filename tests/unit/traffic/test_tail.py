import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from watchdog.traffic.tail import LONGEST_LINE, line_numbers, lines_from_end, with_rotated


@given(st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), max_size=30), st.booleans())
def test_lines_come_from_the_end_with_offset_and_number(lines: list[bytes], closed: bool):
    content = b"\n".join(lines) + (b"\n" if closed and lines else b"")
    file = io.BytesIO(content)

    found = list(lines_from_end(file))

    assert [line.text for line in found] == [line for line in reversed(lines) if line.strip()]
    assert all(content[line.offset :].startswith(line.text) for line in found)
    numbers = line_numbers(file, [line.offset for line in found])
    assert all(content.split(b"\n")[numbers[line.offset] - 1] == line.text for line in found)


def test_lines_longer_than_a_block_are_whole():
    lines = [bytes([65 + number]) * size for number, size in enumerate([10, 200_000, 65_536, 1, 65_535, 131_072])]

    assert [line.text for line in lines_from_end(io.BytesIO(b"\n".join(lines)))] == lines[::-1]


def test_only_a_last_line_without_line_end_is_unfinished():
    found = list(lines_from_end(io.BytesIO(b'{"a": 1}\n{"b": 2}\n{"c"')))

    assert [(line.text, line.finished) for line in found] == [
        (b'{"c"', False),
        (b'{"b": 2}', True),
        (b'{"a": 1}', True),
    ]


def test_an_endless_line_is_an_empty_text_and_its_neighbours_are_whole():
    content = b"before\n" + b"x" * (3 * LONGEST_LINE) + b"\nafter\n"

    assert [(line.offset, line.text) for line in lines_from_end(io.BytesIO(content))] == [
        (len(content) - 6, b"after"),
        (7, b""),
        (0, b"before"),
    ]


def test_a_file_that_is_cut_off_meanwhile_ends_the_walk():
    file = io.BytesIO(b"\n".join(b"%d" % number * 1000 for number in range(200)))
    walk = lines_from_end(file)
    next(walk)
    file.truncate(10)

    assert all(line.text for line in walk)


def test_only_a_few_blocks_of_a_big_file_are_read():
    class Counted(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            block = super().read(size)
            self.taken += len(block)
            return block

    file = Counted(b"a line of the file\n" * 1_000_000)
    walk = lines_from_end(file)

    assert [next(walk).text for _ in range(100)] == [b"a line of the file"] * 100
    assert file.taken < 200_000


def test_the_rotated_file_comes_second_and_missing_files_do_not_count(tmp_path: Path):
    live, old = tmp_path / "traffic.jsonl", tmp_path / "traffic.jsonl.1"

    assert with_rotated(live) == []
    old.touch()
    assert with_rotated(live) == [old]
    live.touch()
    assert with_rotated(live) == [live, old]
