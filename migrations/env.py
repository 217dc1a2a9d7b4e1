"""Alembic's entry: migrates the connection that ``watchdog.store.migrate`` hands over."""

from alembic import context

from watchdog.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_type=True, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
