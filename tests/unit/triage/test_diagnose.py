"""From facts to three answers, a cause, an owner and a command."""

from __future__ import annotations

import shlex

import pytest
from msgspec.structs import replace

from tests.unit.triage.conftest import NOW, STEADY, WATCH, change, key, probe, ratio
from watchdog.correlate.situation import ProviderHealth, ToolHealth
from watchdog.detect.slices import Shift
from watchdog.domain.case import Estimand
from watchdog.domain.detection import Level
from watchdog.domain.metric import Arm
from watchdog.domain.target import Role
from watchdog.domain.triage import Act, Confidence, Diagnosis, Domain, Reply
from watchdog.errors import ErrorKind
from watchdog.triage.facts import Recall, Takes

YES, NO, CANNOT = Reply.YES, Reply.NO, Reply.CANNOT_TELL


def down(kind=ErrorKind.SERVER, answered=0):
    return lambda night: night.probe("openai", Role.CURRENT, answered=answered, kind=kind)


def under_load(kind):
    def happens(night):
        night.more["health"] = [ProviderHealth(provider="openai", role="current", calls=60, errors={kind: 50})]

    return happens


def prompt(night):
    night.fell(Arm.CURRENT, Arm.DIFFERENCE)
    night.more["changes"] = [change("prompt")]


def served(night):
    night.fell(Arm.CURRENT, Arm.DIFFERENCE)
    night.more["changes"] = [change("served model")]


def silent(night):
    night.fell(Arm.CURRENT, Arm.DIFFERENCE)


def shared(night):
    night.fell(Arm.CURRENT, Arm.PINNED)


def without_control(night):
    night.fell(Arm.CURRENT)
    for scorer in ("is-json", "helpfulness"):
        del night.levels[key(scorer, Arm.PINNED)], night.levels[key(scorer, Arm.DIFFERENCE)]


def without_control_and_a_new_prompt(night):
    without_control(night)
    night.more["changes"] = [change("prompt")]


def judge(night):
    night.fell(Arm.CURRENT, Arm.PINNED, scorers=("helpfulness",))
    night.level(key("helpfulness", Arm.ANCHORS), Level.DRIFT)


def traffic(night):
    night.level(key("is-json", estimand=Estimand.TRAFFIC), Level.DRIFT)
    night.more["shifts"] = [Shift(dimension="segment", value="business", before=0.1, now=0.9)]


def retired(night):
    night.more["pinned_probe"] = probe(
        "openai", Role.PINNED, answered=0, kind=ErrorKind.NOT_FOUND, model="gpt-x-2026-08-07"
    )


def pinned_fell(night):
    night.fell(Arm.PINNED)


def tool(night):
    night.more["tools"] = {"crm": ToolHealth(calls=40, failures=30), "search": ToolHealth(calls=40, failures=1)}
    night.set_up(tools=[("cal.*", "calendar"), ("crm.*", "crm-team")], integration="integrations")


def takes(**more):
    def happens(night):
        both = Takes(
            **{**{name: getattr(STEADY, name) for name in ("latency", "input_tokens", "output_tokens")}, **more}
        )
        night.more["takes"] = {Role.CURRENT: both, Role.PINNED: both}

    return happens


def stale(night):
    night.fell(Arm.CURRENT, Arm.PINNED)
    takes(recall=Recall(before=0.9, now=0.4, low=-0.6, high=-0.4, cases=40, k=5.0))(night)


def nothing(night):
    pass


def unsure(night):
    night.level(key("is-json"), Level.SUSPECT)


def no_baseline(night):
    night.levels.clear()
    night.more |= {"referenced": False, "takes": {}}
    night.set_up(has_baseline=False)


TABLE = [
    # what happens, the three answers, diagnosis, confidence, domain, owner, act, the command begins with
    (down(), (YES, CANNOT, CANNOT), Diagnosis.PROVIDER_DOWN, Confidence.CERTAIN, Domain.PROVIDER, "platform",
     Act.FAIL_OVER, "model failover reply"),
    (down(ErrorKind.RATE_LIMIT, answered=1), (YES, CANNOT, CANNOT), Diagnosis.RATE_LIMITED, Confidence.LIKELY,
     Domain.PROVIDER, "platform", Act.FAIL_OVER, "model failover reply"),
    (down(ErrorKind.QUOTA), (YES, CANNOT, CANNOT), Diagnosis.QUOTA, Confidence.CERTAIN, Domain.PROVIDER, "platform",
     Act.FAIL_OVER, "model failover reply"),
    (down(ErrorKind.AUTHENTICATION), (YES, CANNOT, CANNOT), Diagnosis.KEY_REFUSED, Confidence.CERTAIN, Domain.PROVIDER,
     "platform", Act.ESCALATE, "run reply"),
    (down(ErrorKind.NOT_FOUND), (YES, CANNOT, CANNOT), Diagnosis.MODEL_GONE, Confidence.CERTAIN, Domain.PROVIDER,
     "AI engineering", Act.PIN, "model pin reply"),
    (down(ErrorKind.BAD_REQUEST), (CANNOT, NO, NO), Diagnosis.TOO_LITTLE, Confidence.GUESS, Domain.UNKNOWN,
     "AI engineering", Act.MEASURE, "run reply"),
    (under_load(ErrorKind.RATE_LIMIT), (YES, NO, NO), Diagnosis.OUR_PACE, Confidence.LIKELY, Domain.PROVIDER,
     "platform", Act.SLOW_DOWN, "check"),
    (under_load(ErrorKind.TIMEOUT), (YES, CANNOT, CANNOT), Diagnosis.PROVIDER_DOWN, Confidence.LIKELY, Domain.PROVIDER,
     "platform", Act.FAIL_OVER, "model failover reply"),
    (prompt, (NO, YES, NO), Diagnosis.OURS, Confidence.CERTAIN, Domain.MODEL, "AI engineering", Act.ROLL_BACK,
     "model rollback reply"),
    (served, (NO, YES, NO), Diagnosis.PROVIDER_MODEL, Confidence.CERTAIN, Domain.MODEL, "AI engineering", Act.PIN,
     "model pin reply"),
    (silent, (NO, YES, NO), Diagnosis.PROVIDER_MODEL, Confidence.LIKELY, Domain.MODEL, "AI engineering", Act.PIN,
     "model pin reply"),
    (shared, (NO, YES, NO), Diagnosis.SHARED, Confidence.LIKELY, Domain.UNKNOWN, "AI engineering", Act.ESCALATE,
     "scores reply"),
    (without_control, (NO, YES, NO), Diagnosis.UNATTRIBUTED, Confidence.GUESS, Domain.UNKNOWN, "AI engineering",
     Act.ESCALATE, "scores reply"),
    (without_control_and_a_new_prompt, (NO, YES, NO), Diagnosis.OURS, Confidence.LIKELY, Domain.MODEL,
     "AI engineering", Act.ROLL_BACK, "model rollback reply"),
    (judge, (NO, NO, NO), Diagnosis.JUDGE, Confidence.CERTAIN, Domain.EVALUATION, "AI engineering", Act.REPAIR,
     "baseline compare reply"),
    (traffic, (NO, YES, NO), Diagnosis.COVERAGE, Confidence.LIKELY, Domain.MODEL, "AI engineering", Act.ESCALATE,
     "scores reply --since 24h --by"),
    (retired, (NO, NO, NO), Diagnosis.PINNED_MOVED, Confidence.CERTAIN, Domain.EVALUATION, "AI engineering",
     Act.REPAIR, "model pin reply --role pinned"),
    (pinned_fell, (NO, NO, NO), Diagnosis.PINNED_MOVED, Confidence.LIKELY, Domain.EVALUATION, "AI engineering",
     Act.REPAIR, "model pin reply --role pinned"),
    (tool, (NO, NO, YES), Diagnosis.TOOL_FAILING, Confidence.CERTAIN, Domain.TOOL, "integration owner", Act.ESCALATE,
     "triage reply"),
    (takes(latency=ratio(3.0)), (NO, NO, YES), Diagnosis.PROVIDER_SLOW, Confidence.CERTAIN, Domain.RETRIEVAL,
     "platform", Act.FAIL_OVER, "model failover reply"),
    (takes(latency=ratio(1.3)), (NO, NO, NO), Diagnosis.NOTHING_WRONG, Confidence.LIKELY, Domain.NONE,
     "AI engineering", Act.NOTHING, "scores reply"),
    (takes(input_tokens=ratio(2.0), latency=ratio(2.0)), (NO, NO, YES), Diagnosis.CONTEXT_LONGER, Confidence.LIKELY,
     Domain.RETRIEVAL, "platform", Act.ESCALATE, "triage reply"),
    (takes(output_tokens=ratio(2.0), latency=ratio(2.0)), (NO, NO, YES), Diagnosis.ANSWERS_LONGER, Confidence.LIKELY,
     Domain.MODEL, "AI engineering", Act.ESCALATE, "scores reply"),
    (stale, (NO, YES, YES), Diagnosis.RETRIEVAL_STALE, Confidence.CERTAIN, Domain.RETRIEVAL, "platform",
     Act.ESCALATE, "triage reply"),
    (nothing, (NO, NO, NO), Diagnosis.NOTHING_WRONG, Confidence.LIKELY, Domain.NONE, "AI engineering", Act.NOTHING,
     "scores reply"),
    (unsure, (NO, CANNOT, NO), Diagnosis.TOO_LITTLE, Confidence.GUESS, Domain.UNKNOWN, "AI engineering", Act.MEASURE,
     "run reply"),
    (no_baseline, (NO, CANNOT, CANNOT), Diagnosis.TOO_LITTLE, Confidence.GUESS, Domain.UNKNOWN, "AI engineering",
     Act.MEASURE, "run reply"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("happens", "replies", "diagnosis", "confidence", "domain", "owner", "act", "command"),
    TABLE,
    ids=[f"{number}: {row[2].name}" for number, row in enumerate(TABLE)],
)
def test_facts_lead_to_a_cause_an_owner_and_a_command(
    night, happens, replies, diagnosis, confidence, domain, owner, act, command
):
    happens(night)
    told = night.told()
    first = told.findings[0]
    assert tuple(question.reply for question in told.questions) == replies
    assert (first.diagnosis, first.confidence, first.domain, first.act) == (diagnosis, confidence, domain, act)
    assert first.owner.kind == owner
    assert first.command.startswith(f"eval-watchdog {command}")
    assert "{" not in first.command + first.advice


def test_a_rollback_asks_for_a_persons_name_and_survives_a_shell(night):
    prompt(night)
    words = shlex.split(night.told().findings[0].command)
    assert words[words.index("--by") + 1] == "YOUR_NAME"
    assert words[words.index("--because") + 1] == "triage: our prompt or parameters changed"


def test_a_tool_goes_to_the_team_whose_pattern_matches_and_others_to_all_integrations(night):
    tool(night)
    assert str(night.told().findings[0].owner) == "integration owner of crm (crm-team)"
    night.more["tools"] = {"mailer": ToolHealth(calls=9, failures=9)}
    assert night.told().findings[0].owner.team == "integrations"


@pytest.mark.parametrize(
    ("works", "hooks", "act"),
    [(None, (), Act.FAIL_OVER), (False, ("disable",), Act.DISABLE), (False, (), Act.ESCALATE)],
)
def test_there_is_no_failing_over_to_what_does_not_answer(night, works, hooks, act):
    down()(night)
    night.set_up(fallback_works=works, hooks=hooks)
    assert night.told().findings[0].act is act


def test_a_pinned_model_that_does_not_answer_is_not_pinned_to(night):
    served(night)
    night.set_up(pinned_works=False)
    assert night.told().findings[0].act is Act.FAIL_OVER


def test_an_outage_never_looks_like_a_drop(night):
    prompt(night)
    down()(night)
    told = night.told()
    assert told.findings[0].diagnosis is Diagnosis.PROVIDER_DOWN
    assert told.questions[0].reply is YES


@pytest.mark.parametrize(
    ("attempts", "reply", "diagnosis"),
    [
        ({"answered": 60, "server": 25}, YES, Diagnosis.PROVIDER_DOWN),
        ({"answered": 60, "rate-limit": 25}, YES, Diagnosis.OUR_PACE),
        ({"answered": 60, "server": 2}, NO, Diagnosis.NOTHING_WRONG),
        ({"answered": 600, "timeout": 20}, NO, Diagnosis.NOTHING_WRONG),
        ({"answered": 20, "tool": 9}, NO, Diagnosis.NOTHING_WRONG),
    ],
)
def test_a_provider_that_fails_now_and_then_is_told_and_hides_nothing(night, attempts, reply, diagnosis):
    told = night.told(attempts={"openai": attempts})
    assert [question.reply for question in told.questions] == [reply, NO, NO]
    assert told.findings[0].diagnosis is diagnosis


def test_a_judge_that_is_not_answered_explains_what_was_not_scored(night):
    del night.levels[key("helpfulness")]
    night.probe("judges", Role.JUDGE, answered=0, kind=ErrorKind.AUTHENTICATION)
    told = night.told(not_observed={key("helpfulness"): "0 of 40 cases were scored"})
    assert told.questions[1].reply is CANNOT
    assert "judges refuses our key (401)" in told.findings[0].because


def test_a_change_long_before_the_drop_is_innocent(night):
    silent(night)
    night.more["changes"] = [change("prompt", at=NOW - 10 * 86400.0)]
    assert night.told().findings[0].diagnosis is Diagnosis.PROVIDER_MODEL


def test_two_causes_are_both_told_the_one_to_act_on_first(night):
    prompt(night)
    takes(latency=ratio(4.0))(night)
    assert [finding.diagnosis for finding in night.told().findings] == [Diagnosis.OURS, Diagnosis.PROVIDER_SLOW]
    assert night.told().findings[1].confidence is Confidence.LIKELY


def test_what_explains_another_stands_alone(night):
    stale(night)
    assert [finding.diagnosis for finding in night.told().findings] == [Diagnosis.RETRIEVAL_STALE]


def test_a_metric_that_was_not_measured_is_not_called_calm(night):
    del night.levels[key("helpfulness")]
    night.more["not_observed"] = {key("helpfulness"): "the judge gave no verdicts"}
    told = night.told()
    assert told.questions[1].reply is CANNOT
    assert "the judge gave no verdicts" in told.questions[1].reason


def test_offline_the_last_hour_answers_for_the_provider(night):
    failed = ProviderHealth(provider="openai", role="current", calls=80, errors={ErrorKind.QUOTA: 79})
    told = night.told(offline=True, probes={}, health=[], last_hour=[failed])
    assert told.questions[0].reply is YES
    assert told.findings[0].diagnosis is Diagnosis.QUOTA
    silence = night.told(offline=True, probes={}, health=[], last_hour=[])
    assert silence.questions[0].reply is CANNOT
    assert silence.findings[0].domain is Domain.UNKNOWN


def test_the_watchs_own_runbook_goes_before_the_shipped_one(night):
    assert night.told().findings[0].runbook.startswith("docs/runbooks/")
    night.set_up(watch=replace(WATCH, runbook="runbooks/reply.md"))
    assert night.told().findings[0].runbook == "runbooks/reply.md"
    assert WATCH.runbook == ""


@pytest.mark.parametrize("offline", [True, False])
def test_a_newest_look_that_never_finished_is_not_called_health(night, offline):
    found = night.told(unfinished="the newest look failed (disk full)", offline=offline)
    assert found.findings[0].diagnosis is Diagnosis.TOO_LITTLE
    assert found.questions[1].reply is Reply.CANNOT_TELL
    assert "the newest look failed (disk full)" in found.questions[1].evidence
