"""Whatever the looks of two watches bring, in whatever order: the life of alerts never contradicts itself."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from watchdog.alert.look import Standing, alerts_of_look, concluded
from watchdog.alert.stage import given_up, resolve_by_hand
from watchdog.alert.story import News
from watchdog.alert.worse import complaint
from watchdog.domain.alert import (
    Alert,
    AlertState,
    Audience,
    Cause,
    Condition,
    ConditionStatus,
    Reason,
    Severity,
    Size,
)
from watchdog.domain.policy import Policy
from watchdog.domain.silence import Matcher, Silence, SilenceKind

METRICS = ("helpfulness", "is-json", "not-refusal")
WATCHES = ("support", "search")
POLICY = Policy(hold=30.0)
AUDIENCES = (
    Audience(channel="slack"),
    Audience(channel="pagerduty", severities=("sev1", "page")),
    Audience(channel="team", only={"watch": ("search",)}),
)
LEGAL = {
    None: {AlertState.PENDING, AlertState.FIRING},
    AlertState.PENDING: set(AlertState),
    AlertState.FIRING: {AlertState.FIRING, AlertState.RESOLVED},
}
SILENCE = Silence(
    id="s1", kind=SilenceKind.SILENCE, matchers=(Matcher("metric", "=", METRICS[0]),), starts_at=0.0, ends_at=2e9,
    by="me", because="known",
)  # fmt: skip


def claims_of(size):
    return st.fixed_dictionaries(
        {
            "status": st.sampled_from(ConditionStatus),
            "severity": st.sampled_from(["page", "page", "page", "ticket"]),
            "effect": st.floats(-0.6, -0.01),
            "looks": st.integers(1, 60),
            "age": st.floats(0, 5e5),
            "cause": st.sampled_from([Cause.SHARED, Cause.OURS, Cause.PROVIDER_FAILING]),
            "inhibited_by": st.sampled_from(["", "", "the judge moved"]),
            "hold_looks": st.integers(1, 2),
            "clear_looks": st.integers(1, 3),
        }
    ).map(lambda drawn: {**drawn, "sized": size})


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 1_790_000_000.0
        self.open: dict[str, Alert] = {}
        self.incidents = {}
        self.told = {}
        self.heard = {}
        self.ids = set()
        self.models = dict.fromkeys(WATCHES, "gpt-x")
        self.silences = ()

    def standing(self, watch, without=()):
        others = [
            a for a in self.open.values()
            if a.state is AlertState.FIRING and (a.labels["watch"] != watch or without) and a.id not in without
        ]  # fmt: skip
        mine = [] if without else [a for a in self.open.values() if a.labels["watch"] == watch]
        live = [i for i in self.incidents.values() if i.closed_at is None or self.now - i.closed_at < 86400]
        return Standing(open_alerts=mine, elsewhere=others, incidents=live, silences=self.silences)

    def keep(self, outcome):
        for transition in outcome.transitions:
            alert = transition.alert
            before = self.open.pop(alert.id, None)
            if before is None and transition.before is None and alert.active_looks > 1:
                assert alert.reason in (Reason.HELD, Reason.CONTINUES, Reason.APPEARED, Reason.INHIBITED)
            assert transition.before is (before.state if before else None)
            assert alert.state in LEGAL[transition.before]
            assert transition.reason is alert.reason
            if before is not None:
                identity = (before.fingerprint, before.labels, before.starts_at)
                assert (alert.fingerprint, alert.labels, alert.starts_at) == identity
                assert alert.incident_id == before.incident_id or not before.incident_id
            if transition.reason is Reason.BLIND:
                assert alert.state is transition.before
            if transition.notifies:
                expected = None if alert.state is AlertState.FIRING else AlertState.FIRING
                assert self.told.get(alert.id) is expected, "each is told once, firing before resolved"
                self.told[alert.id] = alert.state
            assert bool(alert.incident_id) == (alert.fired_at is not None)
            if alert.state is AlertState.RESOLVED:
                assert alert.resolved_at >= alert.starts_at
            else:
                self.open[alert.id] = alert
        for incident in outcome.incidents:
            before = self.incidents.get(incident.id)
            assert before is None or before.timeline == incident.timeline[: len(before.timeline)], "nothing is unsaid"
            self.incidents[incident.id] = incident
        for telling in outcome.tellings:
            assert (telling.id, telling.channel) not in self.ids, "no message is sent twice"
            self.ids.add((telling.id, telling.channel))
            last = self.heard.get((telling.channel, telling.alert.id), News.OVER)
            assert (telling.news is News.OPENED) == (last is News.OVER), "no end without a beginning, no two beginnings"
            self.heard[telling.channel, telling.alert.id] = telling.news
            audience = next(each for each in AUDIENCES if each.channel == telling.channel)
            assert audience.wants(telling.alert), "a channel that wants no such thing would drop it"

    @rule(
        watch=st.sampled_from(WATCHES),
        claims=st.tuples(*[claims_of(size) for size in (True, True, False)]),
        mentioned=st.integers(0, len(METRICS)),
        seconds=st.floats(1, 4000),
    )
    def look(self, watch, claims, mentioned, seconds):
        self.now += seconds
        labels = {"alertname": "EvalDrift", "alert_type": "model", "team": "t", "feature": watch, "watch": watch}
        subject = {"provider": "p", "model": self.models[watch]}
        conditions = [
            Condition(
                labels={**labels, **subject, "metric": metric, "severity": c["severity"]},
                status=c["status"],
                cause=c["cause"],
                since=self.now - c["age"],
                hold_looks=c["hold_looks"],
                clear_looks=c["clear_looks"],
                inhibited_by=c["inhibited_by"],
                size=Size(effect=c["effect"], margin=0.01, looks=c["looks"]) if c["sized"] else None,
            )
            for metric, c in list(zip(METRICS, claims, strict=True))[:mentioned]
        ]  # fmt: skip
        standing = self.standing(watch)
        outcome = alerts_of_look(
            watch, conditions, standing, policy=POLICY, every=60.0, at=self.now, now=self.now, audiences=AUDIENCES
        )
        answered = {transition.alert.id for transition in outcome.transitions}
        assert {alert.id for alert in standing.open_alerts} <= answered, "no open alert goes unanswered"
        self.keep(outcome)

    @rule(watch=st.sampled_from(WATCHES), model=st.sampled_from(["gpt-x", "gpt-y"]))
    def move_the_model(self, watch, model):
        self.models[watch] = model

    @rule(silenced=st.booleans())
    def silence(self, silenced):
        self.silences = (SILENCE,) if silenced else ()

    def end(self, transitions):
        ended = {transition.alert.id for transition in transitions}
        self.keep(
            concluded(
                "",
                transitions,
                self.standing("", without=ended),
                policy=POLICY,
                every=60.0,
                now=self.now,
                audiences=AUDIENCES,
            )
        )

    @rule(data=st.data())
    def resolve(self, data):
        if self.open:
            chosen = self.open[data.draw(st.sampled_from(sorted(self.open)))]
            self.end([resolve_by_hand(chosen, self.now, "because")])

    @rule(watch=st.sampled_from(WATCHES))
    def remove_a_watch(self, watch):
        alerts = list(self.open.values())
        ended = given_up(alerts, [each for each in WATCHES if each != watch], self.now, 1e9)
        assert {each.alert.id for each in ended} == {a.id for a in alerts if a.labels["watch"] == watch}
        if ended:
            self.end(ended)

    @rule()
    def a_week_without_a_word(self):
        self.now += 7 * 86400
        ended = given_up(list(self.open.values()), WATCHES, self.now, POLICY.forget_after)
        assert len(ended) == len(self.open)
        if ended:
            self.end(ended)

    @invariant()
    def a_firing_alert_was_told_and_one_that_is_gone_was_told_resolved(self):
        firing = {alert.id for alert in self.open.values() if alert.state is AlertState.FIRING}
        assert firing == {name for name, state in self.told.items() if state is AlertState.FIRING}

    @invariant()
    def one_claim_has_one_open_alert(self):
        claims = [complaint(alert.labels) for alert in self.open.values()]
        assert len(set(claims)) == len(claims)

    @invariant()
    def an_incident_is_open_while_a_member_fires_and_closed_when_it_was_quiet_for_long_enough(self):
        firing = {alert.incident_id for alert in self.open.values() if alert.state is AlertState.FIRING}
        still = {i.id for i in self.incidents.values() if i.closed_at is None}
        assert firing <= still
        held = {i.id for i in self.incidents.values() if i.closed_at is None and i.reopened and i.quiet_since}
        assert still - firing <= held, "only what came back is held open after its last member"

    @invariant()
    def what_fires_was_heard_by_whom_it_concerns_and_what_is_closed_was_heard_to_end(self):
        for incident in self.incidents.values():
            members = [a for a in self.open.values() if a.incident_id == incident.id and a.fired_at is not None]
            for audience in AUDIENCES:
                told = incident.told.get(audience.channel)
                known = told is not None and told.severity is not Severity.NONE
                assert not (known and incident.over)
                if not self.silences and any(audience.wants(alert) for alert in members) and not self._hushed(members):
                    assert known

    def _hushed(self, members):
        """Whether what fires may have begun under a silence: it is told at the next look."""
        return any(SILENCE.takes(alert.labels) for alert in members)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
