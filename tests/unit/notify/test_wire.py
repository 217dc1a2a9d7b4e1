from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.domain.alert import AlertState
from watchdog.notify.wire import harmless, message, notes, rfc3339, sanitized

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_every_label_name_becomes_one_that_alertmanager_takes_and_none_is_lost(pairs):
    clean = sanitized(pairs)
    assert all(NAME.fullmatch(name) for name in clean)
    assert sorted(clean.values()) == sorted(value for value in pairs.values() if value)


@pytest.mark.parametrize(
    ("pairs", "clean"),
    [
        ({"tool-name": "crm"}, {"tool_name": "crm"}),
        ({"1st": "x"}, {"_1st": "x"}),
        ({"empty": ""}, {}),
        ({"a-b": "1", "a_b": "2"}, {"a_b": "1", "a_b_": "2"}),
        ({"größe": "x"}, {"gr__e": "x"}),
    ],
)
def test_names_are_sanitized(pairs, clean):
    assert sanitized(pairs) == clean


def test_times_are_rfc_3339_with_milliseconds():
    assert rfc3339(1_790_000_000.0) == "2026-09-21T14:13:20.000Z"
    assert rfc3339(1_790_000_000.9996) == "2026-09-21T14:13:21.000Z"


def test_the_webhook_message_has_the_form_of_alertmanagers(house):
    firing, over = house.alert("a", incident_id="i1"), house.alert("b", AlertState.RESOLVED)
    body = message([firing, over], "hook")
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "hook")
    assert body["commonLabels"] == {"alertname": "EvalDrift", "alert_type": "model", "severity": "page"}
    first, second = body["alerts"]
    assert (first["status"], first["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert first["annotations"]["incident"] == "i1"
    assert (second["status"], second["endsAt"]) == ("resolved", rfc3339(house.NOW))
    assert {"groupKey", "groupLabels", "truncatedAlerts", "externalURL", "commonAnnotations"} <= set(body)
    assert message([over], "hook")["status"] == "resolved"
    json.dumps(body)


def test_an_alert_without_an_incident_names_none(house):
    assert "incident" not in notes(house.alert())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("title\x1b]0;owned\x07", "title\\x1b]0;owned\\x07"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
        ("größer → 3 points 😀", "größer → 3 points 😀"),
    ],
)
def test_terminal_escapes_are_written_out(text, shown):
    assert harmless(text) == shown
