"""A metric that never varied."""

from __future__ import annotations

import numpy as np

from watchdog.stats.predictive import PredictiveSR


def test_a_metric_that_never_varied_stays_calm_and_is_found_when_it_falls():
    test = PredictiveSR(10_000.0, 0.03)
    zeros = np.zeros(9)
    state = test.start(zeros, zeros, None, None)
    for _ in range(30):
        state, evidence = test.update(state, 0.0, 0.0, 0.5)
        assert evidence.log < np.log(10_000.0) - 6
    looks = 0
    while evidence.log < np.log(10_000.0):
        state, evidence = test.update(state, -0.4, 0.0, 0.5)
        looks += 1
        assert looks <= 5
