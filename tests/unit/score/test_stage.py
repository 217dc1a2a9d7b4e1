import asyncio
import re

import pytest

from watchdog.domain.case import Case
from watchdog.domain.response import CallStatus, ResponseKey, ToolCall
from watchdog.domain.score import Score
from watchdog.domain.target import Role
from watchdog.errors import ErrorKind
from watchdog.score.checks.text import Contains
from watchdog.score.stage import is_instant, score_all, score_at_once, score_response


def test_a_check_scores_at_once_when_its_class_says_so_itself():
    """What an heir does instead may take longer, or wait."""

    class Waits(Contains):
        async def score(self, case, response):
            return Score.of(passed=True)

    class Heir(Contains):
        def check(self, case, response):
            return Score.of(passed=True)

    assert is_instant(Contains(value="x"))
    assert not is_instant(Waits(value="x"))
    assert not is_instant(Heir(value="x"))
    assert not is_instant(Raises())


def test_a_check_that_breaks_at_once_leaves_the_answer_unscored(respond):
    class Breaks(Contains):
        def check(self, case, response):
            raise KeyError("no such thing")

    score = score_at_once(Breaks(value="x"), Case(id="c"), respond("x"))
    assert score.value is None
    assert "KeyError" in score.reason


class Raises:
    name = "raises"
    digest = "d"

    async def score(self, case, response):
        raise KeyError(f"no {response.text} for ann@example.com")


class Gives:
    digest = "d"

    def __init__(self, value, name="gives"):
        self.value = value
        self.name = name

    async def score(self, case, response):
        return self.value


class Waits:
    """A judge's behaviour: waits, and knows how many waited beside it."""

    name = "waits"
    digest = "d"

    def __init__(self):
        self.waiting = 0
        self.peak = 0
        self.calls = 0

    async def score(self, case, response):
        self.calls += 1
        self.waiting += 1
        self.peak = max(self.peak, self.waiting)
        await asyncio.sleep(0.002)
        self.waiting -= 1
        return Score.of(passed=True)


@pytest.fixture
def pairs(respond):
    def make(count, **facts):
        return [
            (
                Case(id=f"c{number}"),
                respond("a refund", key=ResponseKey(run_id="r1", role=Role.CURRENT, case_id=f"c{number}"), **facts),
            )
            for number in range(count)
        ]

    return make


async def test_a_scorer_that_breaks_leaves_the_answer_unscored_and_quotes_nothing_of_it(respond):
    score = await score_response(Raises(), Case(id="c"), respond("my name is Anna"))
    assert score.value is None
    assert re.fullmatch(r"KeyError at unit/score/test_stage\.py:\d+ score", score.reason)


@pytest.mark.parametrize("value", [None, 0.5, Score(value=1.5), Score(value=-0.1), Score(value=float("nan"))])
async def test_a_scorer_that_gives_nonsense_leaves_the_answer_unscored(respond, value):
    score = await score_response(Gives(value), Case(id="c"), respond("x"))
    assert score.value is None
    assert score.reason.startswith("the scorer gave")


@pytest.mark.parametrize(
    "facts",
    [
        {"status": CallStatus.ERROR, "error_kind": ErrorKind.TIMEOUT},
        {"status": CallStatus.SKIPPED},
        {"status": CallStatus.NOT_RUN},
        {"tool_calls": (ToolCall(name="search", error="timeout"),)},
    ],
)
async def test_what_is_no_answer_is_never_scored(respond, pairs, facts):
    with pytest.raises(ValueError, match="no answer to score"):
        await score_response(Contains(value="x"), Case(id="c"), respond("x", **facts))
    rows = []
    await score_all([Contains(value="x")], pairs(2, **facts), on_score=rows.append)
    assert rows == []


async def test_every_answer_meets_every_scorer(pairs):
    rows = []
    await score_all([Contains(value="refund"), Contains(value="voucher", name="v")], pairs(120), on_score=rows.append)
    assert len(rows) == 240
    assert len({(row.key, row.scorer) for row in rows}) == 240
    assert {(row.scorer, row.score.value) for row in rows} == {("contains", 1.0), ("v", 0.0)}
    assert rows[0].scorer_digest == Contains(value="refund").digest


async def test_what_is_recorded_is_not_scored_again(pairs):
    work = pairs(3)
    judge = Waits()
    rows = []
    await score_all([judge], work, on_score=rows.append, already=[(work[0][1].key, "waits"), (work[1][1].key, "other")])
    assert [row.key.case_id for row in rows] == ["c1", "c2"]
    assert judge.calls == 2


async def test_judges_wait_side_by_side_within_the_bound(pairs):
    judge = Waits()
    await score_all([judge], pairs(40), on_score=lambda row: None, concurrency=8)
    assert (judge.peak, judge.calls) == (8, 40)


async def test_checks_alone_let_other_work_have_its_turn(pairs):
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await score_all([Contains(value="refund")], pairs(1000), on_score=lambda row: None, concurrency=1)
    task.cancel()
    assert turns >= 10


async def test_after_a_stop_nothing_is_begun_and_what_is_under_way_is_finished(pairs):
    judge = Waits()
    stop = asyncio.Event()
    rows = []

    def on_score(row):
        rows.append(row)
        stop.set()

    await score_all([judge], pairs(40), on_score=on_score, concurrency=4, stop=stop)
    assert len(rows) == judge.calls == 4


async def test_a_recorder_that_fails_ends_the_whole(pairs):
    judge = Waits()

    def on_score(row):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await score_all([judge], pairs(100), on_score=on_score, concurrency=4)
    assert judge.calls < 20


async def test_pairs_may_come_from_a_generator_that_fails(pairs):
    def generate():
        yield from pairs(2)
        raise RuntimeError("the store went away")

    rows = []
    with pytest.raises(RuntimeError, match="went away"):
        await score_all([Contains(value="refund")], generate(), on_score=rows.append)
    assert len(rows) == 2


class Hangs:
    name = "hangs"
    digest = "d"

    async def score(self, case, response):
        await asyncio.sleep(3600)


class GivesUp(Hangs):
    async def score(self, case, response):
        raise TimeoutError


class HangsAsking(Hangs):
    injected = frozenset({"ask"})


async def test_a_scorer_that_hangs_is_given_up_and_the_answer_is_unscored(pairs):
    rows = []
    await asyncio.wait_for(score_all([Hangs()], pairs(40), on_score=rows.append, seconds=0.05), 5)
    assert {(row.score.value, row.score.reason) for row in rows} == {(None, "timed out after 0.05 s")}
    assert len(rows) == 40


async def test_a_scorer_whose_own_time_out_passes_is_a_broken_one(respond):
    score = await score_response(GivesUp(), Case(id="c"), respond("x"), seconds=60)
    assert score.reason.startswith("TimeoutError at ")


async def test_a_scorer_that_asks_a_model_has_until_the_deadline_of_the_run(pairs):
    rows = []
    asking = score_all([HangsAsking()], pairs(1), on_score=rows.append, seconds=0.05, remaining=lambda: 0.3)
    await asyncio.wait_for(asking, 5)
    assert [row.score.reason for row in rows] == ["timed out after 0.35 s"]


async def test_after_the_deadline_of_the_run_answers_that_are_there_are_still_scored(pairs):
    rows = []
    await score_all([Waits()], pairs(3), on_score=rows.append, remaining=lambda: -10.0)
    assert [row.score.value for row in rows] == [1.0, 1.0, 1.0]
