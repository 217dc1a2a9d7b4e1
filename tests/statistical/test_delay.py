"""How long a drop takes to be found: predicted in a moment, held against simulated streams of cases.

python -m pytest tests/statistical/test_delay.py -m statistical -s
"""

import numpy as np
import pytest

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
