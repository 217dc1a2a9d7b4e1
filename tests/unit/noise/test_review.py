from __future__ import annotations

import pytest

from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.feedback import Feedback
from watchdog.domain.watch import FalseAlarmBudget
from watchdog.noise.review import Facts, Proposal, propose, review
from watchdog.render.noise import noise_markdown, standing_line

HOUR, DAY = 3600.0, 86400.0
NOW = 100 * DAY
BUDGET = FalseAlarmBudget(count=1.0, seconds=90 * DAY)


def an_alert(days_ago, hours=2.0, severity="page", metric="case-checks", name="EvalDrift"):
    fired = NOW - days_ago * DAY
    ended = None if hours is None else fired + hours * HOUR
    return Alert(
        fingerprint=f"{name}{metric}{severity}",
        labels={"alertname": name, "watch": "reply", "metric": metric, "severity": severity},
        annotations={},
        state=AlertState.FIRING if ended is None else AlertState.RESOLVED,
        starts_at=fired,
        updated_at=fired,
        fired_at=fired,
        resolved_at=ended,
    )


def reviewed(alerts, words=(), acknowledged=(), told=None, began=0.0, days=7):
    """``words``: (alert, actionable, false alarm)."""
    said = {
        alert.id: Feedback(alert_id=alert.id, at=NOW, by="me", actionable=actionable, false_alarm=false)
        for alert, actionable, false in words
    }
    facts = Facts(
        alerts=alerts,
        feedback=said,
        acknowledged={alert.id for alert in acknowledged},
        told={alert.id for alert in (alerts if told is None else told)},
        began=began,
    )
    return review(facts, BUDGET, since=NOW - days * DAY, until=NOW)


def test_each_rule_counts_what_fired_in_the_time_under_review():
    one, two, old = an_alert(1), an_alert(3, hours=4), an_alert(20)
    ticket = an_alert(2, severity="ticket", metric="tone", hours=None)
    found = reviewed([one, two, old, ticket], words=[(one, True, False)], acknowledged=[one, two])
    [page, other] = found.rules
    assert page.rule == "EvalDrift reply case-checks"
    assert (page.fired, page.paged, page.acknowledged, page.judged, page.actionable) == (2, 2, 2, 1, 1)
    assert page.duration == 3 * HOUR
    assert page.unjudged == (two.id,)
    assert (other.fired, other.paged, other.duration) == (1, 0, None)


def test_a_page_that_no_channel_took_woke_nobody():
    held_back = an_alert(1)
    [row] = reviewed([held_back], told=[]).rules
    assert (row.fired, row.paged, row.proposal) == (1, 0, Proposal.KEEP)


def test_firing_again_within_six_hours_of_being_over_is_a_flap_even_over_the_edge_of_the_review():
    alerts = [an_alert(7.1, hours=1), an_alert(6.95, hours=1), an_alert(6.8, hours=1), an_alert(3, hours=1)]
    [row] = reviewed(alerts).rules
    assert (row.fired, row.flaps) == (3, 2)


def test_those_that_page_most_go_first():
    quiet = [an_alert(day, severity="ticket", metric="tone") for day in (1, 2, 3, 4)]
    loud = [an_alert(day) for day in (1, 3)]
    assert [row.severity for row in reviewed([*quiet, *loud]).rules] == ["page", "ticket"]


@pytest.mark.parametrize(
    ("counts", "proposal"),
    [
        ({"paged": 3, "judged": 3, "actionable": 1, "false": 2}, Proposal.DESENSITISE),
        ({"paged": 1, "judged": 1, "actionable": 0, "false": 1}, Proposal.DESENSITISE),
        ({"paged": 4, "judged": 4, "actionable": 1, "acknowledged": 4}, Proposal.DEMOTE),
        ({"paged": 4, "judged": 4, "actionable": 4, "acknowledged": 4, "flaps": 3}, Proposal.HOLD),
        ({"paged": 3}, Proposal.WRONG_PERSON),
        ({"paged": 1}, Proposal.ASK),
        ({"paged": 3, "acknowledged": 1}, Proposal.ASK),
        ({"paged": 2, "judged": 2, "actionable": 2, "acknowledged": 2}, Proposal.KEEP),
        ({"paged": 0, "fired": 5}, Proposal.KEEP),
    ],
)
def test_what_should_change_follows_from_the_costliest_habit(counts, proposal):
    none = dict.fromkeys(("fired", "paged", "acknowledged", "judged", "actionable", "false", "flaps"), 0)
    assert propose(**{**none, **counts}) is proposal


def test_false_pages_are_held_against_the_budgets_own_period():
    recent, earlier, ancient = an_alert(2), an_alert(60), an_alert(95)
    words = [(alert, False, True) for alert in (recent, earlier, ancient)]
    standing = reviewed([recent, earlier, ancient], words).standing
    assert (standing.pages, standing.false, standing.above) == (2, 2, True)
    assert standing.achieved == pytest.approx(2.0)
    assert not reviewed([recent, ancient], words).standing.above


def test_the_rate_is_that_of_the_time_that_is_remembered():
    recent = an_alert(2)
    standing = reviewed([recent], [(recent, False, True)], began=NOW - 30 * DAY).standing
    assert standing.achieved == pytest.approx(3.0)
    assert not standing.above  # one is allowed
    assert "3 in" in standing_line(standing)


def test_a_ticket_that_was_false_is_no_false_page():
    ticket = an_alert(2, severity="ticket")
    assert reviewed([ticket], [(ticket, False, True)]).standing.false == 0


def test_nothing_remembered_is_said_and_divides_by_nothing():
    standing = reviewed([], began=None).standing
    assert standing.achieved is None
    assert "nothing is remembered" in standing_line(standing)


def test_markdown_names_the_offenders_and_asks_for_what_nobody_said():
    alerts = [an_alert(1, metric="a|b"), an_alert(2, metric="a|b")]
    page = noise_markdown(reviewed(alerts))
    assert "| EvalDrift reply a\\|b | page | 2 | 2 |" in page
    assert "### Top offenders" in page
    assert f"eval-watchdog alerts feedback {alerts[0].id} --actionable yes" in page
