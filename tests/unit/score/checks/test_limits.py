import pytest

from watchdog.score.checks.limits import Cost, Latency, MaxChars, WordCount


@pytest.mark.parametrize(
    ("check", "text", "facts", "value", "reason"),
    [
        (WordCount(min=2, max=4), "two words", {}, 1, ""),
        (WordCount(min=3), "two words", {}, 0, "2 words, fewer than 3"),
        (WordCount(max=1), "two words", {}, 0, "2 words, more than 1"),
        (WordCount(max=3), "我爱你们", {}, 0, "4 words, more than 3"),
        (WordCount(max=3), "don't panic, please", {}, 1, ""),
        (MaxChars(max=5), " 12345 ", {}, 1, ""),
        (MaxChars(max=5), "123456", {}, 0, "6 characters, more than 5"),
        (Latency(max=2), "x", {"latency": 1.5}, 1, ""),
        (Latency(max=2), "x", {"latency": 2.5}, 0, "2.50 s, more than 2 s"),
        (Latency(max=2), "x", {}, None, "the latency is not known"),
        (Cost(max=0.01), "x", {"cost": 0.01}, 1, ""),
        (Cost(max=0.01), "x", {"cost": 0.011}, 0, "0.011000 USD, more than 0.01 USD"),
        (Cost(max=0.01), "x", {}, None, "the cost is not known"),
    ],
)
def test_a_limit_passes_fails_or_leaves_unscored(scored, check, text, facts, value, reason):
    score = scored(check, text, **facts)
    assert (score.value, score.reason) == (value, reason)


@pytest.mark.parametrize(
    "make",
    [
        WordCount,
        lambda: WordCount(min=-1),
        lambda: WordCount(min=3, max=2),
        lambda: MaxChars(max=0),
        lambda: Latency(max=0),
        lambda: Latency(max=float("nan")),
        lambda: Cost(max=float("inf")),
    ],
)
def test_bad_limits_are_refused(make):
    with pytest.raises(ValueError, match="'m"):
        make()
