from hypothesis import given
from hypothesis import strategies as st

from watchdog.render.diff import word_diff

TEXTS = st.lists(st.sampled_from(["30", "14", "days", "return", " ", ",", "\n"]), max_size=30).map("".join)


@given(TEXTS, TEXTS)
def test_the_pieces_join_to_the_texts_again(before, after):
    left, right = word_diff(before, after)
    assert "".join(piece.text for piece in left) == before
    assert "".join(piece.text for piece in right) == after


@given(TEXTS, TEXTS)
def test_what_is_not_marked_is_the_same_on_both_sides(before, after):
    left, right = word_diff(before, after)
    same_left = "".join(piece.text for piece in left if not piece.changed)
    same_right = "".join(piece.text for piece in right if not piece.changed)
    # A lone space may be marked on one side as part of a longer change.
    assert same_left.replace(" ", "").replace("\n", "") == same_right.replace(" ", "").replace("\n", "")


def test_only_the_words_that_differ_are_marked():
    left, right = word_diff("within 30 days of delivery", "within 14 days of delivery")
    assert [piece.text for piece in left if piece.changed] == ["30"]
    assert [piece.text for piece in right if piece.changed] == ["14"]


def test_equal_texts_have_no_mark_and_endless_ones_are_left_whole():
    assert not any(piece.changed for side in word_diff("a b", "a b") for piece in side)
    left, right = word_diff("a " * 5000, "b " * 5000)
    assert len(left) == len(right) == 1
    assert not left[0].changed
    assert word_diff("", "") == ((), ())
