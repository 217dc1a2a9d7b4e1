"""The class of a failure, the wait a server asks for, and what never gets into a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.errors import ErrorKind
from watchdog.providers.classify import from_exception, from_status, retry_after, scrub, secrets_in, traces

OPENAI_DAY = "Rate limit reached for gpt-4o in organization org-x on requests per day (RPD): Limit 200"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"error": {"message": "Rate limit reached on requests per min (RPM): Limit 3"}}, ErrorKind.RATE_LIMIT),
        (429, {"error": {"code": "insufficient_quota", "message": "check your plan and billing"}}, ErrorKind.QUOTA),
        (429, {"error": {"type": "insufficient_quota"}}, ErrorKind.QUOTA),
        (429, {"error": {"message": OPENAI_DAY}}, ErrorKind.QUOTA),
        (429, {"error": {"message": "daily limit exceeded"}}, ErrorKind.QUOTA),
        (429, [{"error": {"status": "RESOURCE_EXHAUSTED", "message": "quota per minute"}}], ErrorKind.RATE_LIMIT),
        (400, {"error": {"message": "Your credit balance is too low"}}, ErrorKind.QUOTA),
        (402, None, ErrorKind.QUOTA),
        (400, {"error": {"code": "model_not_found"}}, ErrorKind.NOT_FOUND),
        (400, {"error": {"code": "context_length_exceeded"}}, ErrorKind.BAD_REQUEST),
        (401, "not json", ErrorKind.AUTHENTICATION),
        (408, None, ErrorKind.TIMEOUT),
        (409, None, ErrorKind.SERVER),
        (418, None, ErrorKind.BAD_REQUEST),
        (302, None, ErrorKind.BAD_RESPONSE),
        (503, {"detail": "loading"}, ErrorKind.SERVER),
    ],
)
def test_a_status_and_its_body_have_a_class(status, body, kind):
    assert from_status(status, body, {}).kind is kind


def test_only_what_may_pass_by_itself_is_retryable():
    retryable = {
        kind
        for status in range(300, 600)
        if (error := from_status(status, None, {})).retryable
        for kind in [error.kind]
    }
    assert retryable == {ErrorKind.RATE_LIMIT, ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.BAD_RESPONSE}
    assert not from_status(429, {"error": {"code": "insufficient_quota"}}, {}).retryable


DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": DATE}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:59:30 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s"}, None),
        (
            {
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-11-21T10:00:05Z",
                "date": DATE,
            },
            5.0,
        ),
    ],
)
def test_the_wait_a_server_asks_for_is_read_from_its_headers(headers, seconds):
    assert retry_after(headers) == (None if seconds is None else pytest.approx(seconds))


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=30)))
def test_no_header_can_break_the_reading_of_the_wait(headers):
    seconds = retry_after(headers)
    assert seconds is None or 0.0 <= seconds < float("inf")


def test_secrets_are_taken_out_of_messages():
    text = "key my-house-secret and sk-proj-abcDEF123456 and Bearer eyJhbGciOi.x and AIzaSyA1234567890123456789012"
    clean = scrub(text, ["my-house-secret"])
    assert clean == "key *** and *** and Bearer *** and ***"


@pytest.mark.parametrize("echoed", ["Bearer my-house-token", "my-house-token", "a1b2c3d4e5", "session=a1b2c3d4e5"])
def test_a_secret_is_known_again_without_what_stood_around_it(echoed):
    secrets = secrets_in(["Bearer my-house-token", "session=a1b2c3d4e5; theme=dark", "short"])
    error = from_status(401, {"error": {"message": f"invalid credentials: {echoed} was revoked"}}, {}, secrets=secrets)
    assert "invalid credentials" in str(error)
    assert not any(secret in str(error) for secret in ("my-house-token", "a1b2c3d4e5"))
    assert "short" not in secrets


def test_a_message_is_too_short_to_carry_a_prompt_along():
    error = from_status(400, {"error": {"message": "x" * 10_000}}, {})
    assert len(str(error)) < 350


def test_an_html_page_from_a_proxy_is_not_quoted():
    assert str(from_status(502, None, {})) == "HTTP 502"


def test_the_innermost_cause_decides_between_time_out_and_broken_connection():
    class ConnectTimeout(Exception):
        """What a transport makes of every connection error."""

    def wrapped(cause):
        outer = ConnectTimeout("x")
        outer.__cause__ = cause
        return outer

    assert from_exception(wrapped(TimeoutError())).kind is ErrorKind.TIMEOUT
    assert from_exception(wrapped(ConnectionResetError(104, "reset by peer"))).kind is ErrorKind.CONNECTION


def test_an_unknown_exception_is_internal_and_not_quoted():
    error = from_exception(ValueError("the prompt: my patient has ..."))
    assert (error.kind, error.retryable) == (ErrorKind.INTERNAL, False)
    assert "patient" not in str(error)


def test_the_request_id_and_the_rate_limits_are_found_among_the_headers():
    raw = [(b"X-RateLimit-Remaining-Tokens", b"10"), (b"anthropic-ratelimit-requests-limit", b"5"), (b"server", b"x")]
    headroom = {"x-ratelimit-remaining-tokens": "10", "anthropic-ratelimit-requests-limit": "5"}
    assert traces(raw) == (None, headroom)
    assert traces([(b"Request-Id", b"req-1")]) == ("req-1", {})


def test_a_message_that_is_kept_is_short_and_names_nobody():
    message = "no account for ann@example.com, key=sk-abcdefghijkl1234567890mnop " + "x" * 5000
    said = str(from_status(400, {"error": {"code": "bad", "message": message}}, {}))
    assert said.startswith("HTTP 400 bad: no account for [email]")
    assert "sk-abc" not in said
    assert len(said) <= 220
