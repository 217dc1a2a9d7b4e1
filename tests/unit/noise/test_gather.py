from __future__ import annotations

from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState
from watchdog.noise.gather import told_with_incident

AT = 1000.0


def an_alert(severity="page", incident="i1", name="EvalDrift", ended=None):
    return Alert(
        fingerprint=f"{name}{severity}{incident}", labels={"severity": severity}, annotations={}, incident_id=incident,
        state=AlertState.FIRING if ended is None else AlertState.RESOLVED,
        starts_at=AT - 60, updated_at=AT, fired_at=AT - 60, resolved_at=ended,
    )  # fmt: skip


def test_every_member_that_the_telling_covers_was_told_of():
    page, ticket, elsewhere, alone = an_alert(), an_alert("ticket"), an_alert(incident="i2"), an_alert(incident="")
    told = told_with_incident([page, ticket, elsewhere, alone], [(AT, an_alert(name="the incident"))])
    assert told == {page.id, ticket.id}


def test_a_page_is_not_told_of_by_a_ticket():
    page, ticket = an_alert(), an_alert("ticket")
    assert told_with_incident([page, ticket], [(AT, an_alert("ticket", name="the incident"))]) == {ticket.id}


def test_what_was_over_before_the_incident_was_told_of_was_not_told_of():
    before, after = an_alert(name="before", ended=AT - 1), an_alert(name="after", ended=AT + 1)
    assert told_with_incident([before, after], [(AT, an_alert(name="the incident"))]) == {after.id}


def test_an_end_tells_nobody_that_anything_began():
    end = replace(an_alert(name="the incident"), state=AlertState.RESOLVED)
    assert told_with_incident([an_alert()], [(AT, end)]) == set()
