"""Gates, answers used again, the scope of a run, what was done to a baseline, triages, actions, what alerts remember"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


#: A run of before asked the whole set and the pinned target.
WHOLE = json.dumps({"part": None, "pinned": True})


def upgrade() -> None:
    # Added in place, with a default for the rows that are there: SQLite would lose what refers to a remade table.
    op.add_column("runs", sa.Column("scope", sa.JSON(), nullable=False, server_default=WHOLE))
    op.add_column("baselines", sa.Column("remarks", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("baselines", sa.Column("steps", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("signals", sa.Column("since_earliest", sa.Double(), nullable=True))
    op.add_column("signals", sa.Column("since_latest", sa.Double(), nullable=True))
    baselines = sa.table(
        "baselines",
        *(sa.column(name) for name in ("id", "frozen_at", "frozen_by", "reason")),
        sa.column("steps", sa.JSON()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(baselines)).mappings().all():
        step = {"kind": "frozen", "at": row["frozen_at"], "by": row["frozen_by"], "because": row["reason"]}
        connection.execute(sa.update(baselines).where(baselines.c.id == row["id"]).values(steps=[step]))

    op.create_table(
        "gates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("watch", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["runs.id"], name=op.f("fk_gates_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
    )
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gates_watch_at"), ["watch", "at"], unique=False)

    op.create_table(
        "answers",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.String(length=200), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_answers_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answers")),
    )

    op.create_table(
        "silences",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("matchers", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("ended_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    with op.batch_alter_table("silences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_silences_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "acknowledgements",
        sa.Column("alert_id", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_acknowledgements_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_acknowledgements")),
    )

    op.create_table(
        "triages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("watch", sa.String(length=200), nullable=False),
        sa.Column("incident", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("diagnosis", sa.String(length=200), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triages")),
    )
    with op.batch_alter_table("triages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_triages_watch_at"), ["watch", "at"], unique=False)

    op.create_table(
        "actions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("watch", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
    )
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_actions_watch_at"), ["watch", "at"], unique=False)

    op.create_table(
        "drills",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("watch", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("injected", sa.Text(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=True),
        sa.Column("detect_seconds", sa.Double(), nullable=True),
        sa.Column("page_seconds", sa.Double(), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("own_route", sa.Boolean(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("open", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
    )
    op.create_table(
        "verifications",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("watch", sa.String(length=200), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["gates.id"], name=op.f("fk_verifications_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verifications_watch_at"), ["watch", "at"], unique=False)
    op.create_table(
        "alert_feedback",
        sa.Column("alert_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("actionable", sa.Boolean(), nullable=False),
        sa.Column("false_alarm", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_feedback_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert_feedback")),
    )

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("told_effect", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("told_looks", sa.Integer(), nullable=True))
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("began_at", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("features", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("provider", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("quiet_since", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("reopened", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("told", sa.JSON(none_as_null=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_incidents_closed_at"), ["closed_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incidents_closed_at"))
        for column in ("told", "reopened", "quiet_since", "provider", "features", "began_at"):
            batch_op.drop_column(column)
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        for column in ("told_looks", "told_effect", "since"):
            batch_op.drop_column(column)
    op.drop_table("alert_feedback")
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verifications_watch_at"))
    op.drop_table("verifications")
    op.drop_table("drills")
    for name in ("actions", "triages"):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{name}_watch_at"))
        op.drop_table(name)
    op.drop_table("acknowledgements")
    with op.batch_alter_table("silences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_silences_ends_at"))
    op.drop_table("silences")
    op.drop_table("answers")
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gates_watch_at"))
    op.drop_table("gates")
    op.drop_column("signals", "since_latest")
    op.drop_column("signals", "since_earliest")
    op.drop_column("baselines", "steps")
    op.drop_column("baselines", "remarks")
    op.drop_column("runs", "scope")
