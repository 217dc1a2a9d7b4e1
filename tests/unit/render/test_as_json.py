import json
import math

from watchdog.domain.detection import Level
from watchdog.domain.score import Outcome
from watchdog.render.as_json import as_json, plain


def test_a_view_is_json_with_enums_as_their_values(run_view):
    record = json.loads(as_json(run_view))
    assert record["status"] == "finished"
    assert record["outcomes"][0]["counts"]["not run"] == 3
    assert record["metrics"][0]["level"] == "drift"
    assert record["metrics"][0]["interval"] == [-0.21, -0.09]


def test_what_is_not_known_is_null(run_view):
    assert json.loads(as_json(run_view))["cost"] is None
    assert plain([math.nan, math.inf, -math.inf, 0.0]) == [None, None, None, 0.0]


def test_sets_are_sorted_and_keys_are_texts():
    assert plain({Level.CALM: {"b", "a"}, Outcome.NOT_RUN: (1, True)}) == {"calm": ["a", "b"], "not run": [1, True]}


def test_a_whole_report_is_json(report_view):
    record = json.loads(as_json([report_view], indent=None))
    assert record[0]["metrics"][0]["level"][10] is None
