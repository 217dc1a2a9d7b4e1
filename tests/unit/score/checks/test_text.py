import pytest

from watchdog.score.checks.text import Contains, EndsWith, Equals, Facts, OneOf, Regex, StartsWith

REPLY = "Dear Ms Bell,\n\nyour refund of $49.90 was sent on 3 March. It takes 5 to 7 days.\n\nKind regards\nSupport"


@pytest.mark.parametrize(
    ("check", "text", "expected", "value"),
    [
        (Equals(value="Paris"), " Paris\n", None, 1),
        (Equals(value="Paris"), "paris", None, 0),
        (Equals(value="Paris", ignore_case=True), "PARIS", None, 1),
        (Equals(value="a b"), "a  b", None, 0),
        (Equals(value="a b", ignore_space=True), "a\n b", None, 1),
        (Equals(value=42), "42", None, 1),
        (Equals(value=True), "true", None, 1),
        (Equals(), "billing", "billing", 1),
        (Equals(), "42", 42, 1),
        (Equals(), "x", {"answer": "x"}, None),
        (Equals(), "x", None, None),
        (Contains(value="refund"), REPLY, None, 1),
        (Contains(value="REFUND"), REPLY, None, 0),
        (Contains(value="REFUND", ignore_case=True), REPLY, None, 1),
        (Contains(value=["refund", "March"]), REPLY, None, 1),
        (Contains(all=["refund", "April"]), REPLY, None, 0),
        (Contains(any=["April", "March"]), REPLY, None, 1),
        (Contains(any=["April", "May"]), REPLY, None, 0),
        (Contains(none=["voucher"]), REPLY, None, 1),
        (Contains(none=["voucher", "refund"]), REPLY, None, 0),
        (Contains(value="refund", none=["refund"]), REPLY, None, 0),
        (Contains(), REPLY, "5 to 7 days", 1),
        (Contains(), REPLY, ["refund", "days"], 1),
        (Contains(), REPLY, "", None),
        (Contains(), REPLY, None, None),
        (Regex(pattern=r"\$\d+\.\d\d"), REPLY, None, 1),
        (Regex(pattern=r"\$\d+\.\d\d", whole=True), REPLY, None, 0),
        (Regex(pattern=r"yes|no", whole=True, ignore_case=True), "Yes\n", None, 1),
        (Regex(pattern=r"^kind regards$", ignore_case=True), REPLY, None, 0),
        (Regex(pattern=r"^kind regards$", ignore_case=True, multiline=True), REPLY, None, 1),
        (Regex(), "A-17", r"[A-Z]-\d+", 1),
        (Regex(), "A-17", None, None),
        (StartsWith(value="Dear"), REPLY, None, 1),
        (StartsWith(value=["Hello", "dear"], ignore_case=True), REPLY, None, 1),
        (StartsWith(value="Hello"), REPLY, None, 0),
        (StartsWith(), " Yes, we do", "Yes", 1),
        (StartsWith(), "Yes", None, None),
        (EndsWith(value="Support"), REPLY + "\n", None, 1),
        (EndsWith(value="Sales"), REPLY, None, 0),
        (EndsWith(), "done.", ["!", "."], 1),
        (EndsWith(), "done.", None, None),
        (OneOf(values=["billing", "shipping"]), "Billing.", None, 1),
        (OneOf(values=["billing", "shipping"]), '"billing"', None, 1),
        (OneOf(values=["billing"], ignore_case=False), "Billing", None, 0),
        (OneOf(values=["billing", "shipping"]), "It is about billing", None, 0),
        (OneOf(), "NEGATIVE", "negative", 1),
        (OneOf(), "neutral", ["positive", "negative"], 0),
        (OneOf(), "neutral", None, None),
        (Facts(facts=["$49.90", "3 March"]), REPLY, None, 1),
        (Facts(facts=["$49.90", ["March 3", "3 March"]]), REPLY, None, 1),
        (Facts(facts=["49.90", "voucher"]), REPLY, None, 0.5),
        (Facts(facts=["9.90", "voucher"]), REPLY, None, 0),
        (Facts(), REPLY, {"facts": ["refund", "5 to 7 days"]}, 1),
        (Facts(), REPLY, ["refund", "10 days"], 0.5),
        (Facts(), REPLY, {"answer": "x"}, None),
        (Facts(), REPLY, {"facts": []}, None),
        (Facts(), REPLY, None, None),
    ],
)
def test_a_text_check_passes_fails_or_leaves_unscored(scored, check, text, expected, value):
    score = scored(check, text, expected=expected)
    assert score.value == value
    assert bool(score.reason) == (value != 1)


@pytest.mark.parametrize(
    ("fact", "answer", "found"),
    [
        ("5", "It takes 5 days.", True),
        ("5", "It takes 15 days.", False),
        ("5", "It takes 5.5 days.", False),
        ("5", "It takes 1,5 days.", False),
        ("5", "It is 5.", True),
        ("5", "5km away", True),
        ("5", "see A5", False),
        ("art", "a party", False),
        ("art", "Art, he said", True),
        ("it's  “new”", 'IT’S \n"new"', True),
        ("2020-2024", "from 2020–2024", True),
        ("東京", "首都は東京です", True),
        ("A fact", "a fact", True),
    ],
)
def test_a_fact_is_found_as_whole_words_however_it_is_typed(scored, fact, answer, found):
    assert scored(Facts(facts=[fact]), answer).value == found


def test_facts_pass_at_their_bar(scored):
    score = scored(Facts(facts=["refund", "voucher"], min=0.5), REPLY)
    assert (score.value, score.outcome) == (0.5, "passed")


@pytest.mark.parametrize("whole", [False, True])
def test_a_runaway_pattern_leaves_the_answer_unscored(scored, whole):
    score = scored(Regex(pattern=r"(a+)+b", timeout=0.05, whole=whole), "a" * 5000)
    assert score.value is None
    assert "took more than 0.05 s" in score.reason


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Contains(value=""), "'value' must not be empty"),
        (lambda: Contains(any=[]), "'any' must not be empty"),
        (lambda: Contains(none=["a", ""]), "'none' must not be empty"),
        (lambda: StartsWith(value=""), "must not be empty"),
        (lambda: EndsWith(value=["a", ""]), "must not be empty"),
        (lambda: Regex(pattern="(a"), "does not compile: missing \\)"),
        (lambda: Regex(pattern="a", timeout=0), "more than 0 seconds"),
        (lambda: OneOf(values=[]), "at least one"),
        (lambda: Facts(facts=[]), "'facts' is a list of texts"),
        (lambda: Facts(facts=["a", [""]]), "'facts' is a list of texts"),
        (lambda: Facts(facts=["a"], min=0), "share of the facts"),
    ],
)
def test_bad_arguments_are_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_broken_pattern_of_a_case_is_an_error_of_its_own(scored):
    with pytest.raises(ValueError, match="does not compile"):
        scored(Regex(), "x", expected="(")
