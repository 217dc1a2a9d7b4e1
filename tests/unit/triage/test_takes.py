from __future__ import annotations

import random

import pytest

from watchdog.domain.case import Case
from watchdog.domain.response import CallStatus, Response, ResponseKey, ToolCall, Usage
from watchdog.domain.target import Role
from watchdog.triage.around import LATENCY, RECALL, TOKENS, more
from watchdog.triage.takes import takes_of

CASES = {
    f"c{number}": Case(id=f"c{number}", contexts=(f"right {number} a", f"right {number} b")) for number in range(30)
}


def answer(case, *, run="r", latency=0.2, tokens=400, contexts=(), **more_of_it):
    return Response(
        key=ResponseKey(run_id=run, role=Role.CURRENT, case_id=case),
        status=CallStatus.ANSWERED,
        text="yes",
        latency=latency,
        usage=Usage(input_tokens=tokens, output_tokens=20),
        contexts=contexts,
        **more_of_it,
    )


def noisy(seed, factor=1.0, runs=1, **given):
    """Cases differ five-fold in how long they take, answers by some 20 %."""
    rng = random.Random(seed)
    return [
        answer(case, run=f"{seed}-{run}", latency=factor * (0.1 + 0.02 * at) * rng.lognormvariate(0, 0.2), **given)
        for run in range(runs)
        for at, case in enumerate(CASES)
    ]


def test_cases_are_paired_so_that_hard_ones_do_not_look_like_a_slow_day():
    hard = noisy(1)[20:]
    ratio = takes_of(hard, noisy(2, runs=8), CASES)[Role.CURRENT].latency
    assert ratio.value == pytest.approx(1.0, abs=0.2)
    assert ratio.cases == 10


def test_twice_as_slow_is_told_and_an_ordinary_day_is_not():
    before = noisy(2, runs=8)
    assert more(takes_of(noisy(3, factor=2.0), before, CASES)[Role.CURRENT].latency, LATENCY)
    wrong = sum(more(takes_of(noisy(seed), before, CASES)[Role.CURRENT].latency, LATENCY) for seed in range(10, 210))
    assert wrong == 0


def test_more_tokens_are_counted_as_a_ratio_with_its_medians():
    ratio = takes_of(noisy(1, tokens=800), noisy(2, runs=3), CASES)[Role.CURRENT].input_tokens
    assert (round(ratio.value, 6), round(ratio.before), round(ratio.now)) == (2.0, 400, 800)
    assert more(ratio, TOKENS)


def test_production_inputs_never_come_again_and_are_held_against_each_other_as_groups():
    def renamed(answers, prefix):
        return [answer(f"{prefix}{at}", latency=one.latency) for at, one in enumerate(answers)]

    found = takes_of(renamed(noisy(1, factor=4.0), "now"), renamed(noisy(2), "then"), {})[Role.CURRENT].latency
    assert more(found, LATENCY)
    few = takes_of(renamed(noisy(1), "now")[:6], renamed(noisy(2), "then"), {})[Role.CURRENT].latency
    assert few is None


def test_recall_counts_the_right_documents_among_those_found():
    def found(share):
        rng = random.Random(4)
        return [
            answer(case.id, contexts=tuple(text if rng.random() < share else "old page" for text in case.contexts))
            for case in CASES.values()
        ]

    recall = takes_of(found(0.4), found(1.0), CASES)[Role.CURRENT].recall
    assert recall.before == 1.0
    assert recall.now == pytest.approx(0.4, abs=0.12)
    assert recall.high < 0
    assert recall.now <= recall.before - RECALL
    same = takes_of(found(1.0), found(1.0), CASES)[Role.CURRENT].recall
    assert (same.now, same.low, same.high) == (1.0, 0.0, 0.0)


def test_an_agent_that_no_longer_names_documents_has_found_none_and_one_that_never_did_cannot_tell():
    named = [answer(case.id, contexts=case.contexts) for case in CASES.values()]
    silent = [answer(case) for case in CASES]
    assert takes_of(silent, named, CASES)[Role.CURRENT].recall.now == 0.0
    assert takes_of(silent, silent, CASES)[Role.CURRENT].recall is None


def test_a_chunk_that_holds_the_right_passage_is_a_hit_whatever_its_line_breaks():
    chunks = [
        answer(case.id, contexts=(f"… {case.contexts[0]}\n and {case.contexts[1]} …",)) for case in CASES.values()
    ]
    assert takes_of(chunks, chunks, CASES)[Role.CURRENT].recall.now == 1.0


def test_answers_that_a_tool_spoiled_are_no_answers():
    spoiled = [answer(case, tool_calls=(ToolCall(name="crm", error="down"),)) for case in CASES]
    assert takes_of(spoiled, noisy(2), CASES) == {}
