import pytest

from watchdog.text.words import folded, numbers, significant, squeezed, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't panic, it's fine.", ["Don't", "panic", "it's", "fine"]),
        ("snake_case and e-mail", ["snake", "case", "and", "e", "mail"]),
        ("我爱 Python3", ["我", "爱", "Python3"]),
        ("naïve Übung, 서울에서", ["naïve", "Übung", "서울에서"]),
        (" ... ", []),
    ],
)
def test_words_are_told(text, found):
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "decimal", "found"),
    [
        ("1 apple, 2.5 pears and -3", ".", [1, 2.5, -3]),
        ("$1,234.50 or 1,234,567", ".", [1234.5, 1234567]),
        ("10-20 items", ".", [10, 20]),
        ("It is 42. Then 43", ".", [42, 43]),
        ("5% of 6e3 is .3", ".", [5, 6000, 0.3]),
        ("USD50, €7", ".", [50, 7]),
        ("1.234,50 und 0,5 und 1 234 567", ",", [1234.5, 0.5, 1234567]),
        ("none", ".", []),
    ],
)
def test_numbers_are_read(text, decimal, found):
    assert numbers(text, decimal=decimal) == found


def test_text_is_made_comparable():
    assert squeezed(" a\n b ") == "a b"
    assert folded("„Ｓｔraße” – IT’S") == '"strasse" - it\'s'


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (182.0, 2, "180"),
        (23.4, 2, "23"),
        (0.6667, 2, "0.67"),
        (1.0, 2, "1"),
        (4512.0, 3, "4,510"),
        (999.6, 3, "1,000"),
        (1_234_567.0, 3, "1,230,000"),
        (-182.0, 2, "-180"),
        (0.00012, 2, "0.00012"),
    ],
)
def test_a_number_is_written_out(value, digits, said):
    assert significant(value, digits) == said
