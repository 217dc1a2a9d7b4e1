import pytest

from watchdog.domain.action import Action, ActionKind
from watchdog.store.store import Store
from watchdog.store.triages import TriageRow


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'watchdog.db'}")
    store.prepare()
    yield store
    store.close()


def test_triages_come_back_newest_first(store):
    rows = [
        TriageRow(id=f"t{at}", watch="w", incident="", at=at, diagnosis="a tool is failing", report={"at": at})
        for at in (1.0, 2.0)
    ]
    with store.begin() as session:
        for row in rows:
            session.triages.save(row)
    with store.read() as session:
        assert session.triages.all("w") == rows[::-1]
        assert session.triages.all("w", last=1) == rows[1:]
        assert session.triages.all("other") == []


def test_an_action_keeps_who_why_and_what_it_changed(store):
    action = Action(
        id="a1",
        watch="w",
        kind=ActionKind.PIN,
        at=5.0,
        by="ann",
        because="INC-1",
        before={"current.model": "alias"},
        after={"current.model": "dated"},
        outcome="watchdog.yaml was changed",
    )
    with store.begin() as session:
        session.actions.save(action)
    with store.read() as session:
        assert session.actions.all("w") == [action]
