"""Durations, money and rates."""

import pytest

from watchdog.text.quantities import parse_duration, parse_money, parse_rate


@pytest.mark.parametrize(
    ("text", "seconds"), [("10s", 10), ("30m", 1800), ("2h", 7200), ("90d", 7776000), ("1w", 604800), ("250ms", 0.25)]
)
def test_a_duration_is_its_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "-1m", "1 month", "1m30s", "1e3s", "١m" * 99, "9" * 13 + "s"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_money_is_us_dollars():
    assert [parse_money(text) for text in ("5 USD", "$5", "0.25", "0.01usd")] == [5.0, 5.0, 0.25, 0.01]
    for text in ("5 EUR", "five", "-1", ""):
        with pytest.raises(ValueError, match="US dollars"):
            parse_money(text)


def test_a_rate_is_a_count_per_duration():
    assert parse_rate("1 per 90d") == (1.0, 7776000.0)
    assert parse_rate("2/30d") == (2.0, 2592000.0)
    for text in ("1 per", "per 90d", "1 per 0d", "0 per 90d", "often"):
        with pytest.raises(ValueError):  # noqa: PT011 - the three sentences are told apart in the configuration's tests
            parse_rate(text)
