"""Runs that take turns through the cases: how far the noise of the cases' own means moves a run.

Where every run asks every case, the error of a case's baseline mean is the same at each run: a constant, which no
test for a change minds. Where each asks other cases, it meets other errors each time, and they are noise. With a case
asked at r of B baseline runs, and s^2 the variance of one answer, the difference of a later answer from the case's
mean has the variance s^2 (1 + 1/r); that of one of the answers the mean is made of, only s^2 (1 - 1/r).

A prediction of a run from B others allows for (1 + 1/B) and estimates s^2 over B - 1. What is left to make good are the
two factors here. Both are 1 for r = B. Exact for independent answers; a run's own effect is averaged out less
than they assume, which errs on the quiet side.
"""

from __future__ import annotations


def doubt(looks: float, runs: int) -> float:
    """Factor on the variance of a run whose cases were asked at ``looks`` of the ``runs`` of the baseline."""
    return (1 + 1 / looks) / (1 + 1 / runs)


def out_of_sample(looks: float, runs: int) -> float:
    """Factor on the difference x of a baseline run, so that it varies as those of later runs will."""
    if looks <= 1:
        return 1.0
    ratio = doubt(looks, runs) * (1 - 1 / runs) / (1 - 1 / looks)
    return float(ratio**0.5)
