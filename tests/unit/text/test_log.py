"""Logging is set up when there is something to log, and once."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from watchdog.daemon.logs import configure_logs
from watchdog.text.log import Log, configure_when_needed


@pytest.fixture(autouse=True)
def as_before():
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def waiting():
    """Logging that waits for its first event, where it goes to, and how often it was set up."""
    stream, made = io.StringIO(), []

    def configure():
        made.append(1)
        configure_logs("warning", stream=stream, as_json=True)

    configure_when_needed(configure)
    return stream, made


def test_nothing_is_set_up_before_there_is_something_to_log(waiting):
    stream, made = waiting
    Log("watchdog.x")
    logging.getLogger("aiohttp").info("a request")
    assert (stream.getvalue(), made) == ("", [])


def test_an_event_of_ours_sets_logging_up_once_and_is_kept_by_it(waiting):
    stream, made = waiting
    log = Log("watchdog.x")
    log.warning("a channel failed", action="delivery-failed", answer="private")
    log.info("not heard at this level")
    log.error("again")
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["a channel failed", "again"]
    assert events[0]["action"] == "delivery-failed"
    assert "private" not in stream.getvalue()
    assert made == [1]


def test_a_warning_of_a_library_sets_it_up_too_and_its_secrets_are_left_out(waiting):
    stream, made = waiting
    for _ in range(2):
        logging.getLogger("aiohttp").warning("Authorization: Bearer sk-live-0123456789abcdef0123456789")
    assert [json.loads(line)["logger"] for line in stream.getvalue().splitlines()] == ["aiohttp", "aiohttp"]
    assert "0123456789" not in stream.getvalue()
    assert made == [1]


def test_what_was_set_up_meanwhile_stays(waiting):
    stream, made = waiting
    other = io.StringIO()
    configure_logs("warning", stream=other, as_json=True)
    Log("watchdog.x").warning("heard by the other")
    assert (stream.getvalue(), made) == ("", [])
    assert "heard by the other" in other.getvalue()
