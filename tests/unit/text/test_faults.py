from watchdog.errors import StoreBusy
from watchdog.text.faults import frames, in_words


def test_our_errors_keep_their_sentence():
    assert in_words(StoreBusy()) == "The database is locked by another process; nothing was lost, try again."


def test_other_errors_are_told_by_kind_and_innermost_place():
    def choke():
        raise KeyError("dear Anna")

    try:
        choke()
    except KeyError as error:
        words, places = in_words(error), frames(error)
    assert words.startswith("KeyError at ")
    assert words.endswith(" choke")
    assert "Anna" not in words
    assert len(places) == 2


def test_an_error_that_was_never_raised_has_a_kind():
    assert in_words(ValueError("x")) == "ValueError"
