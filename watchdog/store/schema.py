"""The tables. ``migrations/`` makes the same ones step by step; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

#: Newest migration; a database with another revision is refused with the remedy.
SCHEMA_REVISION = "0004"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: All times are Unix seconds (UTC), all money US dollars.

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("planned_for", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("seed", BigInteger, nullable=False),
    Column("instruments", JSON, nullable=False),
    Column("subject", JSON, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("tally", JSON),
    Column("observed", Integer),
    Column("cost", Double),
    Column("unpriced", Integer, nullable=False),
    Column("note", Text, nullable=False),
    #: Process that works on the run ("host:pid:start"), and until when it said it would be alive.
    Column("owner", String(200)),
    Column("lease_until", Double),
    Index(None, "watch", "planned_for"),
)

run_cases = Table(
    "run_cases",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("case_id", String(200), primary_key=True),
    #: The redacted case as it was replayed (traffic only: golden cases live in their files).
    Column("case", JSON, nullable=False),
    #: Whether its texts have been deleted, as the retention says.
    Column("forgotten", Boolean, nullable=False, server_default=false()),
)

responses = Table(
    "responses",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("case_id", String(200), primary_key=True),
    Column("repeat", Integer, primary_key=True),
    Column("status", String(20), nullable=False),
    Column("text", Text, nullable=False),
    #: Characters of a text that has been deleted.
    Column("forgotten", Integer, nullable=False, server_default="0"),
    Column("finish_reason", String(100)),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("attempts", Integer, nullable=False),
    Column("latency", Double),
    Column("elapsed", Double),
    Column("cost", Double),
    Column("served_model", String(200)),
    Column("fingerprint", String(200)),
    Column("request_id", String(200)),
    Column("contexts", JSON(none_as_null=True)),
    Column("tool_calls", JSON(none_as_null=True)),
    Column("error_kind", String(40)),
    Column("error", Text),
    Column("at", Double, nullable=False),
    Index(None, "at"),
)

scores = Table(
    "scores",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("case_id", String(200), primary_key=True),
    Column("repeat", Integer, primary_key=True),
    Column("scorer", String(200), primary_key=True),
    Column("scorer_digest", String(64), nullable=False),
    #: None is unscored, with the reason beside it.
    Column("value", Double),
    Column("reason", Text, nullable=False),
    Column("bar", Double, nullable=False),
    Column("details", JSON(none_as_null=True)),
    Column("cost", Double),
)

baselines = Table(
    "baselines",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("frozen_at", Double, nullable=False),
    Column("frozen_by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_ids", JSON, nullable=False),
    Column("instruments", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("remarks", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    UniqueConstraint("watch", "version"),
)

#: The five columns that name a metric.
METRIC = ("watch", "scorer", "arm", "estimand", "tag")


def _metric() -> tuple[Column[str], ...]:
    return (
        Column("watch", String(200), primary_key=True),
        Column("scorer", String(200), primary_key=True),
        Column("arm", String(20), primary_key=True),
        Column("estimand", String(40), primary_key=True),
        Column("tag", String(100), primary_key=True),
    )


observations = Table(
    "observations",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    *_metric(),
    Column("at", Double, nullable=False),
    Column("admission", String(20), nullable=False),
    Column("n", Integer, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("level", Double),
    Column("x", Double),
    Column("variance", Double),
    Column("scatter", Double),
    Column("lost", Double),
    Column("u", Double),
    Column("reason", Text, nullable=False),
    Column("case_scores", JSON(none_as_null=True)),
    Index(None, "watch", "at"),
    Index(None, "watch", "scorer", "arm", "at"),
)

detector_states = Table(
    "detector_states",
    metadata,
    *_metric(),
    Column("baseline_id", String(32), ForeignKey("baselines.id", ondelete="CASCADE"), primary_key=True),
    Column("run_id", String(32), nullable=False),
    Column("state", JSON, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    *_metric(),
    Column("at", Double, nullable=False),
    Column("level", String(20), nullable=False),
    Column("statistic", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("effect", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("n", Integer, nullable=False),
    Column("since", Double),
    Column("since_earliest", Double),
    Column("since_latest", Double),
    Column("looks", Integer, nullable=False),
    Column("guarantee", String(20), nullable=False),
    Column("reason", String(100), nullable=False),
    Index(None, "watch", "at"),
)

changes = Table(
    "changes",
    metadata,
    Column("watch", String(200), primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("what", String(40), primary_key=True),
    Column("before", String(400), primary_key=True),
    Column("after", String(400), primary_key=True),
    Column("at", Double, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("cause", String(200), nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("closed_at", Double),
    Column("members", JSON, nullable=False),
    Column("timeline", JSON, nullable=False),
    Column("began_at", Double),
    Column("features", JSON(none_as_null=True)),
    Column("provider", String(200)),
    Column("quiet_since", Double),
    Column("reopened", Integer),
    #: What each channel of people was told.
    Column("told", JSON(none_as_null=True)),
    Index(None, "closed_at"),
)

alerts = Table(
    "alerts",
    metadata,
    #: Name of the episode: fingerprint and start.
    Column("id", String(32), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("starts_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("fired_at", Double),
    Column("resolved_at", Double),
    Column("active_looks", Integer, nullable=False),
    Column("clear_looks", Integer, nullable=False),
    Column("reason", String(100), nullable=False),
    Column("cause", String(200), nullable=False),
    Column("incident_id", String(32), nullable=False),
    Column("since", Double),
    #: Effect, and looks since the onset, when it fired.
    Column("told_effect", Double),
    Column("told_looks", Integer),
    Index(None, "state"),
    Index(None, "fingerprint"),
)

transitions = Table(
    "transitions",
    metadata,
    #: Idempotency key: episode and new state.
    Column("id", String(60), primary_key=True),
    Column("alert_id", String(32), ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("before", String(20)),
    Column("after", String(20), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("at", Double, nullable=False),
    Index(None, "alert_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("channel", String(100), primary_key=True),
    Column("alert_id", String(32), nullable=False),
    #: The alert as it was when the transition was decided.
    Column("alert", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    #: When to try (again).
    Column("due_at", Double, nullable=False),
    Column("delivered_at", Double),
    #: Given up: a permanent failure, listed until somebody looks.
    Column("dead", Boolean, nullable=False),
    Column("error", Text),
    Index(None, "channel", "delivered_at", "due_at"),
    #: Process that sends it, and until when nobody else does.
    Column("claimed_by", String(200)),
    Column("claimed_until", Double),
    Index(None, "alert_id"),
)

silences = Table(
    "silences",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    #: Label, sign and value of each.
    Column("matchers", JSON, nullable=False),
    Column("starts_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
    Column("author", String(200), nullable=False),
    Column("because", Text, nullable=False),
    #: Channel that it was read from; empty when it was made here.
    Column("source", String(100), nullable=False),
    Column("ended_by", String(200), nullable=False),
    Index(None, "ends_at"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("alert_id", String(32), ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("author", String(200), nullable=False),
    Column("at", Double, nullable=False),
    Column("source", String(100), nullable=False),
)

gates = Table(
    "gates",
    metadata,
    Column("id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("watch", String(200), nullable=False),
    #: Digest of what is asked; an interrupted gate of the same question is continued.
    Column("key", String(32), nullable=False),
    Column("at", Double, nullable=False),
    Column("verdict", String(20)),
    Column("report", JSON(none_as_null=True)),
    Index(None, "watch", "at"),
)

answers = Table(
    "answers",
    metadata,
    #: Digest of provider, model, parameters and messages.
    Column("key", String(32), primary_key=True),
    Column("run_id", String(32), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(20), nullable=False),
    Column("case_id", String(200), nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("at", Double, nullable=False),
)

triages = Table(
    "triages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("incident", String(32), nullable=False),
    Column("at", Double, nullable=False),
    Column("diagnosis", String(200), nullable=False),
    Column("report", JSON, nullable=False),
    Index(None, "watch", "at"),
)

actions = Table(
    "actions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", Double, nullable=False),
    Column("by", String(200), nullable=False),
    Column("because", Text, nullable=False),
    #: What it changed, as it was and as it became.
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Index(None, "watch", "at"),
)

drills = Table(
    "drills",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("watch", String(200), nullable=False),
    Column("started_at", Double, nullable=False),
    #: None while it goes on, or when it was killed.
    Column("finished_at", Double),
    Column("outcome", String(20)),
    Column("reason", Text, nullable=False),
    Column("injected", Text, nullable=False),
    Column("looks", Integer),
    Column("detect_seconds", Double),
    Column("page_seconds", Double),
    Column("labels", JSON, nullable=False),
    Column("summary", Text, nullable=False),
    Column("cause", String(200), nullable=False),
    #: What became of the alert on each channel.
    Column("told", JSON, nullable=False),
    Column("own_route", Boolean),
    Column("asked", Integer, nullable=False),
    Column("cost", Double),
    #: Alerts that were sent and are not closed.
    Column("open", JSON, nullable=False),
    Column("owner", String(200), nullable=False),
)

verifications = Table(
    "verifications",
    metadata,
    #: The gate that it rests on.
    Column("id", String(32), ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("watch", String(200), nullable=False),
    Column("at", Double, nullable=False),
    Column("verdict", String(20), nullable=False),
    #: Digest of the target that was verified.
    Column("target", String(64), nullable=False),
    Column("reasons", JSON, nullable=False),
    Index(None, "watch", "at"),
)

alert_feedback = Table(
    "alert_feedback",
    metadata,
    Column("alert_id", String(32), ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Double, nullable=False),
    Column("by", String(200), nullable=False),
    Column("actionable", Boolean, nullable=False),
    Column("false_alarm", Boolean, nullable=False),
    Column("note", Text, nullable=False),
)
