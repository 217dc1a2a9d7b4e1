"""Whatever a run looks like, every metric is either observed or missed, and nothing else happens."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.detect.baseline import freeze
from watchdog.detect.observe import observe
from watchdog.detect.psr import PsrDetector
from watchdog.detect.scores import RunScores, ScoredCall, Series
from watchdog.detect.stage import detect
from watchdog.domain.baseline import Instruments
from watchdog.domain.case import Case, CheckSpec, Estimand, Origin
from watchdog.domain.metric import Better, Layer
from watchdog.domain.score import Outcome
from watchdog.domain.target import Role
from watchdog.domain.watch import Owner, ScorerPlan, Watch
from watchdog.errors import NotMeasured

WATCH = Watch(
    name="w",
    feature="f",
    owner=Owner(team="t"),
    targets={},
    scorers=tuple(
        ScorerPlan(name=name, spec=CheckSpec(name=name), better=better, layer=Layer.QUALITY)
        for name, better in (("a", Better.HIGHER), ("b", Better.LOWER))
    ),
    min_baseline_runs=3,
)
CASES = [
    Case(
        id=f"{origin.value}{number}",
        digest=str(number),
        origin=origin,
        weight=1.0 + number % 3,
        cluster=f"k{number // 2}" if number < 4 else None,
        tags=("t",) if number % 2 else (),
    )
    for origin in Origin
    for number in range(12)
]


def series_of(case, scorer, role):
    return Series(scorer, role, Estimand.TRAFFIC if case.origin is Origin.TRAFFIC else Estimand.GOLDEN_SET)


results = st.one_of(
    st.floats(0, 1),
    st.sampled_from([0.0, 1.0, 1.0, 1.0]),
    st.sampled_from([Outcome.ERROR, Outcome.UNSCORED, Outcome.SKIPPED, Outcome.NOT_RUN]),
)


@st.composite
def runs(draw, number):
    roles = draw(st.sampled_from([(Role.CURRENT,), (Role.CURRENT, Role.PINNED), (Role.PINNED,)]))
    among = draw(st.sampled_from([CASES, CASES[:12], CASES[12:], CASES[::2]]))
    calls = []
    for scorer in draw(st.sampled_from([("a",), ("a", "b")])):
        for role in roles:
            common = draw(results)
            odd = draw(st.dictionaries(st.integers(0, len(among) - 1), results, max_size=6))
            for index, case in enumerate(among):
                result = odd.get(index, common)
                value = None if isinstance(result, Outcome) else result
                outcome = result if isinstance(result, Outcome) else Outcome.PASSED
                calls.append(ScoredCall(series_of(case, scorer, role), case.id, outcome, value))
    return RunScores.collect(f"r{number}", float(number), among, calls, Instruments())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_metric_is_either_observed_or_missed(data):
    first = [data.draw(runs(number)) for number in range(data.draw(st.integers(1, 5)))]
    facts = {"baseline_id": "b", "version": 1, "at": 0.0, "by": "x", "reason": "y"}
    try:
        baseline = freeze(WATCH, first, tags=["t"], **facts)
    except NotMeasured:
        return
    for metric in baseline.metrics.values():
        assert len(metric.x) == len(metric.variances) == len(metric.n) >= 1
        assert all(map(math.isfinite, (*metric.x, *metric.variances, metric.level)))
    detector = PsrDetector(mean_runs_to_false_alarm=500.0, smallest_drop=0.03, min_baseline_runs=3)
    states = {}
    for number in range(10, 13):
        observed = observe(WATCH, baseline, data.draw(runs(number)), tags=["t"])
        seen = [observation.key for observation in observed.observations]
        missed = [look.key for look in observed.unobserved]
        assert not set(seen) & set(missed)
        assert set(baseline.metrics) <= {*seen, *missed}
        assert all(look.reason for look in observed.unobserved)
        for observation in observed.observations:
            # A difference lies in -1..1, and so does its baseline.
            assert -2 <= observation.x <= 2
            assert 1 <= observation.n <= observation.planned
            assert observation.lost is None or -1e-9 <= observation.lost <= observation.n + 1e-9
        signals, after = detect(
            observed.observations, baseline=baseline, states=states, detector_for=lambda _: detector
        )
        states = {**states, **after}
        assert [signal.key for signal in signals] == seen


def test_a_run_without_any_call_is_not_a_baseline():
    empty = RunScores.collect("r", 0.0, CASES, [], Instruments())
    with pytest.raises(NotMeasured):
        freeze(WATCH, [empty], baseline_id="b", version=1, at=0.0, by="x", reason="y")
