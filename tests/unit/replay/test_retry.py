"""Whether and when a failed call is tried again."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.domain.watch import Limits
from watchdog.errors import ErrorKind, ProviderError
from watchdog.replay.retry import BACKOFF, next_wait, patience

RETRIED = [ErrorKind.RATE_LIMIT, ErrorKind.SERVER, ErrorKind.TIMEOUT, ErrorKind.CONNECTION, ErrorKind.BAD_RESPONSE]
NEVER = [kind for kind in ErrorKind if kind not in RETRIED]


def failed(kind, retry_after=None, retryable=True):
    return ProviderError("x", kind=kind, retryable=retryable, retry_after=retry_after)


@pytest.mark.parametrize("kind", NEVER)
def test_what_would_fail_again_is_never_retried(kind):
    assert next_wait(failed(kind, retry_after=1.0), 1, Limits(), Random(1), 0.0) is None


@pytest.mark.parametrize("kind", RETRIED)
def test_what_may_pass_is_retried_until_the_attempts_are_used_up(kind):
    limits = Limits(attempts=3)
    assert next_wait(failed(kind), 2, limits, Random(1), 0.0) is not None
    assert next_wait(failed(kind), 3, limits, Random(1), 0.0) is None


def test_an_error_that_says_it_is_not_retryable_is_believed():
    assert next_wait(failed(ErrorKind.SERVER, retryable=False), 1, Limits(), Random(1), 0.0) is None


@pytest.mark.parametrize("kind", RETRIED)
def test_the_wait_doubles_with_jitter_up_to_the_cap_of_its_class(kind):
    limits = Limits(attempts=50, backoff_cap=20.0)
    backoff = BACKOFF[kind]
    for attempt in range(1, 20):
        longest = min(backoff.cap, 20.0, backoff.first * 2 ** (attempt - 1))
        waits = [next_wait(failed(kind), attempt, limits, Random(seed), 0.0) for seed in range(30)]
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(set(waits)) == 30


@given(st.floats(0, 250), st.integers(1, 4), st.sampled_from(RETRIED), st.integers())
def test_never_earlier_than_the_server_asked(asked, attempt, kind, seed):
    wait = next_wait(failed(kind, retry_after=asked), attempt, Limits(), Random(seed), 0.0)
    assert wait >= asked


def test_a_wait_beyond_all_patience_is_not_waited():
    limits = Limits(attempts=5, timeout=60, backoff_cap=60)
    assert patience(limits) == 600
    assert next_wait(failed(ErrorKind.RATE_LIMIT, retry_after=3600), 1, limits, Random(1), 0.0) is None
    assert next_wait(failed(ErrorKind.RATE_LIMIT, retry_after=100), 1, limits, Random(1), 0.0) is not None
    assert next_wait(failed(ErrorKind.RATE_LIMIT, retry_after=100), 1, limits, Random(1), 550.0) is None
