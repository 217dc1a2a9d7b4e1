"""``--aa``: the baseline against itself, to see how often the gate cries wolf on the user's own watch.

Both arms are the same target, so which of two answers is called the candidate's is chance. Calling them anew, case by
case, and putting the cases in another order gives as many gates as one likes from the calls of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from msgspec.structs import replace
from scipy.special import betaincinv

from watchdog.domain.gate import GateVerdict, SelfTest
from watchdog.domain.run import Run
from watchdog.gate.decide import Stage, judge
from watchdog.gate.options import GateOptions
from watchdog.gate.order import Order
from watchdog.gate.streams import Stream

#: Gates dealt anew.
GATES = 1000


def self_test(streams: Sequence[Stream], order: Order, options: GateOptions, run: Run, gates: int = GATES) -> SelfTest:
    """How often a gate on these cases would have called the baseline worse than itself.

    ``streams``: the whole gate's. The arms are swapped case by case and the cases dealt in another order; the case
    keeps its place in every metric only as far as the metrics have the same cases.
    """
    rng = Random(run.seed)
    counts = dict.fromkeys(GateVerdict, 0)
    for _ in range(gates):
        counts[_gate(streams, order, options, rng)] += 1
    wrong = counts[GateVerdict.REGRESSION]
    return SelfTest(
        gates=gates,
        regressions=wrong,
        passes=counts[GateVerdict.PASS],
        low=0.0 if wrong == 0 else float(betaincinv(wrong, gates - wrong + 1, 0.025)),
        high=1.0 if wrong == gates else float(betaincinv(wrong + 1, gates - wrong, 0.975)),
    )


def _gate(streams: Sequence[Stream], order: Order, options: GateOptions, rng: Random) -> GateVerdict:
    longest = max((len(stream.units) for stream in streams), default=0)
    signs = [rng.choice((-1.0, 1.0)) for _ in range(longest)]
    places = list(range(longest))
    rng.shuffle(places)
    passed: frozenset[tuple[str, str]] = frozenset()
    dealt = [_dealt(stream, signs, places) for stream in streams if stream.margin is not None]
    for fraction in order.fractions:
        here = [_so_far(stream, fraction) for stream in dealt]
        stage = Stage(
            fractions=order.fractions,
            fraction=fraction,
            last=fraction == order.fractions[-1],
            alpha=options.alpha,
            most_lost=1.0,
            passed=passed,
        )
        judgement = judge(here, stage, broken=(), power=False)
        if judgement.verdict is not None:
            return judgement.verdict
        passed = judgement.passed
    return GateVerdict.INCONCLUSIVE


def _dealt(stream: Stream, signs: Sequence[float], places: Sequence[int]) -> Stream:
    ours = [place for place in places if place < len(stream.units)]
    return replace(stream, units=tuple(signs[place] * stream.units[place] for place in ours))


def _so_far(stream: Stream, fraction: float) -> Stream:
    some = round(fraction * len(stream.units))
    return replace(stream, units=stream.units[:some], asked=some, lost_cases=0)
