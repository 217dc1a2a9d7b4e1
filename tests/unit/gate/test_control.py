"""Where the baseline's answers come from."""

from watchdog.domain.response import CallStatus, Request, Response, ResponseKey
from watchdog.gate.control import Control
from watchdog.gate.streams import BASELINE, CANDIDATE
from watchdog.replay.stage import WorkItem


def an_item(case, role=BASELINE, repeat=0):
    key = ResponseKey(run_id="gate", role=role, case_id=case, repeat=repeat)
    return WorkItem(key=key, provider="p", request=Request(model="m", messages=(), timeout=1.0, case_id=case))


def a_control(*known):
    def find(items):
        return {
            item.key: Response(key=item.key, status=CallStatus.ANSWERED, text="yes", attempts=1, cost=0.5)
            for item in items
            if item.key.case_id in known
        }

    return Control(flips={}, key_of=lambda item: item.request.case_id, find=find)


ITEMS = [an_item(case, role, repeat) for case in "ab" for role in (BASELINE, CANDIDATE) for repeat in (0, 1)]


def test_only_cases_that_were_asked_before_are_at_hand():
    assert a_control("a", "elsewhere").at_hand(ITEMS) == {"a"}
    assert a_control().at_hand(ITEMS) == set()


def test_a_first_answer_of_the_baseline_is_taken_over_with_its_cost_and_without_an_attempt():
    [taken] = a_control("a").reuse(ITEMS)
    assert taken.key == an_item("a").key
    assert (taken.attempts, taken.cost) == (0, 0.5)
