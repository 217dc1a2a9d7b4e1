"""Opening the database: pragmas, transactions, and errors in words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from watchdog.errors import StoreBusy, StoreError, StoreFull, StoreOutdated, UsageError
from watchdog.store.schema import SCHEMA_REVISION, metadata

#: Seconds to wait for another process's transaction before saying that the database is busy.
BUSY_SECONDS = 10

#: Conditions of PostgreSQL (its manual, appendix A): no lock in time, deadlock, no serial order; no disk space; no such
#: table or column.
_BUSY, _FULL, _OUTDATED = frozenset({"55P03", "40P01", "40001"}), "53100", frozenset({"42P01", "42703"})
#: What the server says before it lets anybody in: it names databases and roles, and repeats no password.
_TURNED_AWAY = re.compile(r"FATAL:\s*([^\n]+)")
#: Number of the lock under which the tables of an empty database are made.
_PREPARING = 7_312_046_551


def open_engine(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Engine for a database URL; the database itself is not touched yet.

    Raises:
        UsageError: the URL is not one of a supported database.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the store needs the package {error.name!r}: install eval-watchdog with the extra [postgres]"
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UsageError(
            "the store URL is not understood; write sqlite:///watchdog.db or postgresql://user@host/name"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        _tune_sqlite(engine, busy_seconds)
    return engine


def _tune_sqlite(engine: Engine, busy_seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # transactions are begun by us, below
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            dbapi.execute(f"PRAGMA {pragma}")
        dbapi.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A write lock taken at the start waits its turn; one taken half-way fails at once when another holds it.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn database errors into ours; the message never holds values that were to be written."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database refused: {type(error).__name__}") from error


def _explained(error: DBAPIError) -> StoreError:
    said = str(error.orig).splitlines()[0] if error.orig is not None and str(error.orig) else type(error).__name__
    if not isinstance(error.orig, sqlite3.Error):
        return _explained_by_state(error)
    lowered = said.lower()
    if "locked" in lowered:
        return StoreBusy()
    # SQLite cannot make the index of its write-ahead log on a disk without a free page, and calls that an I/O error.
    unmade = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE"
    if unmade or "full" in lowered:
        return StoreFull()
    if "no such table" in lowered or "no such column" in lowered:
        return StoreOutdated()
    if "unable to open" in lowered or "disk i/o" in lowered or "readonly" in lowered:
        return StoreError(f"the database cannot be used: {said}")
    # The driver's own sentence may quote values (user data): only its kind is told.
    return StoreError(f"the database refused: {type(error.orig).__name__}")


def _explained_by_state(error: DBAPIError) -> StoreError:
    """An error of a database server, by its SQLSTATE; one that came before the server let us in has none."""
    state = getattr(error.orig, "sqlstate", None)
    if state in _BUSY:
        return StoreBusy()
    if state == _FULL:
        return StoreFull()
    if state in _OUTDATED:
        return StoreOutdated()
    turned_away = _TURNED_AWAY.search(str(error.orig))
    if turned_away:
        return StoreError(f"the database server turns us away ({turned_away[1]}); is the URL of the store right?")
    hint = "; is the server up and the URL right?" if state is None or error.connection_invalidated else ""
    return StoreError(f"the database refused: {type(error.orig or error).__name__}{hint}")


def prepare(engine: Engine) -> None:
    """Make the tables of an empty database; refuse one of another schema revision.

    Raises:
        StoreOutdated: the database has tables of another revision.
    """
    with errors_in_words(), engine.connect() as connection:
        revision = stored_revision(connection)
    if revision == SCHEMA_REVISION:
        return
    if revision is not None:
        raise StoreOutdated(
            f"the database has schema revision {revision}, this version needs {SCHEMA_REVISION}: "
            "run 'eval-watchdog db upgrade'"
        )
    with errors_in_words(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _PREPARING})
        if stored_revision(connection) is None:  # nobody was faster
            metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": SCHEMA_REVISION})


def stored_revision(connection: Connection) -> str | None:
    """Schema revision of the database; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
