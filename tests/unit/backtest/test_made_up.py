"""Histories that never were: they are made of real looks, and what is injected is what was asked for."""

import numpy as np
import pytest
from msgspec.structs import replace

from watchdog.backtest.lives import likeliest_change, ring
from watchdog.backtest.made_up import scenarios
from watchdog.backtest.pool import calm_looks, pool_of
from watchdog.backtest.replay import replay
from watchdog.backtest.scenario import HORIZON, LEAD, Kind, Scenario, chance_of, injected, resampled, seeded
from watchdog.detect.psr import PsrDetector
from watchdog.domain.metric import Better

EVERYTHING = np.ones(100, dtype=bool)


def pool(past, cases, better=Better.HIGHER, **arguments):
    [history] = past(**arguments).histories(calm=[0.0] * 200).values()
    return pool_of(history, np.arange(200), history.observations, cases, better)


def inject(made, scenario, hit=EVERYTHING, streams=60, repeats=1):
    chance = chance_of(made, scenario, hit)
    return injected(made, scenario, seeded(1, scenario), chance=chance, hit=hit, streams=streams, repeats=repeats)


def means(made, streams):
    """Mean of x before and from the onset on, over all streams."""
    rows = np.arange(len(streams.x))[:, None]
    before = (rows >= made.baseline_runs) & (rows < streams.onset)
    return streams.x[before].mean(), streams.x[rows >= streams.onset].mean()


@pytest.mark.parametrize("drop", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("repeats", [1, 3])
def test_the_mean_falls_by_what_was_asked_for_and_only_from_the_onset(past, cases, drop, repeats):
    made = pool(past, cases)
    before, after = means(made, inject(made, Scenario(kind=Kind.DROP, drop=drop), repeats=repeats))
    assert before == pytest.approx(made.history.x.mean(), abs=0.002)
    assert before - after == pytest.approx(drop, abs=0.002)


def test_where_less_is_better_good_answers_are_the_zeros(past, cases):
    made = pool(past, cases, better=Better.LOWER)
    assert chance_of(made, Scenario(kind=Kind.DROP, drop=0.2), EVERYTHING) is None  # only a tenth is good here
    before, after = means(made, inject(made, Scenario(kind=Kind.DROP, drop=0.05)))
    assert before - after == pytest.approx(0.05, abs=0.002)


def test_the_drop_of_a_tag_is_that_of_its_own_cases(past, cases):
    made = pool(past, cases)
    hit = np.array(["hard" in case.tags for case in cases.values()])
    before, after = means(made, inject(made, Scenario(kind=Kind.TAG, drop=0.3, tag="hard"), hit))
    assert before - after == pytest.approx(0.3 * 0.2, abs=0.002)


def test_a_ramp_grows_and_a_blip_passes(past, cases):
    ramp, blip = Scenario(kind=Kind.RAMP, drop=0.1, looks=100), Scenario(kind=Kind.BLIP, drop=0.3, looks=2)
    since = np.array([-1, 0, 1, 2, 50, 99, 200])
    assert ramp.strength(since).tolist() == pytest.approx([0, 0.01, 0.02, 0.03, 0.51, 1, 1])
    assert blip.strength(since).tolist() == [0, 1, 1, 0, 0, 0, 0]
    made = pool(past, cases)
    streams = inject(made, blip)
    hit = streams.x[streams.onset, np.arange(60)]
    assert hit.mean() == pytest.approx(made.history.x.mean() - 0.3, abs=0.02)


def test_what_is_lost_is_counted_with_what_it_costs(past, cases):
    made = pool(past, cases)
    streams = inject(made, Scenario(kind=Kind.DROP, drop=0.1))
    assert streams.lost == pytest.approx((made.history.lost[0] / 100 + made.history.x[0] - streams.x) * 100, abs=1e-3)


def test_blocks_keep_the_order_of_the_looks_and_the_seed_keeps_everything(past, cases):
    made = pool(past, cases)
    drawn = made.draw(np.random.default_rng(3), 240, 50)
    steps = np.diff(drawn, axis=0) % 200
    assert (steps == 1).mean() > 0.9
    assert set(np.unique(drawn)) == set(range(200))
    first, second = (resampled(made, seeded(7, "a"), 50, 4)[0] for _ in range(2))
    assert (first.x == second.x).all()
    assert (first.u == second.u).all()
    assert not (resampled(made, seeded(8, "a"), 50, 4)[0].x == first.x).all()


def test_a_case_weighs_in_the_material_what_it_weighs_in_the_mean(past, cases):
    [history] = past().histories(calm=[0.0] * 40).values()
    together = {
        name: replace(case, cluster="one" if name in {"c0", "c1", "c2"} else None, weight=2.0 if name == "c9" else 1.0)
        for name, case in cases.items()
    }
    gone = replace(history.observations[0], case_scores={"c0": 1.0, "c1": 1.0, "c9": 0.5, "c10": 0.0})
    made = pool_of(history, np.arange(40), [gone, *history.observations[1:]], together, Better.HIGHER)
    expected = dict(zip(["c0", "c1", "c9", "c10"], [0.125, 0.125, 0.5, 0.25], strict=True))
    assert {name: share for name, share in zip(cases, made.shares[0].tolist(), strict=True) if share} == expected
    assert made.breakable[0].sum() == pytest.approx(0.125 + 0.125 + 0.25)
    assert made.shares.sum(1) == pytest.approx(1.0)


def test_looks_of_a_drift_are_no_material_for_calm(past, cases):
    [history] = past().histories(drop=[*[0.0] * 60, *[0.1] * 30, *[0.0] * 60]).values()
    said = replay(history, PsrDetector(mean_runs_to_false_alarm=2000.0, smallest_drop=0.03))
    calm = set(calm_looks(history, said).tolist())
    assert calm.isdisjoint(range(64, 90))
    assert len(calm & set(range(60))) >= 58
    assert set(calm_looks(history, None).tolist()) == set(range(150))
    assert pool_of(history, np.arange(20), history.observations, cases, Better.HIGHER) is None


def test_the_likeliest_step_is_found_where_it_is():
    rng = np.random.default_rng(5)
    runs = rng.normal(0, 0.01, (200, 3))
    runs[170:, 0] -= 0.05
    runs[195:, 1] -= 0.2
    total = np.concatenate((np.zeros((1, 3)), np.cumsum(runs, axis=0)))
    assert likeliest_change(total)[:2] == pytest.approx([-0.05, -0.2], abs=0.01)
    assert likeliest_change(total)[2] > -0.03


def alone(streams, column, baseline, key, mean_runs, smallest_drop):
    """First alarm at or after the onset of one stream by the scalar detector, its bets anew after one before it."""
    from watchdog.domain.detection import Level
    from watchdog.domain.metric import Observation

    detector = PsrDetector(mean_runs_to_false_alarm=mean_runs, smallest_drop=smallest_drop)
    runs = slice(baseline)
    state = detector.start(
        replace(
            key, x=tuple(streams.x[runs, column]), variances=tuple(streams.variance[runs, column]),
            lost=tuple(streams.lost[runs, column]), n=tuple(streams.n[runs, column]),
        )
    )  # fmt: skip
    for row in range(baseline, len(streams.x)):
        look = Observation(
            key=key.key, run_id=str(row), at=float(row), n=int(streams.n[row, column]), planned=100, level=0.5,
            x=float(streams.x[row, column]), variance=float(streams.variance[row, column]),
            lost=float(streams.lost[row, column]), u=float(streams.u[row, column]),
        )  # fmt: skip
        state, signal = detector.update(state, look)
        if signal.level is Level.DRIFT:
            return row
    return -1


@pytest.mark.parametrize("drop", [0.05, 0.2])
def test_streams_side_by_side_ring_when_the_detector_alone_would(past, cases, drop):
    made = pool(past, cases, seed=11)
    streams = inject(made, Scenario(kind=Kind.DROP, drop=drop), streams=20)
    rung = ring(streams, baseline_runs=20, mean_runs=2000.0, smallest_drop=0.03, until_all=True)
    expected = [alone(streams, s, 20, made.history.reference, 2000.0, 0.03) for s in range(20)]
    pairs = [(rung.first[s], row) for s, row in enumerate(expected) if row >= streams.onset[s]]
    assert len(pairs) >= 18  # one or the other rings too early, as it may
    assert sum(found == row for found, row in pairs) >= len(pairs) - 1
    assert (rung.first >= streams.onset).all()


def test_what_is_tried_names_the_sizes_the_tags_and_the_week(cases):
    tried = scenarios(0.03, cases.values(), 168)
    assert [str(each) for each in tried] == [
        "−2 points", "−3 points", "−5 points", "−10 points", "−20 points", "−20 points in easy", "−20 points in hard",
        f"−10 points over {HORIZON // 2} looks", "−30 points for 1 look", "−30 points for 2 looks",
    ]  # fmt: skip
    assert LEAD > 100  # young and mature watches
