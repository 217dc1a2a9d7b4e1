from __future__ import annotations

import io
import json

import pytest

from watchdog.domain.alert import AlertState
from watchdog.errors import DeliveryError
from watchdog.notify.stdout import StdoutNotifier


async def test_a_transition_is_one_readable_block(house):
    stream = io.StringIO()
    await StdoutNotifier(stream=stream).send([house.alert(incident_id="i1")], house.NOW)
    assert stream.getvalue() == (
        "FIRING page model EvalDrift at 2026-09-21T14:13:20.000Z: the condition held long enough\n"
        "  support: is-json is 7.2 points worse\n"
        "  type next:   eval-watchdog scores\n"
        "  incident:    i1\n"
    )


async def test_terminal_escapes_in_texts_are_neutralised(house):
    stream = io.StringIO()
    hostile = house.alert(annotations={"summary": "\x1b]0;owned\x07\nFIRING everything"})
    await StdoutNotifier(stream=stream).send([hostile], house.NOW)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("\n") == 2


async def test_json_is_one_line_for_each_alert(house):
    stream = io.StringIO()
    alerts = [house.alert(annotations={"summary": "\x1b]0;owned\x07 größer"}), house.alert("b", AlertState.RESOLVED)]
    await StdoutNotifier(json=True, stream=stream).send(alerts, house.NOW)
    first, second = stream.getvalue().splitlines()
    assert "\x1b" not in first
    assert json.loads(first)["annotations"]["summary"] == "\x1b]0;owned\x07 größer"
    assert json.loads(first)["status"] == "firing"
    assert (json.loads(second)["status"], json.loads(second)["resolved_at"]) == ("resolved", "2026-09-21T14:13:20.000Z")


async def test_without_a_stream_it_is_standard_output(house, capsys):
    notifier = StdoutNotifier()
    await notifier.send([house.alert()], house.NOW)
    await notifier.aclose()
    assert capsys.readouterr().out.startswith("FIRING")
    assert (notifier.name, notifier.resend_every) == ("stdout", None)


async def test_a_closed_stream_is_a_failure_for_good(house):
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError) as caught:
        await StdoutNotifier(stream=stream).send([house.alert()], house.NOW)
    assert not caught.value.retryable
