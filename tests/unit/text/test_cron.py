import pytest

from watchdog.text.cron import cron_fields


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("*", "*"),
        ("0", "sun"),
        ("7", "sun"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("MON-Fri", "mon,tue,wed,thu,fri"),
        ("sat-sun", "sun,sat"),
        ("6-7", "sun,sat"),
        ("0-6", "sun,mon,tue,wed,thu,fri,sat"),
        ("*/2", "sun,tue,thu,sat"),
        ("1/2", "mon,wed,fri"),
        ("1,3,sat", "mon,wed,sat"),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(field, names):
    assert cron_fields(f"0 9 * * {field}")["day_of_week"] == names


def test_the_other_fields_are_handed_on_as_they_are():
    assert cron_fields("*/5 8-18 1,15 jan *") == {
        "minute": "*/5",
        "hour": "8-18",
        "day": "1,15",
        "month": "jan",
        "day_of_week": "*",
    }


def test_shorthands_are_known():
    assert cron_fields("@daily") == cron_fields("0 0 * * *")
    assert cron_fields("@weekly")["day_of_week"] == "sun"


@pytest.mark.parametrize(
    "line", ["", "* * * *", "0 0 * * * *", "0 9 * * 8", "0 9 * * mo", "0 9 * * */0", "0 9 * * 1-", "@often"]
)
def test_what_is_not_a_cron_line_is_refused(line):
    with pytest.raises(ValueError, match=r"cron line|weekday|step"):
        cron_fields(line)


def test_day_of_month_and_weekday_together_are_refused_rather_than_read_differently_than_cron():
    with pytest.raises(ValueError, match="two watches"):
        cron_fields("0 9 1 * 1")
