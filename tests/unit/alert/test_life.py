"""Whatever the looks bring, in whatever order: the life of alerts never contradicts itself."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from watchdog.alert.incident import group
from watchdog.alert.stage import reconcile, resolve_by_hand
from watchdog.domain.alert import AlertState, Cause, Condition, ConditionStatus, Reason

METRICS = ("helpfulness", "is-json", "not-refusal")
LEGAL = {
    None: {AlertState.PENDING, AlertState.FIRING},
    AlertState.PENDING: set(AlertState),
    AlertState.FIRING: {AlertState.FIRING, AlertState.RESOLVED},
}


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 1_790_000_000.0
        self.open = {}
        self.incidents = {}
        self.told = {}
        self.seen = {}
        self.model = "gpt-x"

    def keep(self, transitions):
        grouping = group("support", transitions, [i for i in self.incidents.values() if i.closed_at is None], self.now)
        self.incidents |= {incident.id: incident for incident in grouping.incidents}
        for transition in grouping.transitions:
            alert = transition.alert
            before = self.open.pop(alert.id, None)
            assert transition.before is (before.state if before else None)
            assert alert.state in LEGAL[transition.before]
            assert transition.reason is alert.reason
            if before is not None:
                identity = (before.fingerprint, before.labels, before.starts_at)
                assert (alert.fingerprint, alert.labels, alert.starts_at) == identity
            if transition.reason is Reason.BLIND:
                assert alert.state is transition.before
            if transition.notifies:
                expected = None if alert.state is AlertState.FIRING else AlertState.FIRING
                assert self.told.get(alert.id) is expected, "each is told once, firing before resolved"
                self.told[alert.id] = alert.state
            if alert.state is AlertState.RESOLVED:
                assert alert.resolved_at >= alert.starts_at
            else:
                self.open[alert.id] = alert

    @rule(
        statuses=st.tuples(*[st.sampled_from(ConditionStatus)] * len(METRICS)),
        inhibited=st.tuples(*[st.sampled_from(["", "", "the judge moved"])] * len(METRICS)),
        hold=st.integers(1, 3),
        clear=st.integers(1, 3),
        severity=st.sampled_from(["page", "page", "page", "ticket"]),
        mentioned=st.integers(0, len(METRICS)),
        seconds=st.floats(1, 4000),
    )
    def look(self, statuses, inhibited, hold, clear, severity, mentioned, seconds):
        self.now += seconds
        conditions = [
            Condition(
                labels={"watch": "support", "metric": metric, "severity": severity, "model": self.model},
                status=status,
                cause=Cause.SHARED,
                hold_looks=hold,
                clear_looks=clear,
                inhibited_by=why,
            )
            for metric, status, why in list(zip(METRICS, statuses, inhibited, strict=True))[:mentioned]
        ]
        known = dict(self.open)
        transitions = reconcile(conditions, list(known.values()), self.now)
        assert set(known) <= {transition.alert.id for transition in transitions}, "no open alert goes unanswered"
        self.keep(transitions)

    @rule(model=st.sampled_from(["gpt-x", "gpt-y"]))
    def move_the_model(self, model):
        self.model = model

    @rule(data=st.data())
    def resolve(self, data):
        if self.open:
            chosen = data.draw(st.sampled_from(sorted(self.open)))
            others = list(reconcile([], [a for a in self.open.values() if a.id != chosen], self.now))
            self.keep([resolve_by_hand(self.open[chosen], self.now, "because"), *others])

    @invariant()
    def a_firing_alert_was_told_and_one_that_is_gone_was_told_resolved(self):
        firing = {alert.id for alert in self.open.values() if alert.state is AlertState.FIRING}
        assert firing == {name for name, state in self.told.items() if state is AlertState.FIRING}

    @invariant()
    def one_claim_has_one_open_alert(self):
        claims = [(alert.labels["metric"], alert.labels["severity"]) for alert in self.open.values()]
        assert len(set(claims)) == len(claims)

    @invariant()
    def an_incident_is_open_exactly_while_a_member_fires(self):
        firing = {alert.incident_id for alert in self.open.values() if alert.state is AlertState.FIRING}
        assert firing == {incident.id for incident in self.incidents.values() if incident.closed_at is None}


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
