"""Every table of the detection bench runs, tiny; and its simulator summarises looks as the product does."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import __main__ as command
from benchmarks.detection.counting import markdown, quantile, rate, share
from benchmarks.detection.docs import filled
from benchmarks.detection.streams import Control, Reference, World, simulate, step
from watchdog.stats.paired import CaseScore, case_baselines, summarise
from watchdog.stats.scatter import LOOKS, Look, scatter

TINY = 0.001
BENCHMARKS = [
    ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in sorted(Path("benchmarks").rglob("*.py"))
]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_can_be_loaded(name):
    importlib.import_module(name)


@pytest.mark.parametrize("name", command.TABLES)
def test_every_table_can_be_measured(name):
    table = importlib.import_module(f"benchmarks.detection.{name}").table(TINY).as_json()
    assert table["name"] == name
    assert table["rows"]
    for row in table["rows"]:
        assert row["figures"]
        for figure in row["figures"].values():
            if not isinstance(figure, str) and None not in (figure["low"], figure["value"], figure["high"]):
                assert figure["low"] <= figure["value"] <= figure["high"]
    text = markdown(json.loads(json.dumps(table)))
    assert all(row["what"] in text for row in table["rows"])


def test_the_document_shows_what_was_measured():
    text = command.DOCUMENT.read_text()
    assert filled(text, command.RESULTS) == text, "run python -m benchmarks.detection docs"


def test_a_table_that_nobody_knows_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["nonsense"])
    assert "promise" in capsys.readouterr().err


@pytest.mark.parametrize("partial", [False, True])
def test_a_look_is_summarised_as_the_product_summarises_it(partial):
    rng, cases, runs = np.random.default_rng(1), 12, 6
    scores = [(rng.random((3, cases)) < 0.7).astype(np.float32) for _ in range(runs)]
    masks = [rng.random((3, cases)) < 0.8 if partial else None for _ in range(runs)]
    reference = Reference(scores, masks, 1)

    def scored(run, stream):
        mask = np.ones(cases, bool) if masks[run] is None else masks[run][stream]
        return {str(i): CaseScore(value=float(scores[run][stream, i])) for i in np.flatnonzero(mask)}

    for stream in range(3):
        known = case_baselines([scored(run, stream) for run in range(runs)])
        means = {case: found.mean for case, found in known.items()}
        variances = {case: found.variance for case, found in known.items()}
        for run in range(runs):
            expected = summarise(scored(run, stream), means, variances)
            x, variance, lost, n = (float(column[stream]) for column in reference.summary(scores[run], masks[run]))
            assert (x, variance, lost, n) == pytest.approx(
                (expected.x, expected.variance, expected.lost, expected.n), abs=1e-6
            )


@pytest.mark.parametrize("partial", [False, True])
def test_the_pinned_target_scatters_as_the_product_says(partial):
    rng, cases, streams = np.random.default_rng(3), 12, 2
    variances = rng.uniform(0.02, 0.2, (streams, cases))
    control, looks = Control(variances), [[] for _ in range(streams)]
    for _ in range(LOOKS + 5):
        for stream, seen in enumerate(looks):
            known = {str(case): float(variance) for case, variance in enumerate(variances[stream])}
            assert control.scatter()[stream] == pytest.approx(scatter(seen[-LOOKS:], known, {}))
        scores = (rng.random((streams, cases)) < 0.8).astype(np.float32)
        mask = rng.random((streams, cases)) < 0.7 if partial else None
        control.add(scores, mask)
        for stream, seen in enumerate(looks):
            some = range(cases) if mask is None else np.flatnonzero(mask[stream])
            seen.append(Look({str(case): float(scores[stream, case]) for case in some}, 1.0))


def test_a_drop_lowers_the_mean_by_its_points_and_spares_the_pinned_target():
    world = World(level=0.8, graded=True, pinned=True, drop=step(50, 0.1))
    runs = simulate(world, streams=20, looks=100, rng=np.random.default_rng(2))
    before, after = runs.level[20:70].mean(), runs.level[70:].mean()
    assert before == pytest.approx(0.8, abs=0.01)
    assert before - after == pytest.approx(0.1, abs=0.01)
    assert abs(runs.pinned.x[70:].mean()) < 0.01
    assert runs.difference.x[70:].mean() == pytest.approx(-0.1, abs=0.015)


def test_figures_carry_exact_intervals():
    none = rate(0, 30.0)
    assert none.low == 0.0
    assert none.high == pytest.approx(3.689 / 30, rel=1e-3)
    assert share(5, 10).low == pytest.approx(0.1871, abs=1e-3)
    delays = quantile([float(i) for i in range(1, 100)] + [float("inf")], 0.5)
    assert delays.low < delays.value == 50.0 < delays.high
