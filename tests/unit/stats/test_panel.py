"""Many streams at once are the same streams."""

import numpy as np
import pytest

from watchdog.stats.panel import PredictivePanel
from watchdog.stats.predictive import CAP, PredictiveSR


def streams(kind, runs, seed):
    """Arrays (runs, streams) of x, variance, u, lost, n."""
    rng = np.random.default_rng(seed)
    count, level = 6, {"near-perfect": 0.98, "binary": 0.85, "difference": 0.5}[kind]
    n = rng.integers(30, 61, (runs, count))
    chance = np.where(np.arange(runs)[:, None] > 0.6 * runs, level - 0.08, level)
    noise = 0.0 if kind == "near-perfect" else 0.05 * np.sin(np.arange(runs) / 7)[:, None]
    lost = rng.binomial(n, 1 - np.clip(chance + noise, 0, 1)).astype(float)
    x = 1 - lost / n - level
    return x, level * (1 - level) / n, rng.random((runs, count)), lost, n


@pytest.mark.parametrize("kind", ["near-perfect", "binary", "difference"])
@pytest.mark.parametrize("baseline", [8, 20])
@pytest.mark.parametrize("keen", [False, True])
def test_every_stream_has_the_evidence_it_has_alone(kind, baseline, keen):
    x, variance, u, lost, n = streams(kind, 420, baseline)
    counted = kind != "difference"
    mean_runs = 400.0

    def failures(part):
        return (lost[part], n[part]) if counted else (None, None)

    panel = PredictivePanel(
        x[:baseline], variance[:baseline], *failures(slice(baseline)), mean_runs=mean_runs, keen=keen
    )
    test = PredictiveSR(mean_runs, keen=keen)
    states = []
    for s in range(x.shape[1]):
        alone = (lost[:baseline, s], n[:baseline, s]) if counted else (None, None)
        states.append(test.start(x[:baseline, s].tolist(), variance[:baseline, s].tolist(), *alone))
    alarms = 0
    for t in range(baseline, len(x)):
        values = panel.update(x[t], variance[t], u[t], *failures(t))
        ringing = values >= mean_runs
        for s, state in enumerate(states):
            alone = (lost[t, s], n[t, s]) if counted else (None, None)
            after, evidence = test.update(state, x[t, s], variance[t, s], u[t, s], *alone)
            assert values[s] == pytest.approx(evidence.value, rel=1e-9)
            states[s] = test.restart(after) if ringing[s] else after
        panel.restart(ringing)
        alarms += ringing.sum()
    assert alarms > 0


def test_the_oldest_run_makes_room():
    rng = np.random.default_rng(3)
    x = rng.normal(0, 0.03, (CAP + 120, 2))
    panel, test = PredictivePanel(x[:20], np.full((20, 2), 1e-3)), PredictiveSR()
    state = test.start(x[:20, 0].tolist(), [1e-3] * 20)
    for row in x[20:]:
        values = panel.update(row, 1e-3, np.full(2, 0.5))
        state, evidence = test.update(state, row[0], 1e-3, 0.5)
    assert values[0] == pytest.approx(evidence.value, rel=1e-9)
