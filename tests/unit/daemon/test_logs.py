import io
import json
import logging
import sys

import pytest
import structlog

from watchdog.daemon.logs import configure_logs
from watchdog.errors import NotMeasured, UsageError

KEY = "sk-proj-" + "Ab3dEf6hIj9kLm2n" * 3


def choke():
    raise ValueError("dear Anna")


@pytest.fixture
def logged():
    """Configure logging to a stream; what is written there, as events."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def test_an_event_is_one_line_of_json_with_time_and_level(logged):
    structlog.get_logger().info("a look has finished", action="look-finished", watch="reply")
    [event] = logged()
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "a look has finished", "action": "look-finished", "watch": "reply", "level": "info"}


def test_private_keys_are_left_out_at_every_depth(logged):
    structlog.get_logger().info("x", prompt="dear Anna", nested={"answer": "yes", "n": 1}, Authorization="Bearer abc")
    [event] = logged()
    assert event["nested"] == {"n": 1}
    assert not {"prompt", "Authorization"} & event.keys()


@pytest.mark.parametrize("place", ["event", "value", "list", "object"])
def test_secrets_are_blacked_out_wherever_they_stand(logged, place):
    log, sentence = structlog.get_logger(), f"used {KEY}"
    match place:
        case "event":
            log.info(sentence)
        case "value":
            log.info("x", error=sentence)
        case "list":
            log.info("x", errors=["a", sentence])
        case "object":
            log.info("x", error=ValueError(sentence))
    [event] = logged()
    assert KEY not in json.dumps(event)
    assert "[secret]" in json.dumps(event)


def test_an_unknown_exception_is_told_by_kind_and_place_and_never_by_its_message(logged):
    try:
        choke()
    except ValueError:
        structlog.get_logger().exception("it broke")
    [event] = logged()
    assert event["error"].startswith("ValueError at ")
    assert event["frames"][0].endswith(" choke")
    assert "Anna" not in json.dumps(event)


def test_our_own_errors_are_told_in_their_words(logged):
    structlog.get_logger().error("it broke", exc_info=NotMeasured("no key is set"))
    assert logged()[0]["error"] == "no key is set"


def test_other_libraries_are_heard_from_warning_on_and_cleaned_too(logged):
    library = logging.getLogger("some.library")
    library.info("request: dear Anna")
    try:
        choke()
    except ValueError:
        library.warning("failed with %s", KEY, exc_info=True)
    [event] = logged()
    assert event["logger"] == "some.library"
    assert event["event"] == "failed with [secret]"
    assert event["error"].startswith("ValueError at ")
    assert "Anna" not in json.dumps(event)


def test_a_terminal_gets_lines_for_people():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logs(stream=stream)
        structlog.get_logger().info("hello", watch="reply")
    finally:
        root.handlers, root.level = before, level
        structlog.reset_defaults()
    assert "hello" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
    assert sys.stderr is not stream


def test_a_level_that_there_is_not_is_refused():
    with pytest.raises(UsageError, match="no log level 'loud'; levels: debug, info"):
        configure_logs("loud")
