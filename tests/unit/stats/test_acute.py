"""The rule for a collapse."""

from watchdog.stats.acute import BadLooks


def looks(*values, mean=0.0, spread=0.02):
    bad = BadLooks()
    for mark, x in enumerate(values, start=1):
        bad = bad.update(x, mean=mean, spread=spread, mark=float(mark))
    return bad


def test_bad_looks_are_counted_in_a_row_and_dated():
    assert looks(0.0, -0.3, -0.3) == BadLooks(2, 2.0, -0.15)
    assert looks(-0.3, -0.3, 0.0) == BadLooks()


def test_a_steady_metric_must_still_fall_by_fifteen_points():
    assert looks(-0.14, spread=0.0001).looks == 0
    assert looks(-0.16, spread=0.0001).looks == 1


def test_an_unsteady_metric_must_fall_by_six_deviations():
    assert looks(-0.29, spread=0.05).looks == 0
    assert looks(-0.31, spread=0.05).looks == 1


def test_the_collapse_does_not_move_its_own_bound():
    first = BadLooks().update(-0.4, mean=0.0, spread=0.05, mark=1.0)
    assert first.update(-0.4, mean=-0.04, spread=0.2, mark=2.0).looks == 2
