"""Which cases answer differently from their baseline."""

import pytest
from msgspec.structs import replace

from watchdog.detect.baseline import freeze
from watchdog.detect.cases import Turn, changed_cases
from watchdog.detect.observe import observe
from watchdog.domain.metric import Arm
from watchdog.domain.target import Role

FACTS = {"baseline_id": "b1", "version": 1, "at": 0.0, "by": "ann", "reason": "start"}


@pytest.fixture
def digest(watch, run_of):
    """Changed cases after a baseline of 20 looks and 12 more; scores by look number."""

    def build(scores, scorer="exact", watch=watch):
        def run(n):
            return run_of(n, {Role.CURRENT: scores(n)}, scorer=scorer)

        baseline = freeze(watch, [run(n) for n in range(20)], **FACTS)
        looks = {}
        for n in range(20, 32):
            for observation in observe(watch, baseline, run(n)).observations:
                looks.setdefault(observation.key, []).append(observation)
        return changed_cases(watch, baseline, looks)

    return build


def test_cases_that_turned_are_named_with_what_became_of_them(digest):
    def scores(n):
        values = [1.0] * 18 + [0.0, 0.0]
        if n >= 24:
            values[0], values[1], values[18] = 0.0, float(n % 2), 1.0
        return values

    found = {case.case_id: case for case in digest(scores)}
    assert {case: one.turn for case, one in found.items()} == {
        "c0": Turn.FAILING,
        "c1": Turn.FLAPPING,
        "c18": Turn.RECOVERED,
    }
    assert (found["c0"].before, found["c0"].now, found["c0"].looks, found["c0"].since) == (1.0, 0.0, 8, 24_000.0)
    assert found["c0"].metric.arm is Arm.CURRENT


def test_of_a_metric_of_which_less_is_better_the_sign_is_turned(digest):
    found = digest(lambda n: [1.0 if n >= 24 else 0.0] + [0.0] * 19, scorer="refusal")
    assert [(case.case_id, case.turn, case.before, case.now) for case in found] == [("c0", Turn.FAILING, 1.0, 0.0)]


def test_cases_as_before_are_not_named(digest):
    assert digest(lambda n: [float((n + case) % 5 > 0) for case in range(20)]) == []


def test_a_watch_that_was_not_looked_at_since_names_nothing(watch, run_of):
    baseline = freeze(watch, [run_of(n, {Role.CURRENT: 1.0}) for n in range(8)], **FACTS)
    assert changed_cases(watch, baseline, {}) == []
    assert changed_cases(replace(watch, repeats=3), baseline, {}) == []
