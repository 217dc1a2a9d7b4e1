from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec.structs import replace
from sqlalchemy import text

from watchdog.domain.baseline import Baseline, BaselineStatus, Instruments, MetricBaseline, Step, StepKind
from watchdog.domain.metric import Arm, MetricKey
from watchdog.domain.response import CallStatus, Response, ResponseKey
from watchdog.domain.run import Run, RunStatus, Trigger
from watchdog.domain.target import Role
from watchdog.errors import StoreOutdated
from watchdog.store.migrate import migrate
from watchdog.store.schema import SCHEMA_REVISION, metadata
from watchdog.store.store import Store

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    store.prepare()
    yield store
    store.close()


def test_the_migrations_make_the_same_tables_as_the_schema(database_url):
    assert migrate(database_url, MIGRATIONS) == (None, SCHEMA_REVISION)
    store = Store(database_url)
    store.prepare()
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()
    assert migrate(database_url, MIGRATIONS, "base") == (SCHEMA_REVISION, None)
    assert migrate(database_url, MIGRATIONS) == (None, SCHEMA_REVISION)


def test_a_database_of_another_revision_is_refused_with_the_remedy(store):
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(StoreOutdated, match="db upgrade"):
        store.prepare()


def test_what_the_first_version_stored_comes_back_after_an_upgrade(database_url):
    key = MetricKey(watch="reply", scorer="exact", arm=Arm.CURRENT)
    metric = MetricBaseline(
        key=key,
        case_means={"a": 0.5},
        case_counts={"a": 2},
        case_variances={"a": 0.1},
        case_digests={"a": "d"},
        x=(0.1,),
        variances=(0.01,),
        lost=(1.0,),
        n=(10,),
        level=0.8,
    )
    baseline = Baseline(
        id="b1",
        watch="reply",
        version=1,
        status=BaselineStatus.LOCKED,
        frozen_at=1700000000.5,
        frozen_by="ann",
        reason="first",
        run_ids=("r1",),
        instruments=Instruments(golden_set="g"),
        metrics={key: metric},
    )
    run = Run(id="r1", watch="reply", trigger=Trigger.MANUAL, status=RunStatus.RUNNING, planned_for=100.0, seed=7)
    answer = Response(
        key=ResponseKey(run_id="r1", role=Role.CURRENT, case_id="a", repeat=0),
        status=CallStatus.ANSWERED,
        text="yes",
        attempts=1,
        at=101.0,
    )
    store = Store(database_url)
    store.prepare()
    with store.begin() as session:
        session.runs.save(run)
        session.responses.record([answer])
        session.baselines.add(baseline)
    store.close()
    # The way back leaves the rows as the first version had stored them, without what came to them later.
    assert migrate(database_url, MIGRATIONS, "0001") == (SCHEMA_REVISION, "0001")
    assert migrate(database_url, MIGRATIONS) == ("0001", SCHEMA_REVISION)
    store = Store(database_url)
    store.prepare()
    with store.read() as session:
        assert session.runs.get("r1") == run
        assert session.responses.of_run("r1") == [answer]
        frozen = Step(kind=StepKind.FROZEN, at=1700000000.5, by="ann", because="first")
        assert session.baselines.current("reply") == replace(baseline, steps=(frozen,))
    store.close()
