"""Time of day and of week."""

import numpy as np
import pytest

from watchdog.stats.season import DAY, WEEK, fit

HOURS = np.arange(0, 28 * 24) * 3600.0 + 1_700_000_000.0


def wave(times):
    return 0.04 * np.sin(2 * np.pi * times / DAY + 1) + 0.02 * np.cos(4 * np.pi * times / WEEK)


def test_the_wave_is_found_and_the_level_stays():
    rng = np.random.default_rng(70)
    values = 0.8 + wave(HOURS) + rng.normal(0, 0.02, len(HOURS))
    season = fit(HOURS.tolist(), values.tolist())
    assert season.level == pytest.approx(0.8, abs=0.004)
    later = HOURS[:168] + 40 * DAY
    left = [season.residual(t, v) for t, v in zip(later, 0.8 + wave(later), strict=True)]
    assert np.std(left) < 0.005
    assert np.mean(left) == pytest.approx(0.8, abs=0.004)


def test_a_drop_is_left_in_the_residual():
    season = fit(HOURS.tolist(), (0.8 + wave(HOURS)).tolist())
    time = float(HOURS[-1] + 5000)
    assert season.residual(time, 0.7 + float(wave(np.array([time]))[0])) == pytest.approx(0.7, abs=1e-6)


def test_noisy_runs_weigh_less():
    values = 0.8 + wave(HOURS)
    values[::7] += 0.5
    weights = np.ones(len(HOURS))
    weights[::7] = 1e-9
    assert fit(HOURS.tolist(), values.tolist(), weights.tolist()).level == pytest.approx(0.8, abs=1e-4)


def test_a_short_baseline_knows_no_week():
    with pytest.raises(ValueError, match="21 days"):
        fit(HOURS[: 24 * 14].tolist(), [0.8] * (24 * 14))
    assert fit(HOURS[: 24 * 4].tolist(), (0.8 + wave(HOURS))[: 24 * 4].tolist(), periods=(DAY,)).periods == (DAY,)
    with pytest.raises(ValueError, match="runs of baseline"):
        fit([0.0, 30 * DAY], [0.8, 0.8])
