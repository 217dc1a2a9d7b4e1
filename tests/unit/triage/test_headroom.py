import pytest

from watchdog.triage.headroom import headroom_of


def test_the_scarcest_limit_comes_first_whatever_dialect_the_headers_speak():
    openai = {
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-remaining-requests": "9000",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-tokens": "100000",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    found = headroom_of(openai)
    assert [(one.what, one.share, one.little) for one in found] == [("tokens", 0.05, True), ("requests", 0.9, False)]
    assert str(found[0]) == "tokens 100,000 of 2,000,000 left"
    anthropic = {"anthropic-ratelimit-input-tokens-limit": "50", "anthropic-ratelimit-input-tokens-remaining": "25"}
    assert [str(one) for one in headroom_of(anthropic)] == ["input-tokens 25 of 50 left"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining-requests": "3"},
        {"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"},
        {"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "nan"},
        {"content-type": "text/plain"},
    ],
)
def test_half_of_a_limit_is_none(headers):
    assert headroom_of(headers) == ()
