"""When a judge grades its anchors again, and what becomes of the grades."""

from __future__ import annotations

import pytest

from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.response import ResponseKey
from watchdog.domain.score import Outcome, Score, ScoreRow
from watchdog.domain.target import Role
from watchdog.domain.watch import AnchorCadence
from watchdog.pipeline.anchors import DAY, WANTED, Anchored, Due, due, graded
from watchdog.score.judge.anchors import anchor_case
from watchdog.score.judge.spec import Anchor

NOW = 1_790_000_000.0
ANCHORS = tuple(Anchor(id=f"a{n}", input="Q", answer=f"A{n}", human="1") for n in range(3))


def said(level: Level = Level.CALM, arm: Arm = Arm.CURRENT, scorer: str = "tone", effect: float = 0.0) -> Signal:
    return Signal(
        key=MetricKey(watch="reply", scorer=scorer, arm=arm), run_id="r", at=NOW, level=level, statistic=0.0,
        threshold=11.0, effect=effect, interval=(-1.0, 1.0), n=30,
    )  # fmt: skip


def verdict(cadence: AnchorCadence = AnchorCadence.DAILY, *, ago: float = 3600.0, looks: int = WANTED, **more) -> Due:
    times = [NOW - ago - 1800.0 * back for back in range(looks)][::-1]
    facts = {"graded_at": times, "signals": [said()], "smallest_drop": 0.03, **more}
    return due(cadence, "tone", now=NOW, **facts)


@pytest.mark.parametrize(
    ("ago", "reason"),
    [(3600.0, Due.FRESH), (DAY - 3600, Due.FRESH), (DAY - 60, Due.A_DAY_AGO), (3 * DAY, Due.A_DAY_AGO)],
)
def test_calm_anchors_are_graded_once_a_day(ago, reason):
    assert verdict(ago=ago) is reason


def test_until_there_are_enough_for_a_baseline_they_are_graded_at_every_look():
    assert verdict(looks=0) is Due.FEW
    assert verdict(looks=WANTED - 1) is Due.FEW


@pytest.mark.parametrize("level", [Level.SUSPECT, Level.DRIFT])
@pytest.mark.parametrize("arm", [Arm.CURRENT, Arm.PINNED, Arm.DIFFERENCE, Arm.ANCHORS])
def test_they_are_graded_as_soon_as_what_rests_on_the_judge_is_in_doubt(level, arm):
    assert verdict(signals=[said(level, arm)]) is Due.IN_DOUBT


def test_a_check_that_drifts_is_no_doubt_about_the_judge():
    assert verdict(signals=[said(Level.DRIFT, scorer="is-json")]) is Due.FRESH


def test_one_odd_look_at_the_anchors_asks_for_another():
    assert verdict(signals=[said(arm=Arm.ANCHORS, effect=0.04)]) is Due.IN_DOUBT
    assert verdict(signals=[said(arm=Arm.ANCHORS, effect=-0.04)]) is Due.IN_DOUBT
    assert verdict(signals=[said(effect=-0.04)]) is Due.FRESH
    assert verdict(signals=[said(Level.LEARNING, Arm.ANCHORS, effect=-0.04)]) is Due.FRESH


def test_an_interrupted_look_grades_the_rest_of_what_it_began():
    assert verdict(begun=True) is Due.CONTINUED


def test_the_configuration_has_the_first_word():
    assert verdict(AnchorCadence.NEVER, signals=[said(Level.DRIFT)], begun=True) is Due.NEVER
    assert verdict(AnchorCadence.EVERY_LOOK) is Due.EVERY_LOOK
    assert [reason.graded for reason in (Due.NEVER, Due.FRESH)] == [False, False]
    assert all(reason.graded for reason in Due if reason not in (Due.NEVER, Due.FRESH))


def row(anchor: Anchor, value: float | None, scorer: str = "tone", role: Role = Role.JUDGE) -> ScoreRow:
    score = Score(value=value) if value is not None else Score.unscored("mumbled")
    key = ResponseKey(run_id="r", role=role, case_id=anchor_case(anchor).id)
    return ScoreRow(key=key, scorer=scorer, scorer_digest="d", score=score)


def test_grades_become_the_scores_of_an_arm_of_their_own():
    rows = [row(ANCHORS[0], 1.0), row(ANCHORS[1], None)]
    cases, calls = graded({"tone": Anchored(anchors=ANCHORS)}, rows)
    assert [case.id for case in cases] == [anchor_case(anchor).id for anchor in ANCHORS]
    assert [(call.outcome, call.value) for call in calls] == [
        (Outcome.PASSED, 1.0), (Outcome.UNSCORED, None), (Outcome.NOT_RUN, None),
    ]  # fmt: skip
    assert {call.series.role for call in calls} == {Role.JUDGE}


def test_a_look_that_graded_none_planned_none_unless_they_were_due():
    anchored = {"tone": Anchored(anchors=ANCHORS)}
    assert graded(anchored, [row(ANCHORS[0], 1.0, role=Role.CURRENT)]) == ([], [])
    _, calls = graded(anchored, [], also=["tone"])
    assert [call.outcome for call in calls] == [Outcome.NOT_RUN] * 3


def test_grades_of_an_anchor_that_was_changed_since_belong_to_nobody():
    changed = Anchor(id="a0", input="Q", answer="another", human="1")
    _, calls = graded({"tone": Anchored(anchors=(changed,))}, [row(ANCHORS[0], 1.0)])
    assert [call.outcome for call in calls] == [Outcome.NOT_RUN]
