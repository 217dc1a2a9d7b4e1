from __future__ import annotations

from watchdog.alert.undelivered import NAME, undelivered
from watchdog.domain.alert import Alert, AlertState, ConditionStatus, DeadLetter


def a_letter(channel="slack", severity="page", name="EvalDrift", error="401", state=AlertState.FIRING):
    labels = {"alertname": name, "severity": severity, "channel": channel}
    alert = Alert(fingerprint="f", labels=labels, annotations={}, state=state, starts_at=1.0, updated_at=1.0)
    return DeadLetter(id=f"{alert.id}-{state}", channel=channel, alert=alert, at=1.0, attempts=1, error=error)


def claims(letters, open_alerts=()):
    conditions = undelivered(letters, open_alerts)
    return [(one.labels["channel"], one.labels["severity"], one.status) for one in conditions]


def test_nothing_given_up_is_no_claim():
    assert undelivered([], []) == []


def test_each_channel_is_a_claim_and_a_lost_page_is_a_page():
    letters = [a_letter(), a_letter(), a_letter(severity="ticket"), a_letter("mail", severity="sev1")]
    active = ConditionStatus.ACTIVE
    assert claims(letters) == [("mail", "page", active), ("slack", "page", active), ("slack", "ticket", active)]


def test_the_claim_counts_what_was_lost_and_says_why_and_what_to_do():
    [claim] = undelivered([a_letter(error=f"reason {at}") for at in range(5)], [])
    assert claim.annotations["summary"] == "slack will never deliver 5 pages: reason 0"
    assert "reason 2" in claim.annotations["description"]
    assert "reason 3" not in claim.annotations["description"]
    assert claim.annotations["next_command"] == "eval-watchdog alerts dead --channel slack"


def test_numbers_are_no_part_of_its_identity():
    [one], [two] = undelivered([a_letter()], []), undelivered([a_letter(), a_letter(error="else")], [])
    assert one.fingerprint == two.fingerprint
    assert {"alert_type", "severity", "team", "vertical", "feature"} <= one.labels.keys()


def test_letters_about_letters_do_not_keep_themselves_alive():
    assert undelivered([a_letter(name=NAME)], []) == []


def test_an_open_claim_is_clear_once_nothing_is_left():
    [claim] = undelivered([a_letter()], [])
    known = Alert(
        fingerprint=claim.fingerprint,
        labels=claim.labels,
        annotations={},
        state=AlertState.FIRING,
        starts_at=1.0,
        updated_at=1.0,
    )
    assert claims([], [known]) == [("slack", "page", ConditionStatus.CLEAR)]
    assert claims([a_letter()], [known]) == [("slack", "page", ConditionStatus.ACTIVE)]
