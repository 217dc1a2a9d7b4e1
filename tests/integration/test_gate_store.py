"""What is remembered of gates."""

import pytest

from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.target import Role
from watchdog.store.gates import GateRow
from watchdog.store.store import Store


@pytest.fixture
def session(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'w.db'}")
    store.prepare()
    with store.begin() as session:
        for name, trigger in (("look-run", Trigger.SCHEDULE), ("gate-run", Trigger.GATE)):
            session.runs.save(Run(id=name, watch="w", trigger=trigger, status=RunStatus.RUNNING, planned_for=0.0))
        yield session
    store.close()


def row(**facts):
    return GateRow(**{"id": "gate-run", "watch": "w", "key": "k", "at": 1.0, **facts})


def test_a_gate_is_no_look(session):
    assert [run.id for run in session.runs.of_watch("w")] == ["look-run"]
    assert [run.id for run in session.runs.unfinished("w")] == ["look-run"]
    assert [run.id for run in session.runs.unfinished("w", triggers=[Trigger.GATE])] == ["gate-run"]


@pytest.mark.parametrize(("verdict", "continued"), [(None, True), ("not measured", True), ("pass", False)])
def test_only_a_gate_that_has_no_answer_yet_is_continued(session, verdict, continued):
    session.gates.save(row(verdict=verdict, report={"a": 1}))
    assert bool(session.gates.open("w", "k", since=0.0)) is continued
    assert session.gates.open("w", "other", since=0.0) == []
    assert session.gates.open("w", "k", since=2.0) == []


def test_a_gate_is_found_by_the_beginning_of_its_id(session):
    session.gates.save(row(report={"a": 1}))
    assert session.gates.get("gate-r").report == {"a": 1}
    assert session.gates.get("gate") is None
    assert session.gates.get("%") is None


def test_answers_are_found_by_request_while_they_are_fresh_and_have_their_text(session):
    def answer(case, text="hello", at=100.0):
        key = ResponseKey(run_id="gate-run", role=Role.CURRENT, case_id=case)
        return Response(key=key, status=CallStatus.ANSWERED, text=text, attempts=1, at=at)

    answers = [answer("a"), answer("old", at=1.0), answer("forgotten", text="")]
    session.responses.record(answers)
    session.gates.remember_answers({each.key: f"key-{each.key.case_id}" for each in answers}, at=100.0)
    found = session.gates.answers(["key-a", "key-old", "key-forgotten", "key-none"], since=50.0)
    assert {key: response.text for key, response in found.items()} == {"key-a": "hello"}
