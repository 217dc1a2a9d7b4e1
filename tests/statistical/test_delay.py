"""How long a drop takes to be found: predicted in a moment, held against simulated streams of cases.

python -m pytest tests/statistical/test_delay.py -m statistical -s
"""

import numpy as np
import pytest

from watchdog.detect.psr import PsrDetector
from watchdog.domain.baseline import MetricBaseline
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm, MetricKey, Observation
from watchdog.stats.acute import DEVIATIONS, DRIFT_AFTER, LEAST_DROP
from watchdog.stats.delay import delays
from watchdog.stats.panel import PredictivePanel

pytestmark = pytest.mark.statistical

BASELINE, BEFORE, STREAMS = 20, 300, 160
SETTINGS = {
    "independent": {},
    "correlated weather": {"noise": 0.3, "correlation": 0.6},
    "thirty cases": {"cases": 30},
}


def simulated_delays(runs, mean_runs):
    """Looks from the drop to the alarm of each stream, by evidence or as a collapse."""
    panel = PredictivePanel(
        runs.x[:BASELINE],
        runs.variance[:BASELINE],
        runs.lost[:BASELINE],
        runs.n[:BASELINE],
        mean_runs=mean_runs,
        keen=True,
    )
    ties, start = np.random.default_rng(31), BASELINE + BEFORE
    calm = runs.x[:start]
    bad = runs.x < calm.mean(0) - np.maximum(LEAST_DROP, DEVIATIONS * calm.std(0, ddof=1))
    streak, first = np.zeros(STREAMS), np.full(STREAMS, np.inf)
    for t in range(BASELINE, len(runs.x)):
        ringing = panel.update(runs.x[t], runs.variance[t], ties.random(STREAMS), runs.lost[t], runs.n[t]) >= mean_runs
        panel.restart(ringing)
        streak = np.where(bad[t], streak + 1, 0)
        if t >= start:
            first[(ringing | (streak >= DRIFT_AFTER)) & np.isinf(first)] = t - start + 1
            if not np.isinf(first).any():
                break
    return first, float(np.sqrt(((calm - calm.mean(0)) ** 2).sum() / (STREAMS * (start - 1))))


@pytest.mark.parametrize(("drop", "looks"), [(0.02, 1200), (0.05, 400), (0.1, 120), (0.2, 60)])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_predicted_delay_is_the_simulated_one_within_a_third(simulate, name, drop, looks):
    facts, mean_runs = SETTINGS[name], 87_600.0
    runs = simulate(
        np.random.default_rng(30),
        streams=STREAMS,
        baseline=BASELINE,
        looks=BEFORE + looks,
        drop=lambda look: drop if look >= BEFORE else 0.0,
        **facts,
    )
    first, spread = simulated_delays(runs, mean_runs)
    weather = max(spread**2 - float(runs.variance.mean()), 0.0) / spread**2
    r1 = weather * facts.get("correlation", 0.0)
    [typical], [late] = delays(
        [drop], spread, mean_runs, reference=BASELINE + BEFORE, baseline=BASELINE, correlation=(r1, 0.6)
    )
    median, in_time = np.median(first), (first <= late).mean()
    print(f"{name:20} {drop:.2f}: {typical:.0f} to {late:.0f} predicted, median {median:.0f}, in time {in_time:.2f}")
    assert abs(median - typical) <= max(1.0, 0.35 * median)
    assert in_time >= 0.8


def detector_delay(runs, stream, smallest_drop, mean_runs):
    """Looks from the drop to the alarm of the whole detector, which also asks whether the drop is large enough."""
    key, n = MetricKey(watch="w", scorer="s", arm=Arm.CURRENT), int(runs.n[0, stream])
    columns = [tuple(column[:BASELINE, stream]) for column in (runs.x, runs.variance, runs.lost)]
    baseline = MetricBaseline(
        key=key,
        case_means={},
        case_counts={},
        case_variances={},
        case_digests={},
        x=columns[0],
        variances=columns[1],
        lost=columns[2],
        n=(n,) * BASELINE,
        level=0.9,
    )
    detector = PsrDetector(mean_runs_to_false_alarm=mean_runs, smallest_drop=smallest_drop)
    state, ties = detector.start(baseline), np.random.default_rng(stream)
    for t in range(BASELINE, len(runs.x)):
        x, variance, lost = (float(column[t, stream]) for column in (runs.x, runs.variance, runs.lost))
        look = Observation(
            key=key, run_id="", at=float(t), n=n, planned=n, level=0.9, x=x, variance=variance, lost=lost,
            u=float(ties.random()),
        )  # fmt: skip
        state, signal = detector.update(state, look)
        if signal.level is Level.DRIFT:
            return t - BASELINE - BEFORE + 1
    return np.inf


@pytest.mark.parametrize(("ratio", "wait", "share"), [(1.0, 1.25, 0.75), (1.2, 1.0, 0.95)])
def test_a_drop_of_just_the_smallest_size_waits_for_its_estimate_and_a_few_do_for_ever(simulate, ratio, wait, share):
    mean_runs, smallest, streams = 87_600.0, 0.05, 40
    runs = simulate(
        np.random.default_rng(3),
        streams=streams,
        baseline=BASELINE,
        looks=BEFORE + 400,
        drop=lambda look: ratio * smallest if look >= BEFORE else 0.0,
    )
    first = np.array([detector_delay(runs, stream, smallest, mean_runs) for stream in range(streams)])
    spread = float(runs.x[: BASELINE + BEFORE].std(0).mean())
    [typical], _ = delays([ratio * smallest], spread, mean_runs, reference=BASELINE + BEFORE)
    median, found = np.median(first), np.isfinite(first).mean()
    print(f"{ratio} times the smallest drop: predicted {wait * typical:.1f}, median {median:.0f}, found {found:.2f}")
    assert found >= share
    assert abs(median - wait * typical) <= max(1.5, 0.35 * median)
