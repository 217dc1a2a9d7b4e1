from datetime import UTC, datetime

import pytest

from watchdog.daemon.timetable import Timetable
from watchdog.domain.watch import Schedule
from watchdog.errors import UsageError


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def written(time):
    return datetime.fromtimestamp(time, UTC).strftime("%a %Y-%m-%d %H:%M:%S")


def test_an_interval_counts_on_from_the_last_look():
    every = Timetable(Schedule(every=600.0))
    assert every.first(last=1000.0, now=1100.0) == 1600.0


def test_an_interval_begins_at_once_without_a_last_look_or_when_one_is_due():
    every = Timetable(Schedule(every=600.0))
    assert every.first(last=None, now=1100.0) == 1100.0
    assert every.first(last=100.0, now=1100.0) == 1100.0


def test_a_last_look_of_a_clock_that_was_ahead_does_not_put_looks_off():
    assert Timetable(Schedule(every=600.0)).first(last=9e9, now=1000.0) == 1600.0


def test_a_cron_line_waits_for_its_time_whatever_was_before():
    daily = Timetable(Schedule(cron="0 7 * * 1-5"))
    assert written(daily.first(last=None, now=at("2026-11-21 06:00"))) == "Mon 2026-11-23 07:00:00"


def test_the_time_itself_is_not_after_itself():
    hourly = Timetable(Schedule(cron="0 * * * *"))
    assert written(hourly.after(at("2026-11-21 06:00"))) == "Sat 2026-11-21 07:00:00"


def test_weekday_numbers_are_those_of_cron():
    sundays = Timetable(Schedule(cron="0 9 * * 0"))
    assert written(sundays.after(at("2026-11-18 00:00"))) == "Sun 2026-11-22 09:00:00"


def test_a_cron_line_is_read_in_its_time_zone_over_a_change_of_the_clocks():
    daily = Timetable(Schedule(cron="30 2 * * *", timezone="Europe/Berlin"))
    times = [written(time) for time in daily.between(at("2026-03-27 12:00"), at("2026-03-31 12:00"), 10)]
    # 02:30 does not exist on the 29th: no look is made twice, and the day after is right again.
    assert times[0] == "Sat 2026-03-28 01:30:00"
    assert times[-1] == "Tue 2026-03-31 00:30:00"
    assert len(set(times)) == len(times)


def test_the_hour_that_comes_twice_is_passed_like_any_other():
    berlin = Timetable(Schedule(cron="0 * * * *", timezone="Europe/Berlin"))
    times = berlin.between(at("2026-10-24 22:30"), at("2026-10-25 03:30"), 100)
    assert [written(time)[-8:] for time in times] == ["23:00:00", "00:00:00", "01:00:00", "02:00:00", "03:00:00"]


def test_the_hour_that_is_left_out_is_passed_like_any_other():
    berlin = Timetable(Schedule(cron="0 * * * *", timezone="Europe/Berlin"))
    times = berlin.between(at("2026-03-28 23:30"), at("2026-03-29 03:30"), 100)
    assert [written(time)[-8:] for time in times] == ["00:00:00", "01:00:00", "02:00:00", "03:00:00"]


def test_a_time_in_the_hour_that_comes_twice_comes_twice_and_the_next_day_is_right_again():
    daily = Timetable(Schedule(cron="30 2 * * *", timezone="Europe/Berlin"))
    times = daily.between(at("2026-10-24 12:00"), at("2026-10-26 12:00"), 100)
    expected = ["Sun 2026-10-25 00:30:00", "Sun 2026-10-25 01:30:00", "Mon 2026-10-26 01:30:00"]
    assert [written(time) for time in times] == expected


@pytest.mark.parametrize("night", ["2026-03-28 22:00", "2026-10-24 22:00"])
@pytest.mark.parametrize("line", ["30 2 * * *", "0 * * * *", "*/20 2 * * *", "59 1-3 * * 0"])
def test_the_next_time_is_always_later_than_the_one_before(line, night):
    timetable = Timetable(Schedule(cron=line, timezone="Europe/Berlin"))
    time = at(night)
    for _ in range(20):
        following = timetable.after(time)
        assert following > time
        time = following


@pytest.mark.parametrize(("limit", "expected"), [(10, [20.0, 30.0, 40.0]), (2, [20.0, 30.0]), (0, [])])
def test_times_between_two_moments_are_the_oldest_up_to_a_limit(limit, expected):
    assert Timetable(Schedule(every=10.0)).between(10.0, 40.0, limit) == expected


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Schedule(cron="0 9 * *"), "five fields"),
        (Schedule(cron="61 * * * *"), "not understood"),
        (Schedule(cron="0 9 * * *", timezone="Europe/Atlantis"), "no time zone"),
        (Schedule(every=0.0), "above 0"),
        (Schedule(), "above 0"),
    ],
)
def test_a_schedule_that_is_not_understood_is_a_usage_error(schedule, message):
    with pytest.raises(UsageError, match=message):
        Timetable(schedule)


def test_a_time_that_never_comes_is_a_usage_error():
    with pytest.raises(UsageError, match="never comes"):
        Timetable(Schedule(cron="0 0 30 2 *")).after(0.0)
