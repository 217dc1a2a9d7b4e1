from msgspec.structs import replace

from watchdog.daemon.health import Looked, Standing, troubles
from watchdog.domain.run import RunStatus

STANDING = Standing(watch="reply", next_look=110.0, overdue_at=130.0)


def found(*standings, now=100.0, phase="", scheduling=True, store_error=None):
    return [
        str(trouble)
        for trouble in troubles(
            phase=phase, scheduling=scheduling, store_error=store_error, standings=standings, now=now
        )
    ]


def test_nothing_is_wrong_while_looks_finish_in_time():
    assert found(STANDING) == []


def test_a_watch_without_a_finished_look_for_two_planned_times_is_overdue():
    assert found(STANDING, now=129.9) == []
    assert found(STANDING, now=135.0) == ["watch reply: no look has finished in time (overdue for 5 s)"]


def test_a_look_that_takes_for_ever_is_named():
    [reason] = found(replace(STANDING, looking_since=110.0), now=140.0)
    assert reason.endswith("one is under way for 30 s")


def test_the_reason_of_the_last_look_that_failed_is_told():
    last = Looked(watch="reply", status=RunStatus.FAILED, seconds=1.0, ended_at=120.0, error="no key is set")
    assert found(replace(STANDING, last=last), now=140.0)[0].endswith("the last one: no key is set")


def test_every_trouble_is_told_at_once():
    assert found(STANDING, now=200.0, scheduling=False, store_error="the disk is full") == [
        "scheduler: not running",
        "store: the disk is full",
        "watch reply: no look has finished in time (overdue for 70 s)",
    ]


def test_a_daemon_that_starts_or_stops_is_not_ready_and_its_scheduler_is_no_further_trouble():
    assert found(STANDING, phase="stopping", scheduling=False) == ["daemon: stopping"]
