from __future__ import annotations

import sqlite3

import pytest
from msgspec.structs import replace

from watchdog.domain.alert import Alert, AlertState, Cause, Reason, Transition
from watchdog.domain.baseline import (
    Baseline,
    BaselineStatus,
    Instruments,
    MetricBaseline,
    Remark,
    Step,
    StepKind,
    Verdict,
)
from watchdog.domain.case import Case, CheckSpec, Message, Origin
from watchdog.domain.detection import Level, Signal
from watchdog.domain.metric import Arm, MetricKey, Observation
from watchdog.domain.response import CallStatus, Response, ResponseKey, ToolCall, Usage
from watchdog.domain.run import Change, Run, RunStatus, Subject, Tally, Trigger
from watchdog.domain.score import Outcome, Score, ScoreRow
from watchdog.domain.target import Role
from watchdog.errors import ErrorKind, StoreBusy, StoreError, StoreFull
from watchdog.store import rows
from watchdog.store.engine import errors_in_words
from watchdog.store.recorder import Recorder, spill, take_in_spilled
from watchdog.store.store import Session, Store


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    store.prepare()
    yield store
    store.close()


def a_run(run_id="r1", **changes):
    run = Run(id=run_id, watch="reply", trigger=Trigger.MANUAL, status=RunStatus.RUNNING, planned_for=100.0, seed=7)
    return replace(run, **changes)


def a_response(case_id="a", run_id="r1", **changes):
    key = ResponseKey(run_id=run_id, role=Role.CURRENT, case_id=case_id, repeat=0)
    response = Response(key=key, status=CallStatus.ANSWERED, text="yes", attempts=1, cost=0.5, at=101.0)
    return replace(response, **changes)


def an_alert(**changes):
    alert = Alert(
        fingerprint="f1",
        labels={"alertname": "EvalDrift"},
        annotations={"summary": "worse"},
        state=AlertState.FIRING,
        starts_at=100.25,
        updated_at=120.0,
        fired_at=120.0,
        reason=Reason.HELD,
        cause=Cause.SHARED,
    )
    return replace(alert, **changes)


def test_a_run_of_before_the_provider_was_kept_is_read_all_the_same():
    row = rows.run_row(a_run(subject=Subject(prompt="x", model="m", provider="openai", endpoint="e")))
    for name in ("provider", "endpoint"):
        del row["subject"][name]
    assert rows.run_of(row).subject == Subject(prompt="x", model="m")


def test_everything_measured_comes_back_as_it_was(store):
    run = a_run(
        instruments=Instruments(golden_set="g", pinned="p", scorers={"exact": "d"}),
        subject=Subject(
            provider="openai",
            endpoint="e",
            prompt="x",
            served_models={Role.CURRENT: ("m-1",)},
            fingerprints={Role.PINNED: ("fp",)},
        ),
    )
    answered = a_response(
        usage=Usage(input_tokens=3, output_tokens=None, cached_tokens=0),
        contexts=("one", "two"),
        tool_calls=(ToolCall(name="crm", error="boom", arguments={"a": [1]}),),
        finish_reason="stop",
        served_model="m-1",
    )
    failed = a_response("b", status=CallStatus.ERROR, text="", error_kind=ErrorKind.RATE_LIMIT, error="429")
    score = ScoreRow(
        key=answered.key, scorer="exact", scorer_digest="d", score=Score(value=0.25, bar=0.5, details={"grade": "1"})
    )
    unscored = ScoreRow(key=failed.key, scorer="exact", scorer_digest="d", score=Score.unscored("broken", cost=None))
    case = Case(
        id="a",
        messages=(Message(role="user", content="hi"),),
        variables={"input": "hi"},
        expected={"x": [1, None]},
        checks=(CheckSpec(name="contains", arguments={"value": "x"}),),
        tags=("t",),
        origin=Origin.TRAFFIC,
        weight=2.5,
    )
    with store.begin() as session:
        session.runs.save(run)
        session.runs.save_cases("r1", [case])
        session.responses.record([answered, failed])
        session.scores.record([score, unscored])
        session.runs.save_tally("r1", {Role.CURRENT: Tally(counts={Outcome.PASSED: 3, Outcome.ERROR: 1})}, 1)
    with store.read() as session:
        assert session.runs.get("r1") == run
        assert session.runs.cases("r1") == [case]
        assert sorted(session.responses.of_run("r1"), key=lambda r: r.key) == [answered, failed]
        assert sorted(session.scores.of_run("r1"), key=lambda s: s.key) == [score, unscored]
        assert session.runs.tally("r1")[Role.CURRENT][Outcome.ERROR] == 1
        assert session.runs.spent_since("reply", 100.0) == 1.0
        assert session.runs.get("nothing") is None


def test_an_answer_that_was_taken_over_is_not_paid_again(store):
    with store.begin() as session:
        session.runs.save(a_run())
        session.responses.record([a_response("a"), a_response("b", attempts=0)])
    with store.read() as session:
        assert session.runs.spent_since("reply", 100.0) == 0.5


def test_recording_twice_changes_nothing_and_a_retried_error_is_replaced(store):
    failed = a_response(status=CallStatus.ERROR, error_kind=ErrorKind.SERVER, error="500", text="")
    with store.begin() as session:
        session.runs.save(a_run())
        session.responses.record([failed])
        session.responses.record([failed])
        assert session.responses.recorded("r1") == {failed.key}
        assert session.responses.recorded("r1", retry_errors=True) == set()
        session.responses.record([a_response()])
    with store.read() as session:
        assert [r.status for r in session.responses.of_run("r1")] == [CallStatus.ANSWERED]
        assert session.responses.recorded("r1", retry_errors=True) == {failed.key}


def test_of_two_processes_that_claim_a_run_one_gets_it_until_its_lease_is_over(store):
    with store.begin() as session:
        session.runs.save(a_run())
        assert session.runs.claim("r1", "one", now=10.0, lease=5.0)
        assert not session.runs.claim("r1", "two", now=14.0, lease=5.0)
        assert session.runs.claim("r1", "one", now=14.0, lease=5.0)
        assert session.runs.claim("r1", "two", now=19.5, lease=5.0)
        session.runs.release("r1")
        assert session.runs.claim("r1", "three", now=19.6, lease=5.0)


def test_a_baseline_comes_back_exactly_and_a_new_one_supersedes_it(store):
    key = MetricKey(watch="reply", scorer="exact", arm=Arm.CURRENT, tag="billing")
    metric = MetricBaseline(
        key=key,
        case_means={"a": 1 / 3},
        case_counts={"a": 3},
        case_variances={"a": 0.1},
        case_digests={"a": "d"},
        x=(0.1, -0.1),
        variances=(0.01, 0.02),
        lost=(1.0, 2.0),
        n=(10, 9),
        level=0.8,
    )
    first = Baseline(
        id="b1",
        watch="reply",
        version=1,
        status=BaselineStatus.LOCKED,
        frozen_at=1.5,
        frozen_by="ann",
        reason="first",
        run_ids=("r1",),
        instruments=Instruments(golden_set="g"),
        metrics={key: metric},
    )
    with store.begin() as session:
        session.baselines.add(first)
        assert session.baselines.current("reply") == first
        session.baselines.add(replace(first, id="b2", version=session.baselines.next_version("reply")))
    with store.read() as session:
        assert session.baselines.current("reply").version == 2
        assert [b.status for b in session.baselines.all("reply")] == [BaselineStatus.SUPERSEDED, BaselineStatus.LOCKED]


def test_a_candidate_takes_nobodys_place_until_it_is_locked(store):
    def baseline(version, status):
        step = Step(kind=StepKind.FROZEN, at=1.5, by="ann", because="first")
        moved = Remark(verdict=Verdict.MOVED, said="it fell by 9 points", blocks=True)
        return Baseline(
            id=f"b{version}", watch="reply", version=version, status=status, frozen_at=1.5, frozen_by="ann",
            reason="first", run_ids=("r1",), instruments=Instruments(), metrics={}, remarks=(moved,), steps=(step,),
        )  # fmt: skip

    locked, first, second = (
        baseline(version, status)
        for version, status in enumerate([BaselineStatus.LOCKED, *[BaselineStatus.CANDIDATE] * 2], start=1)
    )
    with store.begin() as session:
        for each in (locked, first, second):
            session.baselines.add(each)
        assert session.baselines.current("reply") == locked
        assert session.baselines.candidate("reply") == second
        assert second.verdict is Verdict.MOVED
        session.baselines.add(replace(second, status=BaselineStatus.LOCKED))
        assert session.baselines.candidate("reply") is None
        assert session.baselines.current("reply").id == "b3"
        statuses = [each.status for each in session.baselines.all("reply")]
    assert statuses == [BaselineStatus.SUPERSEDED, BaselineStatus.SUPERSEDED, BaselineStatus.LOCKED]


def test_the_newest_looks_of_a_metric_end_before_the_look_that_asks(store):
    key = MetricKey(watch="reply", scorer="exact", arm=Arm.PINNED)
    with store.begin() as session:
        for number in range(6):
            session.runs.save(replace(a_run(), id=f"r{number}"))
            seen = [
                Observation(
                    key=of, run_id=f"r{number}", at=float(number), n=1, planned=1, level=1.0, x=0.0, variance=0.1
                )
                for of in (key, replace(key, tag="hard"), replace(key, arm=Arm.CURRENT))
            ]
            session.detection.save_observations(seen)

        def times(**span):
            found = session.detection.newest_observations(key, **span)
            assert {look.key for look in found} <= {key}
            return [look.at for look in found]

        assert times(last=2, since=0.0) == [4.0, 5.0]
        assert times(last=2, since=0.0, before=4.0) == [2.0, 3.0]
        assert times(last=9, since=3.0, before=5.0) == [3.0, 4.0]


def test_signals_observations_and_states_keep_every_digit(store):
    key = MetricKey(watch="reply", scorer="exact", arm=Arm.DIFFERENCE)
    seen = Observation(
        key=key,
        run_id="r1",
        at=5.0,
        n=3,
        planned=4,
        level=0.1 + 0.2,
        x=-1 / 3,
        variance=1e-17,
        scatter=1 + 1e-15,
        u=0.1,
        case_scores={"a": 1},
    )
    said = Signal(
        key=key,
        run_id="r1",
        at=5.0,
        level=Level.DRIFT,
        statistic=11.4,
        threshold=11.38,
        effect=-0.1,
        interval=(-0.2, 0.0),
        n=3,
    )
    state = {"sums": [0.1 + 0.2, 1e-300], "phase": "calm"}
    with store.begin() as session:
        session.runs.save(a_run())
        session.baselines.add(
            Baseline(
                id="b1",
                watch="reply",
                version=1,
                status=BaselineStatus.LOCKED,
                frozen_at=0,
                frozen_by="",
                reason="",
                run_ids=(),
                instruments=Instruments(),
                metrics={},
            )
        )
        session.detection.save_observations([seen])
        session.detection.save_signals([said])
        session.detection.save_states("b1", "r1", {key: state})
        change = Change(what="served model", role=Role.CURRENT, before="a", after="b", at=5.0)
        assert session.detection.save_changes("reply", [change]) == [change]
        assert session.detection.save_changes("reply", [replace(change, at=9.0)]) == []
    with store.read() as session:
        assert session.detection.observations("reply") == [seen]
        assert session.detection.signals("reply", run_id="r1") == [said]
        assert session.detection.states("reply", "b1") == {key: state}
        assert session.detection.changes("reply") == [change]


def test_a_transition_is_queued_once_for_each_channel_however_often_it_is_decided(store):
    transition = Transition(alert=an_alert(), before=AlertState.PENDING, reason=Reason.HELD, at=120.0)
    with store.begin() as session:
        session.alerts.save("reply", [transition], ["slack", "webhook"])
        session.outbox.delivered(transition.id, "slack", 121.0)
        session.alerts.save("reply", [transition], ["slack", "webhook"])
        assert session.outbox.due("slack", 200.0, 10) == []
        assert session.outbox.due("webhook", 119.0, 10) == []
        [row] = session.outbox.due("webhook", 200.0, 10)
        row_id = row.id
        assert (row.id, row.alert, row.attempts, row.at) == (transition.id, transition.alert, 0, 120.0)
        session.outbox.failed(row_id, "webhook", "no", retry_at=300.0)
        assert session.outbox.due("webhook", 200.0, 10) == []
        set_back = 300.0 - 2 * 3600.0
        assert [each.id for each in session.outbox.due("webhook", set_back, 10)] == [row_id]
        session.outbox.failed(row_id, "webhook", "never", retry_at=None)
        assert session.outbox.due("webhook", 400.0, 10) == []
        [letter] = session.outbox.dead()
        assert (letter.id, letter.channel, letter.error) == (row_id, "webhook", "never")
        assert (letter.alert, letter.at, letter.attempts) == (transition.alert, 120.0, 2)
        assert session.outbox.waiting() == []
        session.outbox.revive(letter, 500.0)
        assert session.outbox.dead() == []
        assert session.outbox.due("webhook", 499.0, 10) == []
        assert session.outbox.due("webhook", 500.0, 10) == [row]
        session.outbox.failed(row_id, "webhook", "never", retry_at=None)
        session.outbox.drop(letter)
        assert session.outbox.dead() == []
        assert session.outbox.due("webhook", 600.0, 10) == []


def test_news_are_queued_for_the_channels_that_want_them_and_are_no_alert(store):
    news = Transition(alert=an_alert(), before=None, reason=Reason.NOTHING, at=120.0)
    with store.begin() as session:
        session.alerts.tell([news], ["pagerduty"])
        session.alerts.tell([news], ["pagerduty"])
        assert [row.id for row in session.outbox.due("pagerduty", 200.0, 10)] == [news.id]
        assert session.outbox.due("slack", 200.0, 10) == []
        assert session.alerts.all() == []


def test_a_resolved_does_not_overtake_the_firing_that_still_waits(store):
    firing = Transition(alert=an_alert(), before=AlertState.PENDING, reason=Reason.HELD, at=120.0)
    gone = an_alert(state=AlertState.RESOLVED, resolved_at=130.0, reason=Reason.CLEARED)
    resolved = Transition(alert=gone, before=AlertState.FIRING, reason=Reason.CLEARED, at=130.0)
    with store.begin() as session:
        session.alerts.save("reply", [firing], ["slack"])
        session.alerts.save("reply", [resolved], ["slack"])
        session.outbox.failed(firing.id, "slack", "busy", retry_at=500.0)
        assert session.outbox.due("slack", 200.0, 10) == []
        session.outbox.delivered(firing.id, "slack", 501.0)
        assert [row.id for row in session.outbox.due("slack", 502.0, 10)] == [resolved.id]


def test_live_alerts_are_the_firing_and_the_freshly_resolved(store):
    firing = an_alert()
    resolved = an_alert(fingerprint="f2", state=AlertState.RESOLVED, resolved_at=500.0)
    never_fired = an_alert(fingerprint="f3", state=AlertState.RESOLVED, fired_at=None, resolved_at=500.0)
    with store.begin() as session:
        decided = [Transition(alert=a, before=None, reason=a.reason, at=1.0) for a in (firing, resolved, never_fired)]
        session.alerts.save("reply", decided, [])
        assert {a.fingerprint for a in session.alerts.live(1000.0, 900.0)} == {"f1", "f2"}
        assert session.alerts.live(1500.0, 900.0) == [firing]
        assert session.alerts.open("reply") == [firing]


def test_blind_looks_count_back_to_the_last_observation(store):
    with store.begin() as session:
        for index, observed in enumerate([2, 0, 0]):
            session.runs.save(
                a_run(f"r{index}", planned_for=float(index), status=RunStatus.FINISHED, finished_at=float(index))
            )
            session.runs.save_tally(f"r{index}", {}, observed)
        assert session.runs.blind_looks("reply") == 2
        assert session.runs.last_success("reply") == 0.0


def test_forgetting_keeps_the_numbers(store):
    with store.begin() as session:
        session.runs.save(a_run())
        session.responses.record([a_response(), a_response("b", at=500.0)])
        assert session.responses.forget_text(200.0) == 1
        texts = {r.key.case_id: (r.text, r.cost) for r in session.responses.of_run("r1")}
    assert texts == {"a": ("", 0.5), "b": ("yes", 0.5)}


def test_forgetting_takes_the_servers_words_and_leaves_why_a_call_failed(store):
    failed = {"status": CallStatus.ERROR, "text": "", "error_kind": ErrorKind.SERVER, "error": "HTTP 500: words"}
    with store.begin() as session:
        session.runs.save(a_run())
        session.responses.record([a_response("a", **failed), a_response("b", at=500.0, **failed)])
        session.responses.record([a_response("c", status=CallStatus.SKIPPED, text="", error="budget")])
        session.responses.forget_text(200.0)
        left = {r.key.case_id: (r.error_kind, r.error) for r in session.responses.of_run("r1")}
    assert left == {
        "a": (ErrorKind.SERVER, None),
        "b": (ErrorKind.SERVER, "HTTP 500: words"),
        "c": (None, "budget"),
    }


def test_the_recorder_writes_what_it_was_given_within_a_tenth_of_a_second_and_at_close(store):
    with store.begin() as session:
        session.runs.save(a_run())
    recorder = Recorder(store, "r1")
    for index in range(450):
        recorder.record(a_response(f"c{index}"))
    recorder.close()
    with store.read() as session:
        assert len(session.responses.of_run("r1")) == 450


def test_answers_that_no_database_can_hold_as_they_are_lose_neither_themselves_nor_others(store):
    with store.begin() as session:
        session.runs.save(a_run())
    recorder = Recorder(store, "r1", patience=0.2)
    recorder.record(a_response("a", text="half an emoji \ud83d and \x00", served_model="m" * 900, error="\udc00"))
    recorder.record(a_response("b"))
    recorder.close()
    with store.read() as session:
        odd, plain = session.responses.of_run("r1")
    assert (odd.text, odd.error, odd.served_model) == ("half an emoji \ufffd and \ufffd", "\ufffd", "m" * 200)
    assert plain == a_response("b")


NOT_STORABLE = (
    {"usage": Usage(input_tokens=2**80)},
    {"usage": Usage(output_tokens=10**5000)},
    {"finish_reason": object()},
    {"latency": "soon"},
)
ODD = "half an emoji \ud83d and \x00"


@pytest.mark.parametrize("changes", NOT_STORABLE)
def test_an_answer_that_cannot_be_stored_is_an_error_and_spoils_no_other(store, changes):
    with store.begin() as session:
        session.runs.save(a_run())
    troubles = []
    recorder = Recorder(store, "r1", on_trouble=troubles.append, patience=0.2)
    for answer in (a_response("a"), a_response("b", **changes), a_response("c")):
        recorder.record(answer)
    recorder.close()
    with store.read() as session:
        before, odd, after = sorted(session.responses.of_run("r1"), key=lambda answer: answer.key)
    assert (before, after) == (a_response("a"), a_response("c"))
    assert (odd.status, odd.error_kind, odd.text) == (CallStatus.ERROR, ErrorKind.BAD_RESPONSE, "")
    assert (odd.error, odd.cost, odd.at) == ("the answer cannot be stored", 0.5, 101.0)
    assert troubles == []


@pytest.mark.parametrize("changes", NOT_STORABLE)
def test_a_kept_answer_that_cannot_be_stored_does_not_stop_the_runs_after(store, changes):
    with store.begin() as session:
        session.runs.save(a_run())
    kept = spill(store, "r1", [a_response("a"), a_response("b", **changes)])
    assert take_in_spilled(store, "r1") == 2
    assert not kept.exists()
    with store.read() as session:
        assert {answer.key.case_id: answer.status for answer in session.responses.of_run("r1")} == {
            "a": CallStatus.ANSWERED,
            "b": CallStatus.ERROR,
        }


def test_lines_that_hold_no_row_are_passed_over(store):
    with store.begin() as session:
        session.runs.save(a_run())
    kept = spill(store, "r1", [a_response("a")])
    with kept.open("ab") as file:
        file.write(b'5\n{}\n{"response": {}}\n{"score": 7}\n\xff\xfe\n{"response": {"run_id": "r1", "role": "x"}}\n')
        file.write(b'{"response": ' + b"9" * 5000 + b"}\n")
    assert take_in_spilled(store, "r1") == 1


@pytest.mark.parametrize(
    ("details", "kept"),
    [({"raw": float("nan")}, {}), ({"raw": {1, 2}}, {}), ({"raw": "\x00\ud83d"}, {"raw": "\x00\ud83d"})],
)
def test_a_score_keeps_its_value_when_its_details_cannot_be_stored(store, details, kept):
    with store.begin() as session:
        session.runs.save(a_run())
    recorder = Recorder(store, "r1", patience=0.2)
    answer = a_response("a", tool_calls=(ToolCall(name="crm\x00", error="\ud83d", arguments={"x": float("inf")}),))
    recorder.record(answer)
    recorder.record(
        ScoreRow(key=answer.key, scorer="mine", scorer_digest="d", score=Score(value=0.5, reason="so", details=details))
    )
    recorder.close()
    with store.read() as session:
        assert [row.score for row in session.scores.of_run("r1")] == [Score(value=0.5, reason="so", details=kept)]
        [found] = session.responses.of_run("r1")
    assert (found.text, found.tool_calls[0].name, found.tool_calls[0].arguments) == ("yes", "crm\x00", None)


def test_a_score_that_is_no_number_of_the_database_is_stored_as_one(store):
    class Graded(float):
        """A number of the user's own."""

    with store.begin() as session:
        session.runs.save(a_run())
    rows = [
        ScoreRow(key=a_response().key, scorer=name, scorer_digest="d", score=score)
        for name, score in (
            ("a", Score(value=Graded(0.25), reason=5)),
            ("b", Score(value=0.5, bar=float("nan"), cost=float("inf"))),
        )
    ]
    recorder = Recorder(store, "r1", patience=0.2)
    for row in rows:
        recorder.record(row)
    recorder.close()
    with store.read() as session:
        assert {row.scorer: row.score.value for row in session.scores.of_run("r1")} == {"a": 0.25, "b": 0.5}


@pytest.mark.parametrize("field", ["text", "finish_reason", "served_model", "fingerprint", "request_id", "error"])
def test_no_text_of_a_provider_keeps_its_answer_from_being_stored(store, field):
    with store.begin() as session:
        session.runs.save(a_run())
    recorder = Recorder(store, "r1", patience=0.2)
    recorder.record(a_response("a", contexts=(ODD,), **{field: ODD}))
    recorder.close()
    with store.read() as session:
        [found] = session.responses.of_run("r1")
    assert (found.status, found.contexts) == (CallStatus.ANSWERED, (ODD,))
    assert getattr(found, field) == "half an emoji \ufffd and \ufffd"


def test_a_database_that_refuses_to_be_written_is_trouble_and_no_fault_of_a_row(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'watchdog.db'}")
    store.prepare()
    recorder = Recorder(store, "r1", patience=0.2)
    recorder.record(a_response("a"))  # of a run that is not there
    with pytest.raises(StoreError, match="refused a row; what could not be written is kept in"):
        recorder.close()
    with store.begin() as session:
        session.runs.save(a_run())
    assert take_in_spilled(store, "r1") == 1
    with store.read() as session:
        assert session.responses.of_run("r1") == [a_response("a")]
    store.close()


def test_half_a_line_that_a_full_disk_left_does_not_spoil_what_was_kept_later(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'watchdog.db'}")
    store.prepare()
    with store.begin() as session:
        session.runs.save(a_run())
    spill(store, "r1", [a_response("a")])
    kept = spill(store, "r1", [a_response("b", tool_calls=(ToolCall(name="search"),))])
    whole = kept.read_text()
    kept.write_text(whole[: whole.rindex("}]") + 1])  # ends as a line might
    assert spill(store, "r1", [a_response("c")]) == kept
    assert take_in_spilled(store, "r1") == 2
    with store.read() as session:
        assert [answer.key.case_id for answer in session.responses.of_run("r1")] == ["a", "c"]
    store.close()


def test_rows_that_a_locked_database_refuses_are_kept_and_taken_in_later(tmp_path):
    path = tmp_path / "watchdog.db"
    store = Store(f"sqlite:///{path}", busy_seconds=0.05)
    store.prepare()
    with store.begin() as session:
        session.runs.save(a_run())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    troubles = []
    recorder = Recorder(store, "r1", on_trouble=troubles.append, patience=0.2)
    recorder.record(a_response())
    with pytest.raises(StoreBusy, match="kept in"):
        recorder.close()
    assert [type(error) for error in troubles] == [StoreBusy]
    other.rollback()
    other.close()
    assert take_in_spilled(store, "r1") == 1
    assert take_in_spilled(store, "r1") == 0
    with store.read() as session:
        assert session.responses.of_run("r1") == [a_response()]
    store.close()


def test_a_full_disk_is_said_to_be_one_and_what_was_recorded_stays(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'watchdog.db'}")
    store.prepare()
    with store.begin() as session:
        session.runs.save(a_run())
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # SQLite's own way to meet a full disk
        with pytest.raises(StoreFull), errors_in_words():
            Session(connection).responses.record([a_response(text="x" * 100_000)])
    with store.read() as session:
        assert session.runs.get("r1") is not None
    store.close()


def test_the_cost_of_an_answer_holds_its_scoring_and_is_unknown_where_a_price_is(store):
    scored = Score(value=1.0, cost=0.25)
    with store.begin() as session:
        session.runs.save(a_run())
        session.responses.record([a_response("a"), a_response("b", cost=0.7), a_response("c", cost=0.6)])
        session.scores.record(
            [ScoreRow(key=a_response(case).key, scorer="s", scorer_digest="d", score=scored) for case in "abc"]
        )
    with store.read() as session:
        [(role, cost)] = session.costs.of_answers("reply").items()
        assert (role, cost.answers) == (Role.CURRENT, 3)
        assert cost.mean == pytest.approx(0.6 + 0.25)
        assert session.costs.of_answers("other") == {}
    with store.begin() as session:
        session.responses.record([a_response("d", cost=None)])
    with store.read() as session:
        assert session.costs.of_answers("reply")[Role.CURRENT].mean is None
