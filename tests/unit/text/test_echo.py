import pytest

from watchdog.text.echo import repeats

PROMPT = "Dear support,\nmy name is Anna Berg and I want my money back."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("invalid content: 'my name is Anna Berg and I want'", True),
        (r"bad value \"Dear support,\\nmy name is Anna\"", True),
        ("DEAR  SUPPORT -- MY NAME IS anna", True),
        ("The model `x` does not exist", False),
        ("", False),
    ],
)
def test_a_text_that_quotes_twenty_letters_of_the_prompt_repeats_it(text, found):
    assert repeats(text, [PROMPT]) is found


def test_a_short_prompt_is_found_whole():
    assert repeats("cannot parse: order 4711!", ["Order 4711"])
    assert not repeats("cannot parse: order 4712", ["Order 4711"])
    assert not repeats("it is not so", ["is"])
