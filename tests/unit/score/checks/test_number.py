import pytest

from watchdog.score.checks.number import Levenshtein, Numeric, RougeN


@pytest.mark.parametrize(
    ("check", "text", "expected", "value"),
    [
        (Numeric(value=42), "The answer is 42.", None, 1),
        (Numeric(value=42), "6 times 7 is 42", None, 1),
        (Numeric(value=42), "42 is not 43", None, 0),
        (Numeric(value=42, pick="first"), "42 is not 43", None, 1),
        (Numeric(value=42, pick="only"), "42 is not 43", None, 0),
        (Numeric(value=42, pick="only"), "42", None, 1),
        (Numeric(value=1234.5), "It costs $1,234.50 in total", None, 1),
        (Numeric(value=1234.5, decimal=","), "Es kostet 1.234,50 Euro", None, 1),
        (Numeric(value=-3), "It was −3 degrees", None, 1),
        (Numeric(value=3e8), "c = 3.0e8", None, 1),
        (Numeric(value=0.3), "0.30000000000000004", None, 1),
        (Numeric(value=3.14159, tolerance=0.01), "about 3.14", None, 1),
        (Numeric(value=3.14159, tolerance=0.001), "about 3.14", None, 0),
        (Numeric(value=200, relative=0.05), "209", None, 1),
        (Numeric(value=200, relative=0.05), "215", None, 0),
        (Numeric(value=42), "forty-two", None, 0),
        (Numeric(), "42", 42, 1),
        (Numeric(), "42", "42 apples", 1),
        (Numeric(), "42", "from 1 to 42", None),
        (Numeric(), "1", True, None),
        (Numeric(), "42", None, None),
        (Levenshtein(value="kitten"), "kitten", None, 1),
        (Levenshtein(value="kitten"), "sitten", None, pytest.approx(5 / 6)),
        (Levenshtein(value="KITTEN", ignore_case=True), "kitten", None, 1),
        (Levenshtein(), "kitten", "kitten", 1),
        (Levenshtein(), "kitten", None, None),
        (RougeN(value="the cat sat on the mat"), "the cat sat on the mat", None, 1),
        (RougeN(value="the cat sat"), "The cat lay", None, pytest.approx(2 / 3)),
        (RougeN(value="the cat sat", n=2), "The cat lay", None, 0.5),
        (RougeN(value="the cat sat"), "", None, 0),
        (RougeN(), "x", "", None),
        (RougeN(), "x", None, None),
    ],
)
def test_a_check_with_a_distance_passes_fails_or_leaves_unscored(scored, check, text, expected, value):
    score = scored(check, text, expected=expected)
    assert score.value == value
    assert bool(score.reason) == (score.outcome != "passed")


def test_a_graded_check_passes_at_its_bar(scored):
    assert scored(Levenshtein(value="kitten", min=0.8), "sitten").outcome == "passed"
    assert scored(Levenshtein(value="kitten", min=0.9), "sitten").outcome == "failed"
    assert scored(RougeN(value="the cat sat", min=0.7), "the cat lay").reason == "67% in common, 70% asked for"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Numeric(value=1, tolerance=-1), "from 0 on"),
        (lambda: Numeric(value=1, relative=float("nan")), "from 0 on"),
        (lambda: Numeric(pick="best"), "last, first or only"),
        (lambda: Numeric(decimal="x"), "'decimal' is"),
        (lambda: Levenshtein(value="a", min=1.2), "at most 1"),
        (lambda: RougeN(value="a", min=0), "more than 0"),
        (lambda: RougeN(value="a", n=0), "from 1 to 9"),
    ],
)
def test_bad_arguments_are_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()
